"""What becomes of walkerOS events."""

from __future__ import annotations

import json
from typing import Any

import pytest
from trackers import NOW

from router.inputs import FORMATS, Decoded, RawRequest, decode
from router.inputs.bracketed import bracketed
from router.settings import Consent, Settings


def decoded(body: Any, settings: Settings | None = None, **more: Any) -> Decoded:
    text = body if isinstance(body, bytes) else json.dumps(body).encode()
    return decode("walkeros", RawRequest(text, NOW, from_visitor=False, **more), settings or Settings())


def event_of(body: Any, settings: Settings | None = None) -> dict[str, Any]:
    (arrival,) = decoded(body, settings).arrivals
    return arrival.event


@pytest.mark.parametrize(
    ("name", "neutral"),
    [
        ("page view", "page_view"),
        ("product view", "view_item"),
        ("product add", "add_to_cart"),
        ("order start", "begin_checkout"),
        ("order checkout", "begin_checkout"),
        ("order complete", "purchase"),
        ("Order Complete", "purchase"),
        ("session signup", "sign_up"),
        ("newsletter readMore", "newsletter_read_more"),
        ("商品 表示", "商品 表示"),
    ],
)
def test_entities_and_actions_have_names(name: str, neutral: str) -> None:
    event = event_of({"name": name})
    assert (event["event_name"], event["meta"]["original_name"]) == (neutral, name)


def test_entity_and_action_stand_for_the_name() -> None:
    assert event_of({"entity": "product", "action": "view"})["event_name"] == "view_item"
    assert [each.code for each in decoded({"data": {}}).rejections] == ["missing_event_name"]


def test_a_page_view_of_the_browser() -> None:
    event = event_of(
        {
            "name": "page view",
            "id": "1700000000-abc-1",
            "data": {"id": "/x", "title": "Shop"},
            "timestamp": 1_795_253_223_740,
            "user": {"device": "d-1", "session": "s-1"},
            "source": {
                "type": "web",
                "id": "https://shop.example/?ttclid=E",
                "previous_id": "https://o.example/",
            },
        }
    )
    assert event["context"] == {
        "event_timestamp": 1_795_253_223_740,
        "page": {"url": "https://shop.example/?ttclid=E", "referrer": "https://o.example/", "title": "Shop"},
    }
    assert (event["id"], event["user"]) == ("1700000000-abc-1", {"anonymous_id": "d-1"})
    assert "order_id" not in event
    assert "items" not in event


def test_the_id_of_another_source_is_no_page() -> None:
    event = event_of({"name": "job done", "source": {"type": "server", "id": "job-7"}})
    assert "context" not in event


def test_a_product_is_its_own_item_and_an_order_has_products() -> None:
    product = {"id": 7, "name": "A", "price": "3.50", "size": "L"}
    item = {
        "id": "7",
        "quantity": None,
        "content_type": None,
        "product": {"name": "A", "price": "3.50", "brand": None, "category_1": None, "variant": "L"},
    }
    assert event_of({"name": "product add", "data": product})["items"] == [item]
    nested = [{"type": "product", "data": product}, {"entity": "gift", "data": {}}, 5]
    event = event_of({"name": "order complete", "data": {"id": 12, "total": 3.5}, "nested": nested})
    assert (event["items"], event["order_id"], event["value"]) == ([item], "12", 3.5)


def test_custom_and_globals_may_carry_the_click() -> None:
    event = event_of({"name": "page view", "custom": {"ttclid": "E.C.P.1"}, "globals": {"ttp": "t"}})
    assert event["partners"] == {"tiktok": {"ttclid": "E.C.P.1", "ttp": "t"}}


@pytest.mark.parametrize(
    ("state", "consent"),
    [
        ({"marketing": True, "functional": True}, {"advertising": True}),
        ({"marketing": False}, {"advertising": False}),
        ({"marketing": 1}, {"advertising": False}),
        ({}, {"advertising": False}),
        (None, None),
        ("all", None),
    ],
)
def test_consent_is_what_the_settings_map(state: Any, consent: Any) -> None:
    settings = Settings(consent=Consent(walkeros=(("marketing", "advertising"),)))
    assert event_of({"name": "page view", "consent": state}, settings).get("consent") == consent


def test_a_query_is_an_event() -> None:
    query = {
        "name": "product view",
        "data[id]": "7",
        "data[price]": "3.50",
        "consent[marketing]": "true",
        "write_key": "secret",
    }
    settings = Settings(consent=Consent(walkeros=(("marketing", "advertising"),)))
    found = decoded(b"", settings, query=query, method="GET")
    (arrival,) = found.arrivals
    assert (arrival.event["event_name"], arrival.event["items"][0]["id"]) == ("view_item", "7")
    assert arrival.event["consent"] == {"advertising": True}
    assert "secret" not in json.dumps(arrival.event)


@pytest.mark.parametrize(
    ("query", "tree"),
    [
        ({"a": "1", "b[c]": "2", "b[d][e]": "3"}, {"a": "1", "b": {"c": "2", "d": {"e": "3"}}}),
        ({"n[0][x]": "1", "n[1][x]": "2"}, {"n": [{"x": "1"}, {"x": "2"}]}),
        ({"n[1]": "1"}, {"n": {"1": "1"}}),
        ({"a": "1", "a[b]": "2"}, {"a": "1"}),
        ({"a[b": "1", "]": "2", "": "3"}, {"a[b": "1", "]": "2", "": "3"}),
        ({"a" + "[b]" * 50: "1"}, {"a": {"b": {"b": {"b": {"b": {"b": "1"}}}}}}),
    ],
)
def test_brackets_in_a_query_are_objects(query: dict[str, str], tree: dict[str, Any]) -> None:
    assert bracketed(query) == tree


def answer(found: Decoded, method: str = "POST") -> Any:
    endpoint = next(each for each in FORMATS["walkeros"].endpoints if method in each.methods)
    assert endpoint.answering is not None
    return endpoint.answering.answer(RawRequest(b"", NOW, method=method), found)


def test_the_answer_tells_which_events_were_taken() -> None:
    good, bad = {"name": "page view", "id": "e-1"}, {"data": {}}
    reply = answer(decoded({"batch": [good, bad]}))
    assert reply.status == 207
    assert json.loads(reply.body) == {
        "success": False,
        "processed": 1,
        "failed": 1,
        "errors": [{"index": 1, "error": "the event has no name, or no entity and action"}],
        "ids": ["e-1"],
    }
    reply = answer(decoded([good]))
    assert (reply.status, json.loads(reply.body)) == (200, {"success": True, "processed": 1, "ids": ["e-1"]})
    assert answer(decoded([bad])).status == 400
    assert answer(decoded([bad]), "GET").content_type == "image/gif"
    assert answer(decoded(b"{")) is None
