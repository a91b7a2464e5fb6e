"""Ways to post events to the daemon, and what each is answered."""

from __future__ import annotations

import base64
import gzip
import json
from collections.abc import Iterator
from typing import Any

import pytest
from daemons import House, Shop, counted, page_view, purchase, until

from router.tiktok.mock import MockTikTok

NONE = {"send": 0, "skip": 0, "drop": 0, "unhandled": 0, "duplicate": 0}
KEYS = """
[[write_keys]]
name = "shop"
env = "SHOP_KEY"

[[write_keys]]
name = "slow"
env = "SLOW_KEY"
rate = 1
"""


def test_one_bad_event_of_an_array_loses_no_other(shop: Shop) -> None:
    good = [json.dumps(page_view(f"array-{number}")) for number in range(3)]
    bad = ['{"value": 1}', '"purchase"', '{"event_name": "a", "v": NaN}', '{"event_name": "\\udc00"}']
    body = "[" + ", ".join([good[0], *bad, good[1], good[2]]) + "]"
    answer = shop.daemon.post(body.encode())
    assert answer.status_code == 202
    told = answer.json()
    assert [(each["index"], each["code"]) for each in told["rejected"]] == [
        (1, "missing_event_name"),
        (2, "not_an_object"),
        (3, "unusable_number"),
        (4, "lone_surrogate"),
    ]
    assert all(each["reason"] for each in told["rejected"])
    assert (told["accepted"], told["outcomes"]) == (3, {**NONE, "send": 3})
    for number in range(3):
        shop.delivered(f"array-{number}")


def test_each_event_is_counted_by_what_became_of_it(shop: Shop) -> None:
    events = [
        page_view("kinds-1"),
        page_view("kinds-1"),
        page_view("kinds-2", consent={"advertising": False}),
        {"event_name": "refund", "consent": {"advertising": True}},
        {"event_name": "newsletter_read"},
    ]
    outcomes = {"send": 1, "skip": 2, "drop": 0, "unhandled": 1, "duplicate": 1}
    assert shop.daemon.send(*events).json() == {"accepted": 5, "rejected": [], "outcomes": outcomes}
    skipped = {"outcome": "skip", "reason": "no advertising consent", "event": "page_view"}
    assert shop.daemon.metric("tagwright_outcomes_total", **skipped) >= 1
    assert shop.daemon.metric("tagwright_outcomes_total", outcome="unhandled", destination="-") >= 1


@pytest.mark.parametrize("content_type", ["application/x-ndjson", "application/json"])
def test_ndjson_is_an_event_a_line(shop: Shop, content_type: str) -> None:
    ids = [f"{content_type}-{number}" for number in range(3)]
    lines = [json.dumps(page_view(each)) for each in ids]
    body = "\n".join([lines[0], "{broken", lines[1], "", lines[2]]).encode()
    answer = shop.daemon.post(body, content_type=content_type)
    assert (answer.status_code, answer.json()["accepted"]) == (202, 3)
    assert [(each["index"], each["code"]) for each in answer.json()["rejected"]] == [(1, "not_json")]
    for each in ids:
        shop.delivered(each)


def test_gzip(shop: Shop) -> None:
    body = gzip.compress(json.dumps([page_view("gzip-1"), page_view("gzip-2")]).encode())
    assert shop.daemon.post(body, content_encoding="gzip").json()["accepted"] == 2
    shop.delivered("gzip-1")
    shop.delivered("gzip-2")
    assert shop.daemon.post(body[:-9], content_encoding="gzip").json()["error"]["code"] == "bad_gzip"


def test_the_commanders_act_shape(shop: Shop) -> None:
    user = {"firstname": "Ada", "email": "ada@example.com", "consent_categories": [1, 2]}
    event = {"event_name": "purchase", "id": "ca-1", "value": 12.5, "currency": "eur", "user": user}
    refused = {**event, "id": "ca-2", "user": {**user, "consent_categories": ["3"]}}
    answer = shop.daemon.post(json.dumps([event, refused]).encode(), path="/events?token=whatever")
    assert (answer.status_code, answer.json()["outcomes"]) == (200, {**NONE, "send": 1, "skip": 1})
    payload = shop.delivered("ca-1")["payload"]
    assert payload["event"] == "CompletePayment"
    assert payload["properties"] == {"value": 12.5, "currency": "EUR", "description": "purchase"}
    assert {"email", "first_name"} <= payload["user"].keys()


def test_cookies_of_the_request_are_read(shop: Shop) -> None:
    shop.daemon.send(page_view("cookies-1"), Cookie='a=b; ttclid=E.C.P.cookie; _ttp="ttp-of-the-cookie"; c')
    assert shop.delivered("cookies-1")["payload"]["user"] == {
        "ttclid": "E.C.P.cookie",
        "ttp": "ttp-of-the-cookie",
    }


