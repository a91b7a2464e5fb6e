"""What becomes of each kind of event of Segment's specification."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from trackers import NOW, only, rejected

from router.inputs import RawRequest, decode
from router.inputs.clocks import corrected
from router.inputs.segment.names import neutral_name
from router.settings import Limits, Settings


def track(event: str = "Order Completed", **more: Any) -> dict[str, Any]:
    return {"type": "track", "event": event, "messageId": "m-1", "userId": "u-1", **more}


def event_of(message: Any, name: str = "segment", **more: Any) -> dict[str, Any]:
    return only(name, message, **more).event


@pytest.mark.parametrize(
    ("theirs", "ours"),
    [
        ("Order Completed", "purchase"),
        ("Order Refunded", "refund"),
        ("Product Viewed", "view_item"),
        ("Product List Viewed", "view_item_list"),
        ("Product Clicked", "select_item"),
        ("Product Added", "add_to_cart"),
        ("Product Removed", "remove_from_cart"),
        ("Product Added to Wishlist", "add_to_wishlist"),
        ("Cart Viewed", "view_cart"),
        ("Checkout Started", "begin_checkout"),
        ("Payment Info Entered", "add_payment_info"),
        ("Products Searched", "search"),
        ("Signed Up", "sign_up"),
        ("Signed In", "login"),
        ("Subscription Created", "subscribe"),
        ("Form Submitted", "submit_form"),
        ("Callback Started", "contact"),
        ("Download Link Clicked", "download"),
        ("Trial Started", "start_trial"),
        ("Application Installed", "install_app"),
        ("Application Opened", "launch_app"),
        ("order  completed", "purchase"),
        ("purchase", "purchase"),
        ("Lead Generated", "lead_generated"),
        ("addToCart", "add_to_cart"),
        ("購入", "購入"),
    ],
)
def test_names(theirs: str, ours: str) -> None:
    event = event_of(track(theirs))
    assert (event["event_name"], event["meta"]["original_name"]) == (ours, theirs)


@given(st.text())
def test_a_name_is_empty_only_if_it_was(name: str) -> None:
    assert bool(neutral_name(name)) == bool(name.strip())


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        ("page", "page_view"),
        ("screen", "page_view"),
        ("identify", "identify"),
        ("group", "group"),
        ("alias", "alias"),
    ],
)
def test_types(kind: str, name: str) -> None:
    event = event_of({"type": kind, "messageId": "m", "name": "Home"})
    assert event["event_name"] == name
    assert event.get("experience_type") == ("native app" if kind == "screen" else None)
    for path in (f"/v1/{kind}", f"/v1/{kind[0]}"):
        assert event_of({"messageId": "m"}, path=path)["event_name"] == name


def test_a_page_call_tells_its_page() -> None:
    properties = {"url": "https://shop.example/a", "referrer": "https://shop.example/", "title": "A"}
    page = event_of({"type": "page", "properties": properties})
    assert page["context"]["page"] == properties
    elsewhere = {"page": {"url": "https://shop.example/b"}}
    assert event_of(track(properties=properties, context=elsewhere))["context"] == elsewhere


def test_who_it_is() -> None:
    traits = {
        "email": "ada@example.com",
        "phone": ["+12133734253"],
        "firstName": "Ada",
        "last_name": "L",
        "address": {"city": "London", "postalCode": "N1", "country": "GB", "state": ""},
    }
    user = event_of({"type": "identify", "userId": 9007199254740993, "anonymousId": "a", "traits": traits})[
        "user"
    ]
    assert user == {
        "id": "9007199254740993",
        "anonymous_id": "a",
        "email": "ada@example.com",
        "phone": ["+12133734253"],
        "first_name": "Ada",
        "last_name": "L",
        "city": "London",
        "country": "GB",
        "zip": "N1",
    }
    later = track(
        context={"traits": {"email": "b@example.com"}}, properties={"email": "c@example.com", "phone": "1"}
    )
    assert event_of(later)["user"] == {"id": "u-1", "email": "b@example.com", "phone": "1"}


@pytest.mark.parametrize("key", ["externalIds", "externalId"])
def test_an_external_id_for_tiktok(key: str) -> None:
    plain = track(context={key: [{"type": "other", "id": "x"}, {"type": "tiktokExternalId", "id": "t-1"}]})
    assert event_of(plain)["user"] == {"id": "t-1"}
    hashed = track(context={key: [{"type": "tiktokExternalId", "id": "a" * 64}]})
    assert event_of(hashed)["user"] == {"id": "u-1", "hashed": {"external_id": "a" * 64}}


def test_the_device() -> None:
    ios = {
        "ip": "203.0.113.4",
        "locale": "de-DE",
        "os": {"name": "iPadOS"},
        "device": {"id": "IDFV", "advertisingId": "IDFA", "attTrackingStatus": 3, "type": "tablet"},
        "app": {"namespace": "com.example.shop", "name": "Shop", "version": "1.2", "build": "7"},
    }
    context = event_of(track(context=ios))["context"]
    assert context["device"] == {
        "ip": "203.0.113.4",
        "language": "de-DE",
        "type": "ios",
        "advertising_id": "IDFA",
        "idfv": "IDFV",
        "att_status": "authorized",
    }
    assert context["app"] == {"namespace": "com.example.shop", "name": "Shop", "version": "1.2"}
    android = {"device": {"type": "android", "id": "x", "advertisingId": "GAID", "adTrackingEnabled": False}}
    assert event_of(track(context=android))["context"] == {"device": {"type": "android"}}


def test_commerce() -> None:
    one = event_of(
        track("Product Added", properties={"product_id": 17, "price": "60.25", "quantity": 2, "revenue": 1})
    )
    assert one["items"] == [{"id": "17", "quantity": 2, "product": {"price": "60.25"}}]
    assert one["value"] == 1
    several = {
        "products": [{"sku": "a"}, 5, {"id": "b", "category": "c"}],
        "value": 2,
        "revenue": 1,
        "sku": "not me",
    }
    many = event_of(track(properties=several))
    assert many["items"] == [{"id": "a"}, {"id": "b", "product": {"category_1": "c"}}]
    assert many["value"] == 2
    assert many["properties"] == several
    assert event_of(track("Products Searched", properties={"query": "boots"}))["search_term"] == "boots"


def test_ids() -> None:
    assert event_of(track())["id"] == "m-1"
    assert event_of(track(properties={"event_id": "e"}))["id"] == "e"
    assert event_of(track(properties={"eventId": 2**70}))["id"] == str(2**70)
    none = event_of({"type": "track", "event": "a", "messageId": True})
    assert ("id" in none, none["meta"]["id_origin"]) == (False, "none")


@pytest.mark.parametrize(
    ("integrations", "off"),
    [
        ({"All": False}, True),
        ({"all": False}, True),
        ({"TikTok Conversions": False}, True),
        ({"TIKTOK_ADS": False, "All": True}, True),
        ({"All": False, "TikTok Conversions": True}, False),
        ({"All": False, "TikTok Conversions": {"ttclid": "c"}}, False),
        ({"TikTok Pixel": False, "TikTok Conversions": True}, False),
        ({"Mixpanel": False}, False),
        ({}, False),
        ("none", False),
    ],
)
def test_integrations_switch_tiktok_off(integrations: Any, off: bool) -> None:
    message = track(integrations=integrations)
    assert rejected("segment", message) == ([(0, "integrations_off")] if off else [])


def test_click_ids() -> None:
    own = track(
        properties={"ttclid": "p", "_ttp": "t", "limited_data_use": True, "shop_id": "s", "lead_id": "l"}
    )
    assert event_of(own)["partners"]["tiktok"] == {
        "ttclid": "p",
        "ttp": "t",
        "ldu": True,
        "shop_id": "s",
        "lead_id": "l",
    }
    carried = track(integrations={"TikTok Conversions": {"ttclid": "i", "ttp": "j"}})
    assert event_of(carried)["partners"]["tiktok"] == {"ttclid": "i", "ttp": "j"}
    assert event_of(track(context={"campaign": {"ttclid": "c"}}))["partners"]["tiktok"] == {"ttclid": "c"}


HOUR_LATE = {"timestamp": "2026-11-21T08:27:03.740Z", "sentAt": "2026-11-21T08:27:03.750Z"}


@pytest.mark.parametrize(
    ("name", "times", "expected"),
    [
        ("segment", HOUR_LATE, 1_795_253_223_740),
        ("segment", {**HOUR_LATE, "receivedAt": "x"}, HOUR_LATE["timestamp"]),
        ("segment", {"timestamp": HOUR_LATE["timestamp"]}, HOUR_LATE["timestamp"]),
        ("segment", {**HOUR_LATE, "sentAt": "soon"}, HOUR_LATE["timestamp"]),
        ("segment", {"timestamp": "soon", "sentAt": HOUR_LATE["sentAt"]}, "soon"),
        ("segment", {**HOUR_LATE, "messageId": ""}, HOUR_LATE["timestamp"]),
        ("rudderstack", HOUR_LATE, HOUR_LATE["timestamp"]),
        ("rudderstack", {"originalTimestamp": HOUR_LATE["timestamp"], **HOUR_LATE}, HOUR_LATE["timestamp"]),
        ("jitsu", HOUR_LATE, 1_795_253_223_740),
        ("segment", {}, None),
    ],
)
def test_times(name: str, times: dict[str, Any], expected: Any) -> None:
    event = event_of(track(**times), name, path="/v1/track")
    assert event.get("context", {}).get("event_timestamp") == expected


def test_a_recorded_file_tells_no_time_of_arrival() -> None:
    assert event_of(track(**HOUR_LATE))["context"] == {"event_timestamp": HOUR_LATE["timestamp"]}


@given(
    then=st.integers(10**11, 4 * 10**12),
    ahead=st.integers(-(10**9), 10**9),
    waited=st.integers(0, 10**6),
)
def test_a_clocks_error_cancels_out(then: int, ahead: int, waited: int) -> None:
    then += 2 * 10**9
    received = (then + waited) / 1000
    result = corrected(then + ahead, then + ahead + waited, received)
    assert isinstance(result, int)
    assert abs(result - then) <= 1


@given(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    st.integers() | st.floats() | st.text(),
)
def test_no_time_makes_the_correction_raise(original: Any, sent: Any) -> None:
    corrected(original, sent, NOW)


def test_a_batch_shares_its_context() -> None:
    body = {
        "batch": [track(), track("a", context={"ip": "198.51.100.7"}, sentAt=5), {"type": "page"}],
        "context": {"ip": "203.0.113.4", "locale": "de"},
        "integrations": {"All": True},
        "sentAt": 7,
    }
    decoded = decode("segment", RawRequest(json.dumps(body).encode(), NOW, path="/v1/batch"))
    devices = [each.event["context"]["device"] for each in decoded.arrivals]
    assert devices == [
        {"ip": "203.0.113.4", "language": "de"},
        {"ip": "198.51.100.7", "language": "de"},
        {"ip": "203.0.113.4", "language": "de"},
    ]
    assert [each.event["meta"]["sent_at"] for each in decoded.arrivals] == [7, 5, 7]


def test_a_bad_event_of_a_batch_loses_no_other() -> None:
    body = (
        b'{"writeKey":"k","batch":[{"type":"track","event":"a","userId":9007199254740993},'
        b'{"type":"track"},{"type":"video","event":"x"},{"type":"track","event":"c","properties":{"v":NaN}},'
        b'5,{"type":"track","event":"d\\ud800"},{"type":"page"}],"sentAt":"2026-11-21T09:27:03Z"}'
    )
    decoded = decode("segment", RawRequest(body, NOW, path="/v1/batch"))
    assert [each.event["event_name"] for each in decoded.arrivals] == ["a", "page_view"]
    assert decoded.arrivals[0].event["user"]["id"] == "9007199254740993"
    assert [(each.index, each.code) for each in decoded.rejections] == [
        (1, "missing_event_name"),
        (2, "unknown_type"),
        (3, "unusable_number"),
        (4, "not_an_object"),
        (5, "lone_surrogate"),
    ]


@pytest.mark.parametrize(
    ("body", "path", "code"),
    [
        (b"", "/v1/track", "not_json"),
        (b"{", "/v1/track", "not_json"),
        (b"<html>", "/v1/batch", "not_json"),
        (b'{"batch":[' + b"{}," * 1001 + b"{}]}", "/v1/batch", "too_many_events"),
        (b'{"batch":[{},{}],"context":{"x":"' + b"a" * 70_000 + b'"}}', "/v1/batch", "body_too_large"),
    ],
)
def test_bodies_that_cannot_be_taken(body: bytes, path: str, code: str) -> None:
    problem = decode("segment", RawRequest(body, NOW, path=path)).problem
    assert problem is not None
    assert problem.code == code


@pytest.mark.parametrize(
    ("event", "path", "code"),
    [
        ({"messageId": "m"}, "", "unknown_type"),
        ({"event": ""}, "/v1/track", "missing_event_name"),
        ({"event": 5}, "/v1/track", "missing_event_name"),
        ({"batch": {}}, "/v1/batch", "missing_events"),
        ("text", "/v1/track", "not_an_object"),
        ({"type": ["track"], "event": "a"}, "/v1/track", "unknown_type"),
    ],
)
def test_events_that_cannot_be_taken(event: Any, path: str, code: str) -> None:
    assert rejected("segment", event, path=path) == [(0, code)]


def test_the_property_batch_makes_no_batch() -> None:
    assert event_of(track(properties={"batch": 5}))["properties"] == {"batch": 5}


def test_rudderstacks_browser_sdk_is_no_app() -> None:
    sdk = {"app": {"name": "RudderLabs JavaScript SDK", "namespace": "com.rudderlabs.javascript"}}
    assert "context" not in event_of(track(context=sdk), "rudderstack")
    own = {"app": {"namespace": "com.example.shop"}}
    assert event_of(track(context=own), "rudderstack")["context"] == own
    assert "context" not in event_of(track(context=own, channel="web"), "rudderstack")


def test_rudderstacks_other_sdks_are_told_by_their_library() -> None:
    message = track(context={"library": {"name": "@rudderstack/rudder-sdk-node"}}, **HOUR_LATE)
    event = event_of(message, path="/v1/track")
    assert event["meta"]["format"] == "rudderstack"
    assert event["context"] == {"event_timestamp": HOUR_LATE["timestamp"]}
    assert event_of(track(context={"library": 5}), path="/v1/track")["meta"]["format"] == "segment"


def test_rudderstacks_sdk_for_node_is_told_by_where_it_puts_consent() -> None:
    """Its library is called as Segment's first one was."""
    context = {"library": {"name": "analytics-node"}, "consentManagement": {"allowedConsentIds": ["C0004"]}}
    event = event_of(track(context=context))
    assert event["meta"]["format"] == "rudderstack"
    assert event["consent"]["advertising"] is True


