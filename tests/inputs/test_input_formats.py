"""What each format makes of an event."""

from __future__ import annotations

import json
from typing import Any

import pytest

from router.inputs import RawRequest, decode, parse_cookies
from router.settings import Consent, Settings

NOW = 1_795_253_223.75
BROWSER = {"user-agent": "Mozilla/5.0 (X)", "accept-language": "de-DE,de;q=0.9"}


def event_of(name: str, event: Any, settings: Settings | None = None, **more: Any) -> dict[str, Any]:
    request = RawRequest(json.dumps(event).encode(), NOW, **more)
    (arrival,) = decode(name, request, settings or Settings()).arrivals
    return arrival.event


def test_the_router_says_what_it_knows_and_believes_no_sender() -> None:
    event = event_of(
        "standard", {"event_name": "a", "id": "x", "sent_at": 5, "meta": {"source": "me"}}, source="shop"
    )
    assert event["meta"] == {
        "format": "standard",
        "received_at": 1_795_253_223,
        "id_origin": "sender",
        "original_name": "a",
        "source": "shop",
        "sent_at": 5,
    }
    assert event_of("standard", {"event_name": "a", "id": ""})["meta"]["id_origin"] == "none"


def test_ids_that_came_as_numbers_are_text() -> None:
    event = event_of(
        "standard",
        {
            "event_name": "a",
            "id": 2**70,
            "order_id": 0,
            "value": 5,
            "user": {"id": 12, "anonymous_id": 13, "phone": 14},
            "items": [{"id": 1, "quantity": 2}, {"id": "b"}, 5, {"id": True}],
        },
    )
    assert (event["id"], event["order_id"], event["value"]) == (str(2**70), "0", 5)
    assert event["user"] == {"id": "12", "anonymous_id": "13", "phone": 14}
    assert event["items"] == [{"id": "1", "quantity": 2}, {"id": "b"}, 5, {"id": True}]


def test_the_visitors_request_fills_what_the_event_lacks() -> None:
    event = event_of("standard", {"event_name": "a"}, headers=BROWSER, client_ip="203.0.113.4")
    device = {"ip": "203.0.113.4", "user_agent": "Mozilla/5.0 (X)", "language": "de-DE"}
    assert event["context"] == {"device": device}
    own = {"ip": "198.51.100.7", "user_agent": "own", "language": None, "type": "iOS"}
    event = event_of(
        "standard", {"event_name": "a", "context": {"device": own}}, headers=BROWSER, client_ip="203.0.113.4"
    )
    assert event["context"]["device"] == {**own, "language": "de-DE"}


@pytest.mark.parametrize(
    "address", ["127.0.0.1", "10.1.2.3", "192.168.0.9", "::1", "fe80::1", "fd00::1", "nonsense", None]
)
def test_an_address_that_tells_nothing_is_not_filled_in(address: str | None) -> None:
    assert "context" not in event_of("standard", {"event_name": "a"}, client_ip=address)


@pytest.mark.parametrize("context", ["text", 5, [], {"device": "text"}])
def test_a_context_of_a_wrong_type_stays_as_it_is(context: Any) -> None:
    event = event_of("standard", {"event_name": "a", "context": context}, headers=BROWSER)
    assert event["context"] == context


def test_raw_is_untouched() -> None:
    event = {"anything": {"id": 5}, "meta": 1}
    assert event_of("raw", event, headers=BROWSER, client_ip="203.0.113.4") == event


def test_commanders_act_both_versions_give_the_same_event() -> None:
    properties = {"event_name": "purchase", "id": 12, "value": 5.5, "items": [{"id": 3}]}
    user = {"firstname": "Ada", "lastname": "L", "consistent_anonymous_id": "z", "email": "ada@example.com"}
    context = {"event_timestamp": 1_795_253_223_740}
    two = event_of("commanders_act", {**properties, "user": user, "context": context})
    one = event_of("commanders_act", {"properties": {**properties, "user": user}, "context": context})
    assert two == one
    assert two["user"] == {
        "first_name": "Ada",
        "last_name": "L",
        "anonymous_id": "z",
        "email": "ada@example.com",
    }
    assert two["meta"]["format"] == "commanders_act"
    assert two["id"] == "12"


@pytest.mark.parametrize(
    "wrap", [lambda event: event, lambda event: [event], lambda event: {"batch": [event], "x": 1}]
)
def test_commanders_act_takes_an_event_an_array_and_a_batch(wrap: Any) -> None:
    assert event_of("commanders_act", wrap({"event_name": "a"}))["event_name"] == "a"


def test_a_bad_event_of_a_batch_loses_no_other() -> None:
    body = b'{"x": "]", "batch" : [{"event_name":"a"},{"event_name":"b","v":NaN}], "y": 1}'
    decoded = decode("commanders_act", RawRequest(body, NOW))
    assert [each.event["event_name"] for each in decoded.arrivals] == ["a"]
    assert [(each.index, each.code) for each in decoded.rejections] == [(1, "unusable_number")]


@pytest.mark.parametrize(
    ("event", "consent"),
    [
        ({"user": {"consent_categories": [2, "3"]}}, {"advertising": True, "analytics": True}),
        ({"user": {"consent_categories": ["1", {}, None]}}, {"advertising": False, "analytics": True}),
        ({"user": {"consent_categories": []}}, {"advertising": False, "analytics": False}),
        ({"user": {"consent_categories": "2"}}, None),
        ({"user": {}}, None),
        ({}, None),
        ({"user": {"consent_categories": [2]}, "consent": {"advertising": False}}, {"advertising": False}),
    ],
)
def test_commanders_act_categories_become_purposes(event: Any, consent: Any) -> None:
    mapped = (("1", "analytics"), ("2", "advertising"), ("3", "analytics"))
    settings = Settings(consent=Consent(commanders_act=mapped))
    assert event_of("commanders_act", {"event_name": "a", **event}, settings).get("consent") == consent


def test_nothing_is_granted_by_default() -> None:
    event = event_of("commanders_act", {"event_name": "a", "user": {"consent_categories": [1, 2, 3]}})
    assert event["consent"] == {"unread": True}


@pytest.mark.parametrize(
    ("header", "cookies"),
    [
        (None, {}),
        ("", {}),
        ("a=1", {"a": "1"}),
        ('a=1;b="x y" ; c=d=e', {"a": "1", "b": "x y", "c": "d=e"}),
        ("a=1; a=2; =3; broken; ;", {"a": "1"}),
        ('a="; b=', {"a": '"', "b": ""}),
    ],
)
def test_cookies(header: str | None, cookies: dict[str, str]) -> None:
    assert parse_cookies(header) == cookies