@pytest.mark.parametrize(
    ("method", "path", "headers", "body", "status", "code"),
    [
        ("POST", "/v1/events", {}, b"{", 400, "not_json"),
        ("POST", "/v1/events", {}, b"", 400, "not_json"),
        ("POST", "/v1/event", {}, b"{}", 404, "not_found"),
        ("GET", "/v1/events", {}, b"", 405, "not_allowed"),
        ("POST", "/v1/events", {}, b" " * 5_300_000, 413, "body_too_large"),
        ("POST", "/v1/events", {"content-type": "image/png"}, b"{}", 415, "unknown_content_type"),
        ("POST", "/v1/events", {"content-encoding": "br"}, b"{}", 415, "unknown_encoding"),
    ],
)
def test_requests_that_are_refused(
    shop: Shop, method: str, path: str, headers: dict[str, str], body: bytes, status: int, code: str
) -> None:
    before = shop.daemon.metric("tagwright_requests_total", status=str(status))
    answer = shop.daemon.http.request(
        method, shop.daemon.url + path, content=body, headers={"content-type": "application/json"} | headers
    )
    assert (answer.status_code, answer.json()["error"]["code"]) == (status, code)
    assert answer.json()["error"]["reason"]
    assert shop.daemon.metric("tagwright_requests_total", status=str(status)) == before + 1


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    """A daemon with write keys that any address may reach."""
    house = House(tmp_path_factory.mktemp("guarded"))
    env = {"SHOP_KEY": "key-of-the-shop", "SLOW_KEY": "key-of-the-slow"}
    with MockTikTok() as running:
        daemon = house.start(running.base_url, env=env, settings=KEYS, listen="0.0.0.0:0")
        daemon.url = daemon.url.replace("0.0.0.0", "127.0.0.1")
        yield Shop(daemon, running)
        told = daemon.log() + daemon.metrics() + json.dumps(daemon.status())
        house.end()
        assert "key-of-the" not in told


def basic(user: str) -> str:
    return "Basic " + base64.b64encode(f"{user}:".encode()).decode()


@pytest.mark.parametrize(
    "shown",
    [
        {"authorization": "Bearer key-of-the-shop"},
        {"authorization": basic("key-of-the-shop")},
        {"x-write-key": "key-of-the-shop"},
    ],
)
def test_a_write_key_may_be_shown_in_three_ways(guarded: Shop, shown: dict[str, str]) -> None:
    event_id = f"key-{sorted(shown.items())}"
    assert guarded.daemon.send(page_view(event_id), **shown).status_code == 202
    guarded.delivered(event_id)


@pytest.mark.parametrize(
    "shown",
    [
        {},
        {"x-write-key": "key-of-the-shop2"},
        {"authorization": "Bearer key-of-the-sho"},
        {"authorization": basic("nobody")},
        {"authorization": "Basic !"},
        {"authorization": "Bearer"},
    ],
)
def test_without_a_key_nothing_is_taken(guarded: Shop, shown: dict[str, str]) -> None:
    answer = guarded.daemon.send(page_view("stranger"), **shown)
    assert (answer.status_code, answer.json()["error"]["code"]) == (401, "unauthorized")
    assert "www-authenticate" in answer.headers
    assert not counted(guarded.tiktok, "stranger")


def test_a_key_over_its_rate_waits(guarded: Shop) -> None:
    answers = [guarded.daemon.send({"event_name": "probe"}, x_write_key="key-of-the-slow") for _ in range(20)]
    refused = [each for each in answers if each.status_code == 429]
    assert refused
    assert {each.status_code for each in answers} == {202, 429}
    assert int(refused[0].headers["retry-after"]) >= 1
    assert refused[0].json()["error"]["code"] == "too_many_requests"


def test_a_full_spool_says_when_to_come_back(house: House) -> None:
    daemon = house.start("http://127.0.0.1:9", settings="[store]\npending_rows = 100\n")
    answers = [daemon.send(*(page_view(f"{turn}-{i}") for i in range(60))) for turn in range(3)]
    assert answers[0].status_code == 202
    refused: Any = answers[-1]
    assert (refused.status_code, refused.json()["error"]["code"]) == (503, "busy")
    assert int(refused.headers["retry-after"]) >= 1
    until(lambda: daemon.metric("tagwright_events_retried_total") > 0)
    assert daemon.status()["spool"]["pending"] + daemon.status()["spool"]["in_flight"] <= 120
    assert daemon.stop() == 0


def test_events_of_all_four_sources_take_the_source_that_they_name(house: House, tiktok: MockTikTok) -> None:
    ids = {
        "TIKTOK_APP_ID": "701234567890",
        "TIKTOK_OFFLINE_SET": "offline-1",
        "TIKTOK_CRM_SET": "crm-1",
    }
    daemon = house.start(tiktok.base_url, env=ids)
    app = {"app": {"namespace": "com.example.shop"}, "device": {"type": "Android"}}
    daemon.send(
        purchase("source-web"),
        page_view("source-app", event_name="purchase", context=app, user={"id": "7"}),
        purchase("source-offline", partners={"tiktok": {"event_source": "offline"}}),
        purchase("source-crm", partners={"tiktok": {"event_source": "crm", "lead_id": "lead-7"}}),
    )
    until(daemon.idle)
    assert daemon.stop() == 0
    found = {each["event_source"]: (each["event_source_id"], each["event"]) for each in tiktok.counted()}
    assert found["app"] == ("701234567890", "Purchase")
    assert found["offline"] == ("offline-1", "CompletePayment")
    assert found["web"][1] == "CompletePayment"
    assert found["crm"][0] == "crm-1"