@pytest.mark.parametrize("path", ["/pixel/v1/page", "/pixel/v1/track"])
def test_a_pixel_of_rudderstack(path: str) -> None:
    query = {
        "writeKey": "k",
        "anonymousId": "a",
        "event": "Product Viewed",
        "properties.product_id": "7",
        "context.page.url": "https://shop.example/",
        "context.page.url.x": "through a value",
        "a.a.a.a.a.a.a.a.a.a": "too deep",
        "sentAt": "",
    }
    event = event_of(b"", "rudderstack", method="GET", path=path, query=query)
    assert event["event_name"] == ("page_view" if path.endswith("page") else "view_item")
    assert event["items"] == [{"id": "7"}]
    assert event["context"]["page"] == {"url": "https://shop.example/"}
    assert event["user"] == {"anonymous_id": "a"}


@pytest.mark.parametrize(
    "data", ["!", "e30=x", base64.b64encode(b"[1]").decode(), base64.b64encode(b"{").decode()]
)
def test_a_pixel_whose_data_is_no_event(data: str) -> None:
    assert rejected("jitsu", b"", method="GET", path="/api/px/t", query={"data": data}) == [(0, "not_json")]


@pytest.mark.parametrize(
    ("event_type", "name"),
    [("pageview", "page_view"), ("user_identify", "identify"), ("Order Completed", "purchase")],
)
def test_events_of_jitsus_first_tracker(event_type: str, name: str) -> None:
    flat = {"event_type": event_type, "eventn_ctx_event_id": "e", "url": "https://shop.example/", "plan": "x"}
    event = event_of(flat, "jitsu_classic")
    assert (event["event_name"], event["id"], event["properties"]) == (name, "e", {"plan": "x"})
    nested = {
        "event_type": event_type,
        "plan": "x",
        "eventn_ctx": {"event_id": "e", "url": "https://shop.example/"},
    }
    assert event_of(nested, "jitsu_classic") == event


