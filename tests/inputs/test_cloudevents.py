"""What becomes of CloudEvents, in their three modes."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest
from trackers import NOW

from router.inputs import FORMATS, Decoded, RawRequest, decode
from router.settings import CloudEvents, Settings

STRUCTURED = "application/cloudevents+json"
BATCH = "application/cloudevents-batch+json"
REQUIRED = {"specversion": "1.0", "id": "c-1", "source": "/shop", "type": "org.example.purchase"}


def decoded(body: Any, kind: str = STRUCTURED, settings: Settings | None = None, **headers: str) -> Decoded:
    text = body if isinstance(body, bytes) else json.dumps(body).encode()
    found = {"content-type": kind, **{name.replace("_", "-"): each for name, each in headers.items()}}
    return decode("cloudevents", RawRequest(text, NOW, found, from_visitor=False), settings or Settings())


def event_of(body: Any, *args: Any, **more: Any) -> dict[str, Any]:
    (arrival,) = decoded(body, *args, **more).arrivals
    return arrival.event


def codes(found: Decoded) -> list[tuple[int, str]]:
    return [(each.index, each.code) for each in found.rejections]


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        ("purchase", "purchase"),
        ("org.example.order.purchase", "purchase"),
        ("org.example.addToCart.v2", "add_to_cart"),
        ("com.github/page-view", "page_view"),
        ("urn:example:search:1", "search"),
        ("2", "2"),
        ("...", "..."),
        ("org.example.paid", "purchase"),
    ],
)
def test_the_type_names_the_event(kind: str, name: str) -> None:
    settings = Settings(cloudevents=CloudEvents(names=(("org.example.paid", "purchase"),)))
    event = event_of({**REQUIRED, "type": kind}, settings=settings)
    assert (event["event_name"], event["meta"]["original_name"]) == (name, kind)


def test_the_attributes_give_what_the_data_lacks() -> None:
    event = event_of({**REQUIRED, "time": "2026-11-21T10:27:03Z", "tenant": "t", "data": {"value": 5}})
    event.pop("meta")
    assert event == {
        "event_name": "purchase",
        "id": "/shop c-1",
        "value": 5,
        "context": {"event_timestamp": "2026-11-21T10:27:03Z"},
        "properties": {"cloudevent": {**REQUIRED, "time": "2026-11-21T10:27:03Z", "tenant": "t"}},
    }
    own = {"event_name": "search", "id": 7, "context": {"event_timestamp": 5}, "properties": {"a": 1}}
    event = event_of({**REQUIRED, "time": "2026-11-21T10:27:03Z", "data": own})
    assert (event["event_name"], event["id"], event["context"]) == ("search", "7", {"event_timestamp": 5})
    assert set(event["properties"]) == {"a", "cloudevent"}


def test_the_same_event_has_the_same_id_whatever_its_mode() -> None:
    headers = {f"ce_{name}": each for name, each in REQUIRED.items()}
    ids = {
        event_of(REQUIRED)["id"],
        event_of([REQUIRED], BATCH)["id"],
        event_of(b"{}", "application/json", **headers)["id"],
        event_of(b"", "", **headers)["id"],
    }
    assert ids == {"/shop c-1"}


def test_headers_are_percent_decoded() -> None:
    headers = {
        **{f"ce_{name}": each for name, each in REQUIRED.items()},
        "ce_source": "/shop%20m%C3%BCnchen%25",
    }
    event = event_of(b'{"value": 1}', "application/json; charset=utf-8", **headers)
    assert event["properties"]["cloudevent"]["source"] == "/shop münchen%"


def test_one_bad_event_of_a_batch_costs_no_other() -> None:
    lacking = {name: each for name, each in REQUIRED.items() if name != "source"}
    body = [
        REQUIRED,
        lacking,
        {**REQUIRED, "specversion": "0.3"},
        {**REQUIRED, "data": "text"},
        {**REQUIRED, "datacontenttype": "text/xml", "data": "<a/>"},
        {**REQUIRED, "data_base64": "not base64!"},
        {**REQUIRED, "data_base64": base64.b64encode(b'{"a": NaN}').decode()},
        {**REQUIRED, "id": " "},
        5,
        {**REQUIRED, "id": "c-2", "datacontenttype": "application/vnd.shop+json"},
    ]
    found = decoded(body, BATCH)
    assert [each.event["id"] for each in found.arrivals] == ["/shop c-1", "/shop c-2"]
    assert codes(found) == [
        (1, "not_a_cloudevent"),
        (2, "unknown_specversion"),
        (3, "not_an_object"),
        (4, "unknown_data_type"),
        (5, "not_an_object"),
        (6, "unusable_number"),
        (7, "not_a_cloudevent"),
        (8, "not_an_object"),
    ]


@pytest.mark.parametrize(("body", "code"), [(b"[]", "not_an_object"), (b"5", "not_an_object")])
def test_binary_data_is_one_object(body: bytes, code: str) -> None:
    headers = {f"ce_{name}": each for name, each in REQUIRED.items()}
    assert codes(decoded(body, "application/json", **headers)) == [(0, code)]


def test_a_body_that_is_no_json_is_refused() -> None:
    headers = {f"ce_{name}": each for name, each in REQUIRED.items()}
    for found in (decoded(b"{"), decoded(b"{", BATCH), decoded(b"{", "application/json", **headers)):
        assert found.problem is not None
        assert found.problem.code == "not_json"


def test_data_may_be_of_another_format() -> None:
    shopify = {
        "metadata": {"X-Shopify-Topic": "carts/update", "X-Shopify-Shop-Domain": "s.example"},
        "payload": {"token": "c"},
    }
    event = event_of({**REQUIRED, "dataschema": "urn:tagwright:shopify:v1", "data": shopify})
    assert (event["event_name"], event["meta"]["format"]) == ("carts_update", "shopify")
    assert (event["id"], event["meta"]["id_origin"]) == ("/shop c-1", "sender")


def test_data_of_another_format_may_hold_several_events() -> None:
    events = [{"event_type": "custom_event", "data": {"event_name": name}} for name in ("a", "b")]
    body = [{**REQUIRED, "dataschema": "mparticle", "data": {"events": [*events, 5]}}, REQUIRED]
    found = decoded(body, BATCH)
    assert [each.event["id"] for each in found.arrivals] == ["/shop c-1", "/shop c-1 1", "/shop c-1"]
    assert codes(found) == [(2, "not_an_object")]


def test_a_schema_that_is_no_format_says_nothing() -> None:
    for schema in ("https://example.com/purchase.json", "", 5):
        assert event_of({**REQUIRED, "dataschema": schema})["meta"]["format"] == "cloudevents"


def test_the_answer_refuses_what_was_taken_in_no_part() -> None:
    (endpoint,) = FORMATS["cloudevents"].endpoints
    assert endpoint.answering is not None

    def status(found: Decoded) -> int:
        assert endpoint.answering is not None
        reply = endpoint.answering.answer(RawRequest(b"", NOW), found)
        assert reply is not None
        return reply.status

    assert status(decoded([REQUIRED, 5], BATCH)) == 202
    assert status(decoded([], BATCH)) == 202
    assert status(decoded([5], BATCH)) == 400
    assert not FORMATS["cloudevents"].takes("application/xml")
