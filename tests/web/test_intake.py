"""Posting events: answers, statuses, and what reaches the acceptor."""

from __future__ import annotations

import gzip
import json
from typing import Any

import httpx
import pytest

from router.web.acceptance import Busy

NO_OUTCOMES = {"send": 0, "skip": 0, "drop": 0, "unhandled": 0, "duplicate": 0}
JSON = {"content-type": "application/json"}


def post(served: Any, body: bytes, path: str = "/v1/events", **headers: str) -> httpx.Response:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return httpx.post(served.url + path, content=body, headers={**JSON, **named})


def counted(served: Any, name: str, **labels: str) -> float:
    return served.metrics.registry.get_sample_value(name, labels) or 0.0


def test_one_event_is_answered_with_what_became_of_it(served: Any) -> None:
    answer = post(served, b'{"event_name": "purchase", "id": 7}')
    assert answer.status_code == 202
    assert answer.headers["content-type"] == "application/json"
    assert answer.json() == {"accepted": 1, "rejected": [], "outcomes": {**NO_OUTCOMES, "send": 1}}
    (arrival,) = served.recorder.arrivals
    assert arrival.now == 1_795_253_223
    assert arrival.event["id"] == "7"


def test_one_bad_event_of_an_array_loses_no_other(served: Any) -> None:
    good, odd = (
        b'{"event_name":"a"},{"value":1}',
        b'{"event_name":"b","v":NaN},{"event_name":"c","t":"\\ud800"},9',
    )
    body = b"[" + good + b"," + odd + b',{"event_name":"d"}]'
    before = counted(served, "tagwright_events_rejected_total", code="lone_surrogate")
    answer = post(served, body)
    assert answer.status_code == 202
    rejected = [(each["index"], each["code"]) for each in answer.json()["rejected"]]
    assert rejected == [
        (1, "missing_event_name"),
        (2, "unusable_number"),
        (3, "lone_surrogate"),
        (4, "not_an_object"),
    ]
    assert answer.json()["accepted"] == 2
    assert [each.event["event_name"] for each in served.recorder.arrivals] == ["a", "d"]
    assert counted(served, "tagwright_events_rejected_total", code="lone_surrogate") == before + 1


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (b"", 400, "not_json"),
        (b"{", 400, "not_json"),
        (b"\xff\xfe{", 400, "not_json"),
        (b"event_name=purchase", 400, "not_json"),
        (b'[{"event_name":"a"},]', 400, "not_json"),
        (b"[" * 10_000, 400, "not_json"),
        (b"[" + b"{}," * 1000 + b"{}]", 413, "too_many_events"),
        (b"[" * 300_000, 413, "too_many_values"),
        (b'{"event_name":"' + b"x" * 2**20 + b'"}', 413, "body_too_large"),
        (b" " * (5 * 2**20 + 1), 413, "body_too_large"),
        (b" " * (10 * 2**20), 413, "body_too_large"),
    ],
)
def test_a_body_that_cannot_be_taken(served: Any, body: bytes, status: int, code: str) -> None:
    answer = post(served, body)
    assert (answer.status_code, answer.json()["error"]["code"]) == (status, code)
    assert not served.recorder.arrivals


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"{}", "missing_event_name"),
        (b'{"event_name": 5}', "missing_event_name"),
        (b'{"event_name": " "}', "missing_event_name"),
        (b"null", "not_an_object"),
        (b'"purchase"', "not_an_object"),
        (b"[[[]]]", "not_an_object"),
        (b'{"event_name":"a","v":Infinity}', "unusable_number"),
        (b'{"event_name":"a","v":1e999}', "unusable_number"),
        (b'{"event_name":"a","v":' + b"9" * 5000 + b"}", "unusable_number"),
        (b'{"event_name":"a","t":"\\udfff"}', "lone_surrogate"),
        (b'{"event_name":"a","t":"\xff"}', "not_utf8"),
        (b'{"a":' * 10_000 + b"1" + b"}" * 10_000, "too_deep"),
        (b'{"event_name":"' + b"x" * 600_000 + b'"}', "event_too_large"),
    ],
)
def test_a_body_whose_events_are_all_rejected(served: Any, body: bytes, code: str) -> None:
    answer = post(served, body)
    assert answer.status_code == 400
    assert answer.json()["accepted"] == 0
    assert [each["code"] for each in answer.json()["rejected"]] == [code]
    assert answer.json()["outcomes"] == NO_OUTCOMES
    assert not served.recorder.arrivals


def test_an_empty_array_brings_nothing(served: Any) -> None:
    answer = post(served, b"[]")
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "no_events")
    assert (served.recorder.rejected, served.recorder.correlations) == ({}, []), "nothing came"