def test_an_event_of_the_first_tracker_needs_its_type() -> None:
    assert rejected("jitsu_classic", [{"event_id": "e"}, {"event_type": 5}]) == [
        (0, "missing_event_name"),
        (1, "missing_event_name"),
    ]


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
WORDS = st.sampled_from(
    [
        "type",
        "event",
        "batch",
        "context",
        "properties",
        "traits",
        "integrations",
        "products",
        "page",
        "device",
        "app",
    ]
)
MESSAGES = st.recursive(
    JSON, lambda inner: st.dictionaries(WORDS, inner, max_size=5) | st.lists(inner, max_size=3), max_leaves=20
)
SMALL = Settings(limits=Limits(body_bytes=1024, batch_bytes=1024, events=2, event_bytes=1024, depth=4))


@given(
    message=MESSAGES,
    name=st.sampled_from(["segment", "rudderstack", "jitsu", "jitsu_classic"]),
    path=st.sampled_from(["", "/v1/track", "/v1/batch", "/v1/page"]),
)
def test_nothing_makes_it_raise(message: Any, name: str, path: str) -> None:
    for settings in (Settings(), SMALL):
        for wrapped in (message, {"type": "track", "event": "a", "context": message, "properties": message}):
            request = RawRequest(json.dumps(wrapped).encode(), NOW, path=path)
            decoded = decode(name, request, settings)
            assert all(each.event["event_name"] for each in decoded.arrivals)


@given(query=st.dictionaries(st.text(max_size=20), st.text(max_size=20)))
def test_no_pixel_makes_it_raise(query: dict[str, str]) -> None:
    for name in ("segment", "rudderstack", "jitsu"):
        decode(name, RawRequest(b"", NOW, query={**query, "data": query.get("data", "e30")}, method="GET"))
