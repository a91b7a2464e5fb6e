"""The made-up hour: the same for the same seed, with every kind of visitor and mistake."""

from __future__ import annotations

from collections import Counter
from functools import cache
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from router.demo import broken
from router.demo.journeys import JOURNEYS
from router.demo.posts import Post
from router.demo.traces import arrivals
from router.demo.traffic import RETRY, traffic
from router.demo.visit import HOUR
from router.settings import Settings

NOW = 1_795_253_223
MISTAKES = {kind for kind, *_ in (*broken.EVENTS, *broken.BODIES)} | {"odd types", RETRY}


@cache
def hour(events: int = 600, seed: int = 1) -> list[Post]:
    return traffic(events, seed, NOW)


def events(posts: list[Post]) -> list[dict[str, Any]]:
    return [arrival.event for arrival in arrivals(posts, Settings(), NOW)]


def test_the_same_seed_is_the_same_hour() -> None:
    assert traffic(600, 1, NOW) == hour()
    assert hour(seed=2) != hour()


@settings(max_examples=settings().max_examples // 5)
@given(seed=st.integers(0, 2**32))
def test_every_kind_comes_however_few_events(seed: int) -> None:
    kinds = {kind for post in traffic(100, seed, NOW) for kind in post.kinds}
    assert kinds == {journey.kind for journey in JOURNEYS} | MISTAKES


def test_about_as_many_events_as_asked_for() -> None:
    for asked in (600, 2500):
        told = sum(post.events for post in traffic(asked, 5, NOW))
        assert 0.9 * asked <= told <= 1.1 * asked


def test_requests_are_in_order_and_their_events_within_the_hour() -> None:
    moments = [post.at for post in hour()]
    assert moments == sorted(moments)
    times = [event["context"]["event_timestamp"] for event in events(hour()) if "context" in event]
    seconds = [each / 1000 if each > 1e11 else each for each in times]
    assert all(NOW - HOUR <= each <= NOW for each in seconds)


def test_every_form_of_body_is_there() -> None:
    forms = {(post.path, post.form) for post in hour()}
    assert forms == {
        ("/v1/events", "object"),
        ("/v1/events", "array"),
        ("/v1/events", "NDJSON"),
        ("/v1/events", "array, gzip"),
        ("/v1/events", "NDJSON, gzip"),
        ("/v1/events", "unreadable"),
        ("/events", "object"),
        ("/events", "batch"),
    }


@pytest.mark.parametrize("name", ["purchase", "page_view", "search", "sign_up", "generate_lead", "refund"])
def test_the_shop_sells(name: str) -> None:
    assert Counter(event["event_name"] for event in events(hour()))[name] > 0


def test_a_value_is_the_sum_of_its_items_to_the_cent() -> None:
    for event in events(hour()):
        items = event.get("items")
        if isinstance(items, list) and items:
            cents = sum(round(item["product"]["price"] * 100) * item["quantity"] for item in items)
            assert event["value"] == cents / 100


def test_click_ids_come_in_all_three_ways() -> None:
    told = events(hour())
    assert any("ttclid=E.C.P." in event.get("context", {}).get("page", {}).get("url", "") for event in told)
    assert any("ttclid" in event.get("partners", {}).get("tiktok", {}) for event in told)
    assert any("ttclid=" in post.headers.get("cookie", "") for post in hour())
    assert any("ttclid" in event.get("context", {}).get("device", {}).get("cookie", {}) for event in told)


def test_phones_that_ask_and_phones_that_do_not() -> None:
    devices = [event["context"]["device"] for event in events(hour()) if "app" in event.get("context", {})]
    assert {each["type"] for each in devices} == {"iOS", "Android"}
    for each in devices:
        granted = each["type"] == "Android" or each["att_status"] == "authorized"
        assert ("advertising_id" in each) == granted