@pytest.mark.parametrize(
    "content_type", ["application/x-ndjson", "application/json", "text/plain;charset=UTF-8", ""]
)
def test_ndjson_is_read_line_by_line(served: Any, content_type: str) -> None:
    body = b'{"event_name":"a"}\r\n\n{"event_name":\n{"event_name":"c"}\n'
    answer = post(served, body, content_type=content_type)
    assert answer.status_code == 202
    assert [(each["index"], each["code"]) for each in answer.json()["rejected"]] == [(1, "not_json")]
    assert [each.event["event_name"] for each in served.recorder.arrivals] == ["a", "c"]


def test_ids_beyond_64_bits_stay_exact(served: Any) -> None:
    post(served, b'[{"event_name":"a","id":123456789012345678901234567890,"value":0.1}]')
    (arrival,) = served.recorder.arrivals
    assert arrival.event["id"] == "123456789012345678901234567890"


def test_gzip(served: Any) -> None:
    event = json.dumps({"event_name": "purchase"}).encode()
    two_members = gzip.compress(b"[" + event) + gzip.compress(b"]")
    assert post(served, gzip.compress(event), content_encoding="gzip").status_code == 202
    assert post(served, two_members, content_encoding="GZIP").status_code == 202
    assert (
        post(served, gzip.compress(event)[:-1], content_encoding="gzip").json()["error"]["code"] == "bad_gzip"
    )
    assert post(served, event, content_encoding="gzip").status_code == 400
    assert post(served, event, content_encoding="br").status_code == 415
    assert len(served.recorder.arrivals) == 2


def test_gzip_of_countless_members_is_refused(served: Any) -> None:
    answer = post(served, gzip.compress(b"") * 100_000, content_encoding="gzip")
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "bad_gzip")
    assert post(served, b"", content_encoding="gzip").json()["error"]["code"] == "bad_gzip"


@pytest.mark.parametrize("bomb", [b"\0" * 60_000_000, b"[" + b" " * 4_000_000 + b"]"])
def test_a_gzip_bomb_is_refused(served: Any, bomb: bytes) -> None:
    answer = post(served, gzip.compress(bomb, 9), content_encoding="gzip")
    assert answer.status_code == 413


def test_routes_and_methods(served: Any) -> None:
    assert httpx.post(served.url + "/v1/event", json={}).status_code == 404
    for method in ("GET", "HEAD", "PUT", "DELETE"):
        answer = httpx.request(method, served.url + "/v1/events")
        assert answer.status_code == 405
        assert answer.headers["allow"] == "POST, OPTIONS"


@pytest.mark.parametrize(
    "content_type", ["application/x-www-form-urlencoded", "multipart/form-data", "nonsense"]
)
def test_an_unknown_content_type_is_refused(served: Any, content_type: str) -> None:
    assert post(served, b'{"event_name":"a"}', content_type=content_type).status_code == 415


def test_the_cookies_of_the_request_come_along(served: Any) -> None:
    post(
        served,
        b'{"event_name":"a"}',
        cookie='_ttp=abc; ttclid="E.C.P"; broken; _ttp=other',
        authorization="Bearer x",
    )
    (arrival,) = served.recorder.arrivals
    assert arrival.cookies == {"_ttp": "abc", "ttclid": "E.C.P"}
    assert "cookie" not in arrival.headers
    assert "authorization" not in arrival.headers


def test_a_busy_acceptor_is_503_with_a_time_to_come_back(served: Any) -> None:
    served.recorder.error = Busy(7, "the store is full")
    answer = post(served, b'{"event_name":"a"}')
    assert answer.status_code == 503
    assert answer.headers["retry-after"] == "7"
    assert answer.json()["error"] == {"code": "busy", "reason": "the store is full"}


def test_an_error_of_ours_tells_nothing_and_hurts_no_other_request(served: Any) -> None:
    served.recorder.error = RuntimeError("anna@example.com")
    answer = post(served, b'{"event_name":"a"}')
    assert answer.status_code == 500
    assert "anna" not in answer.text
    served.recorder.error = None
    assert post(served, b'{"event_name":"a"}').status_code == 202


def test_draining_takes_nothing_more(house: Any) -> None:
    served = house.intake()
    served.intake.draining = True
    answer = post(served, b'{"event_name":"a"}')
    assert answer.status_code == 503
    assert 5 <= int(answer.headers["retry-after"]) <= 15


def test_commanders_act_hears_200_of_all_that_can_be_read(served: Any) -> None:
    answer = post(served, b'{"batch":[{"event_name":"purchase"},{}]}', "/events")
    assert answer.status_code == 200
    assert answer.json()["accepted"] == 1
    assert answer.json()["rejected"][0]["index"] == 1
    assert post(served, b"{}", "/events").status_code == 200
    assert post(served, b"{", "/events").status_code == 400
    assert post(served, b" " * 6_000_000, "/events").status_code == 400
    assert served.recorder.rejected == {"missing_event_name": 2, "not_json": 1, "body_too_large": 1}
