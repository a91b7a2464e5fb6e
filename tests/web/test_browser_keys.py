"""Keys that stand in pages for everybody to read: what they may, and from where."""

from __future__ import annotations

import ipaddress
from typing import Any

import httpx
import pytest

from router.inputs import Decoded, Rejection
from router.keyring import Grant
from router.lang.outcome import Arrival
from router.settings import Settings, WriteKey
from router.web.scope import within

SHOP = "https://shop.example"
OTHER = "https://other.example"
KEYS = (
    WriteKey("page", "page-key", "browser", events=("page_view", "add_*"), origins=(SHOP,)),
    WriteKey("plain", "plain-key", "browser"),
    WriteKey("backend", "backend-key", "server"),
    WriteKey("web", "web-key", "server", sources=("web",)),
)
PROXY = (ipaddress.ip_network("127.0.0.0/8"),)


def source_of(arrival: Arrival) -> str | None:
    """As rules tell it: what the event says, else web."""
    if arrival.event["event_name"] == "broken":
        raise RuntimeError("a bug")
    return str(arrival.event.get("source", "web"))


@pytest.fixture(scope="module")
def guarded(house: Any) -> Any:
    settings = Settings(write_keys=KEYS, cors_origins=(OTHER,), trusted_proxies=PROXY)
    return house.intake(settings, source_of=source_of)


def post(served: Any, key: str, *events: Any, **headers: str) -> httpx.Response:
    served.recorder.arrivals.clear()
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    body = events[0] if len(events) == 1 else list(events)
    return httpx.post(served.url + "/v1/events", json=body, headers={"x-write-key": key, **named})


@pytest.mark.parametrize(
    ("key", "origin", "status"),
    [
        ("page-key", SHOP, 202),
        ("page-key", OTHER, 403),
        ("page-key", None, 403),
        ("page-key", "null", 403),
        ("page-key", SHOP.upper(), 403),
        ("page-key", SHOP + ".evil.example", 403),
        ("plain-key", OTHER, 202),
        ("plain-key", SHOP, 403),
        ("backend-key", None, 202),
        ("backend-key", "https://anywhere.example", 202),
        ("wrong-key", SHOP, 401),
    ],
)
def test_a_browser_key_needs_one_of_its_pages(
    guarded: Any, key: str, origin: str | None, status: int
) -> None:
    headers = {} if origin is None else {"origin": origin}
    answer = post(guarded, key, {"event_name": "page_view"}, **headers)
    assert answer.status_code == status
    if status == 403:
        assert answer.json()["error"]["code"] == "origin_not_allowed"


def test_a_preflight_knows_the_pages_of_all_keys(guarded: Any) -> None:
    for origin, known in ((SHOP, True), (OTHER, True), ("https://evil.example", False)):
        answer = httpx.options(guarded.url + "/v1/events", headers={"origin": origin})
        assert ("access-control-allow-origin" in answer.headers) is known
        assert ("access-control-allow-headers" in answer.headers) is known
        assert answer.headers["vary"] == "origin"


def test_a_browser_key_does_not_say_which_device_it_is(guarded: Any) -> None:
    device = {"ip": "192.0.2.1", "user_agent": "a shop's server", "type": "phone"}
    event = {"event_name": "page_view", "context": {"device": device}}
    headers = {"origin": SHOP, "user_agent": "Mozilla/5.0", "x_forwarded_for": "203.0.113.9"}
    assert post(guarded, "page-key", event, **headers).status_code == 202
    (arrival,) = guarded.recorder.arrivals
    found = arrival.event["context"]["device"]
    assert found == {"ip": "203.0.113.9", "user_agent": "Mozilla/5.0", "type": "phone"}
    post(guarded, "page-key", event, **{**headers, "x_forwarded_for": "10.0.0.7"})
    assert "ip" not in guarded.recorder.arrivals[0].event["context"]["device"]
    post(guarded, "backend-key", event, **headers)
    assert guarded.recorder.arrivals[0].event["context"]["device"] == device


@pytest.mark.parametrize("odd", [{"context": 7}, {"context": {"device": []}}, {"context": None}])
def test_an_odd_context_hurts_nothing(guarded: Any, odd: dict[str, Any]) -> None:
    answer = post(guarded, "page-key", {"event_name": "page_view", **odd}, origin=SHOP)
    assert answer.status_code == 202


def test_events_beyond_the_key_are_rejected_one_by_one(guarded: Any) -> None:
    names = ["page_view", "purchase", "add_to_cart", "xpage_view", "", "add_"]
    answer = post(guarded, "page-key", *({"event_name": name} for name in names), origin=SHOP)
    assert answer.status_code == 202
    assert [(each["index"], each["code"]) for each in answer.json()["rejected"]] == [
        (1, "out_of_scope"),
        (3, "out_of_scope"),
        (4, "missing_event_name"),
    ]
    taken = [each.event["event_name"] for each in guarded.recorder.arrivals]
    assert taken == ["page_view", "add_to_cart", "add_"]
    value = guarded.metrics.registry.get_sample_value
    assert value("tagwright_events_rejected_total", {"code": "out_of_scope"}) >= 2


def test_a_key_for_a_source_takes_no_event_of_another(guarded: Any) -> None:
    events = [{"event_name": "a"}, {"event_name": "b", "source": "crm"}, {"event_name": "broken"}]
    answer = post(guarded, "web-key", *events)
    assert [(each["index"], each["code"]) for each in answer.json()["rejected"]] == [
        (1, "out_of_scope"),
        (2, "out_of_scope"),
    ]
    alone = post(guarded, "web-key", {"event_name": "b", "source": "crm"})
    assert (alone.status_code, alone.json()["accepted"]) == (400, 0)
    assert "crm" not in alone.text


def test_where_nobody_tells_the_source_no_event_is_of_it() -> None:
    arrival = Arrival({"event_name": "a"}, 1)
    decoded = Decoded((arrival, arrival), (Rejection(1, "not_an_object", ""),))
    found = within(Grant("web", sources=("web",)), decoded, lambda _: None)
    assert found.arrivals == ()
    assert [each.index for each in found.rejections] == [0, 1, 2]
    assert within(Grant("any"), decoded, lambda _: None) is decoded
    assert within(None, decoded, lambda _: None) is decoded


def test_a_long_name_is_in_no_pattern() -> None:
    decoded = Decoded((Arrival({"event_name": "a" * 300_000 + "b"}, 1),))
    assert within(Grant("x", events=("*a*a*a*c",)), decoded, lambda _: None).arrivals == ()
