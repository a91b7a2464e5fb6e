"""The id of a request: where it comes from, where it goes, and what the log says with it."""

from __future__ import annotations

import re
from typing import Any

import httpx
import pytest
import structlog
from hypothesis import given
from hypothesis import strategies as st

from router.settings import Logs, Settings, WriteKey
from router.tracing import trace_id_of
from router.web.visit import correlation_of

EVENT = {"event_name": "page_view"}
TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
PARENT = f"00-{TRACE}-00f067aa0ba902b7-01"
OWN = re.compile(r"[0-9a-f]{16}")


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({"x-request-id": "Ab.9_-"}, "Ab.9_-"),
        ({"x-request-id": "a" * 64, "traceparent": PARENT}, "a" * 64),
        ({"x-request-id": "a" * 65, "traceparent": PARENT}, TRACE),
        ({"x-request-id": "a b", "traceparent": PARENT}, TRACE),
        ({"traceparent": f" {PARENT} "}, TRACE),
        ({"traceparent": PARENT.replace("00-", "cc-", 1) + "-more"}, TRACE),
    ],
)
def test_the_id_comes_from_the_sender(headers: dict[str, str], expected: str) -> None:
    assert correlation_of(headers) == expected


@pytest.mark.parametrize(
    "parent",
    [
        "",
        PARENT + "-more",
        PARENT.upper(),
        PARENT.replace(TRACE, "0" * 32),
        PARENT.replace("00f067aa0ba902b7", "0" * 16),
        PARENT.replace("00-", "ff-", 1),
        f"{PARENT}, {PARENT}",
    ],
)
def test_a_parent_that_is_none_is_passed_over(parent: str) -> None:
    assert trace_id_of(parent) is None
    assert OWN.fullmatch(correlation_of({"traceparent": parent}))


@given(st.text(), st.text())
def test_whatever_is_sent_the_id_is_plain(given_id: str, parent: str) -> None:
    found = correlation_of({"x-request-id": given_id, "traceparent": parent})
    assert re.fullmatch(r"[A-Za-z0-9._-]{1,64}", found)


def test_every_answer_names_the_request(served: Any) -> None:
    headers = {"x-request-id": "shop-7"}
    answers = [
        httpx.post(served.url + "/v1/events", json=EVENT, headers=headers),
        httpx.post(served.url + "/v1/events", json={}, headers=headers),
        httpx.post(served.url + "/nowhere", json={}, headers=headers),
        httpx.options(served.url + "/v1/events", headers=headers),
    ]
    assert [each.headers["x-request-id"] for each in answers] == ["shop-7"] * 4
    assert served.recorder.correlations == ["shop-7"] * 2
    assert OWN.fullmatch(httpx.post(served.url + "/v1/events", json=EVENT).headers["x-request-id"])


def test_the_log_has_a_line_a_request_if_it_is_to(house: Any) -> None:
    keyed = (WriteKey("shop", "secret-key"),)
    headers = {"x-request-id": "shop-8", "x-write-key": "secret-key"}
    with structlog.testing.capture_logs() as lines:
        quiet = house.intake(Settings())
        httpx.post(quiet.url + "/v1/events", json=EVENT)
        assert [each for each in lines if each["event"] == "request"] == []
        served = house.intake(Settings(write_keys=keyed, logs=Logs(traffic=True)))
        httpx.post(served.url + "/v1/events", json=[EVENT, {}, {}], headers=headers)
        httpx.post(served.url + "/v1/events", json=EVENT, headers={"x-request-id": "shop-9"})
        httpx.get(served.url + "/v1/projects/secret-key/settings", headers={"x-request-id": "shop-10"})
    told = [dict(each) for each in lines if each["event"] == "request"]
    assert all(each.pop("ms") >= 0 for each in told)
    usual = {"event": "request", "log_level": "info"}
    assert told == [
        {
            **usual, "id": "shop-8", "format": "standard", "status": 202, "accepted": 1,
            "rejected": {"missing_event_name": 2}, "refused": None,
        },
        {
            **usual, "id": "shop-9", "format": "standard", "status": 401, "accepted": 0,
            "rejected": {}, "refused": "unauthorized",
        },
        {
            **usual, "id": "shop-10", "format": None, "status": 200, "accepted": 0,
            "rejected": {}, "refused": None,
        },
    ]  # fmt: skip
    assert "secret-key" not in str(told)
