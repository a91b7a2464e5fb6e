"""What becomes of the events of Stape's Data Tag."""

from __future__ import annotations

import json
from typing import Any

import pytest
from trackers import NOW

from router.inputs import FORMATS, Decoded, RawRequest, decode
from router.settings import Consent, Settings


def decoded(body: Any, settings: Settings | None = None, **more: Any) -> Decoded:
    text = body if isinstance(body, bytes) else json.dumps(body).encode()
    return decode("stape_data_tag", RawRequest(text, NOW, from_visitor=False, **more), settings or Settings())


def event_of(body: Any, settings: Settings | None = None, **more: Any) -> dict[str, Any]:
    (arrival,) = decoded(body, settings, **more).arrivals
    return arrival.event


@pytest.mark.parametrize(
    "name", ["page_view", "view_item", "add_to_cart", "purchase", "search", "generate_lead"]
)
def test_names_are_neutral_already(name: str) -> None:
    assert event_of({"event_name": name})["event_name"] == name


def test_the_older_spellings_are_read() -> None:
    event = event_of(
        {
            "eventName": "page_view",
            "pageLocation": "https://shop.example/",
            "referrer": "https://o.example/",
            "userEmail": "a@example.com",
            "phoneNumber": "+1",
            "firstName": "Ada",
            "surname": "L",
            "postalCode": "1",
            "state": "CA",
            "userAgent": "X",
            "ipOverride": "203.0.113.4",
        }
    )
    assert event["context"] == {
        "page": {"url": "https://shop.example/", "referrer": "https://o.example/"},
        "device": {"ip": "203.0.113.4", "user_agent": "X"},
    }
    assert event["user"] == {
        "email": "a@example.com",
        "phone": "+1",
        "first_name": "Ada",
        "last_name": "L",
        "state": "CA",
        "zip": "1",
    }


@pytest.mark.parametrize("listed", [False, True])
def test_people_are_read_with_their_hashes(listed: bool) -> None:
    address = {"first_name": "Ada", "last_name": "L", "city": "London", "region": "ENG", "country": "GB"}
    data = {
        "email_address": "a@example.com",
        "sha256_email_address": ["aa"] if listed else "aa",
        "sha256_phone_number": "bb",
        "address": [address] if listed else address,
    }
    event = event_of({"event_name": "a", "user_id": 7, "client_id": "c.1", "user_data": data})
    assert event["user"] == {
        "id": "7",
        "anonymous_id": "c.1",
        "email": "a@example.com",
        "first_name": "Ada",
        "last_name": "L",
        "city": "London",
        "state": "ENG",
        "country": "GB",
        "hashed": {"email": ["aa"], "phone": ["bb"]},
    }


def test_cookies_and_custom_data_are_read() -> None:
    event = event_of(
        {
            "event_name": "a",
            "common_cookie": {"_ttp": ["t-1", "t-2"], "ttclid": "E", "none": []},
            "data_tag_custom_data": [
                {"name": "value", "value": "5.10"},
                {"name": "plan", "value": "gold"},
                5,
            ],
            "data_tag": True,
        }
    )
    assert event["context"]["device"]["cookie"] == {"_ttp": "t-1", "ttclid": "E"}
    assert (event["value"], event["properties"]) == ("5.10", {"plan": "gold", "data_tag": True})


@pytest.mark.parametrize(
    ("event", "known"),
    [
        ({"event_name": "purchase", "event_id": 12, "transaction_id": "o-1"}, "12"),
        ({"event_name": "purchase", "transaction_id": "o-1"}, "o-1"),
        ({"event_name": "refund", "transaction_id": "o-1"}, None),
        ({"event_name": "page_view"}, None),
    ],
)
def test_a_purchase_without_an_id_has_its_orders(event: Any, known: str | None) -> None:
    assert event_of(event).get("id") == known


@pytest.mark.parametrize(
    ("state", "consent"),
    [
        ({"ad_storage": True}, {"advertising": True}),
        ({"ad_storage": "granted"}, {"advertising": True}),
        ({"ad_storage": "GRANTED"}, {"advertising": True}),
        ({"ad_storage": "denied", "analytics_storage": True}, {"advertising": False}),
        ({"ad_storage": 1}, {"advertising": False}),
        ("granted", None),
    ],
)
def test_consent_is_what_the_settings_map(state: Any, consent: Any) -> None:
    settings = Settings(consent=Consent(stape_data_tag=(("ad_storage", "advertising"),)))
    assert event_of({"event_name": "a", "consent_state": state}, settings).get("consent") == consent


def test_a_query_is_an_event_with_more_of_it_as_json() -> None:
    query = {"v": "2", "event_name": "search", "dtcd": '{"search_term": "boots"}', "write_key": "secret"}
    event = event_of(b"", query=query, method="GET")
    assert (event["event_name"], event["search_term"]) == ("search", "boots")
    assert "secret" not in json.dumps(event)


def test_the_query_of_a_post_holds_for_its_events() -> None:
    query = {"event_name": "view_item", "v": "2", "write_key": "secret"}
    found = decoded([{}, {"event_name": "search"}], query=query)
    assert [each.event["event_name"] for each in found.arrivals] == ["view_item", "search"]
    assert "secret" not in json.dumps([each.event for each in found.arrivals])


@pytest.mark.parametrize("dtcd", ["", "{", "[]", "5", "\udc80", "[{},{}]"])
def test_a_query_with_broken_json_is_refused(dtcd: str) -> None:
    problem = decoded(b"", query={"event_name": "a", "dtcd": dtcd}, method="GET").problem
    assert problem is not None
    assert problem.code == "not_json"


def answer(found: Decoded, method: str = "POST") -> Any:
    endpoint = next(each for each in FORMATS["stape_data_tag"].endpoints if method in each.methods)
    assert endpoint.answering is not None
    return endpoint.answering.answer(RawRequest(b"", NOW, method=method), found)


def test_the_tag_hears_success_though_an_event_was_rejected() -> None:
    found = decoded([{"event_name": "a"}, {}, 5])
    assert [(each.index, each.code) for each in found.rejections] == [
        (1, "missing_event_name"),
        (2, "not_an_object"),
    ]
    for each in (found, decoded([{}])):
        assert (answer(each).status, json.loads(answer(each).body)) == (200, {"timestamp": int(NOW)})
    assert answer(found, "GET").content_type == "image/gif"
