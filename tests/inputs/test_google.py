"""What becomes of events of the Measurement Protocol and of hits of gtag.js."""

from __future__ import annotations

import base64
import json
from typing import Any
from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st
from trackers import NOW, only, purchase, rejected

from router.inputs import RawRequest, decode
from router.inputs.matching import find_endpoint
from router.settings import Consent, Limits, Settings

MAPPED = Settings(
    consent=Consent(
        ga4=(
            ("ad_user_data", "advertising"),
            ("ad_storage", "advertising"),
            ("analytics_storage", "analytics"),
        )
    )
)
HASH = "a" * 64


def sent(name: str = "purchase", outer: Any = None, **params: Any) -> dict[str, Any]:
    return {"client_id": "c-1", "events": [{"name": name, "params": params}], **(outer or {})}


def ga4(event: Any, **more: Any) -> dict[str, Any]:
    return only("ga4", event, MAPPED, **more).event


def gtag(hit: Any, **more: Any) -> dict[str, Any]:
    return only("gtag", urlencode(hit).encode(), MAPPED, **more).event


@pytest.mark.parametrize(
    ("theirs", "ours"),
    [
        *(
            (name, name)
            for name in ("purchase", "view_item", "add_to_cart", "generate_lead", "refund", "session_start")
        ),
        ("screen_view", "page_view"),
        ("file_download", "download"),
    ],
)
def test_names(theirs: str, ours: str) -> None:
    for event in (ga4(sent(theirs)), gtag({"v": 2, "en": theirs})):
        assert (event["event_name"], event["meta"]["original_name"]) == (ours, theirs)
        assert event.get("experience_type") == ("native app" if theirs == "screen_view" else None)


@pytest.mark.parametrize(
    ("name", "params", "expected"),
    [
        ("purchase", {"transaction_id": "T", "event_id": "E"}, "E"),
        ("purchase", {"transaction_id": 9007199254740993}, "9007199254740993"),
        ("refund", {"transaction_id": "T"}, None),
        ("page_view", {}, None),
    ],
)
def test_ids(name: str, params: dict[str, Any], expected: str | None) -> None:
    assert ga4(sent(name, **params)).get("id") == expected


def test_a_page_id_is_no_event_id_and_a_session_no_time() -> None:
    event = gtag({"v": 2, "en": "page_view", "_p": 123, "sid": 1795253000, "_s": 4})
    assert "id" not in event
    assert "context" not in event
    assert event["properties"] == {"page_load": "123", "session_id": "1795253000", "hit": "4"}


def test_equal_lines_of_one_body_stay_two_events() -> None:
    body = b"en=add_to_cart&pr1=id7\r\nen=add_to_cart&pr1=id7\n\n"
    events = [each.event for each in decode("gtag", RawRequest(body, NOW, query={"cid": "c"})).arrivals]
    assert [each["properties"].get("line") for each in events] == [None, "1"]
    assert all(each["user"] == {"anonymous_id": "c"} for each in events)


def test_who_and_where() -> None:
    outer = {
        "user_id": 12,
        "user_data": {
            "sha256_email_address": HASH,
            "sha256_phone_number": [HASH],
            "address": [
                {"sha256_first_name": HASH, "city": "Berlin", "region": "BE", "postal_code": "10115"}
            ],
        },
        "user_location": {"city": "Bonn", "region_id": "US-CA", "country_id": "US"},
        "ip_override": "203.0.113.4",
        "device": {"language": "de", "operating_system": "iOS", "category": "mobile"},
    }
    event = ga4(sent(outer=outer))
    assert event["user"] == {
        "id": "12",
        "anonymous_id": "c-1",
        "first_name": HASH,
        "city": "Berlin",
        "state": "BE",
        "country": "US",
        "zip": "10115",
        "hashed": {"email": HASH, "phone": [HASH]},
    }
    assert event["context"]["device"] == {"ip": "203.0.113.4", "language": "de", "type": "iOS"}
    elsewhere = {
        "user_location": outer["user_location"],
        "user_data": {"address": {"sha256_last_name": HASH}},
    }
    assert ga4(sent(outer=elsewhere))["user"] == {
        "anonymous_id": "c-1",
        "last_name": HASH,
        "city": "Bonn",
        "state": "CA",
        "country": "US",
    }


def test_an_app_of_firebase() -> None:
    body = {"app_instance_id": "i-1", "events": [{"name": "purchase"}]}
    event = ga4(body, query={"firebase_app_id": "1:1234567890:android:321abc"})
    assert event["experience_type"] == "native app"
    assert event["context"]["device"] == {"type": "android"}
    assert event["user"] == {"anonymous_id": "i-1"}


def test_times() -> None:
    own = {
        "client_id": "c",
        "timestamp_micros": 1,
        "events": [{"name": "a", "timestamp_micros": "1795253223740000"}],
    }
    assert ga4(own)["context"] == {"event_timestamp": "1795253223740000"}
    assert ga4(sent(outer={"timestamp_micros": 5}))["context"] == {"event_timestamp": 5}


def test_click_ids() -> None:
    assert ga4(sent(ttclid="c", _ttp="t"))["partners"]["tiktok"] == {"ttclid": "c", "ttp": "t"}
    kept = sent(outer={"user_properties": {"ttclid": {"value": "u"}, "ttp": {"value": None}}})
    assert ga4(kept)["partners"]["tiktok"] == {"ttclid": "u"}
    assert gtag({"en": "a", "up.ttclid": "u", "ep.ttp": "t"})["partners"]["tiktok"] == {
        "ttclid": "u",
        "ttp": "t",
    }


@pytest.mark.parametrize(
    ("consent", "expected"),
    [
        ({"ad_user_data": "GRANTED"}, {"advertising": True, "analytics": False}),
        ({"ad_user_data": "DENIED"}, {"advertising": False, "analytics": False}),
        ({"ad_user_data": True}, {"advertising": False, "analytics": False}),
        ({}, None),
        ("GRANTED", None),
    ],
)
def test_consent_of_the_protocol(consent: Any, expected: Any) -> None:
    assert ga4(sent(outer={"consent": consent})).get("consent") == expected


@pytest.mark.parametrize(
    ("gcs", "expected"),
    [
        ("G111", {"advertising": True, "analytics": True}),
        ("G110", {"advertising": True, "analytics": False}),
        ("G101", {"advertising": False, "analytics": True}),
        ("G100", {"advertising": False, "analytics": False}),
        ("G1--", {"advertising": False, "analytics": False}),
        ("G1", {"advertising": False, "analytics": False}),
        ("", None),
        ("x11", None),
    ],
)
def test_consent_of_a_hit(gcs: str, expected: Any) -> None:
    assert gtag({"en": "a", "gcs": gcs}).get("consent") == expected


def test_items_of_a_hit() -> None:
    event = gtag(
        {
            "en": "view_item",
            "pr2": "idB~nmTwo~~three~pr1e999~qtmany",
            "pr1": "idA~brX~ca1~c22~c55~vaL~pr60.25~qt2~lp3~cpSUMMER~k0color~v0red~k1size~zz",
            "pr10": "",
            "prx": "idC",
        }
    )
    first, second = event["items"][:2]
    assert first == {
        "id": "A",
        "quantity": 2,
        "product": {
            "price": 60.25,
            "brand": "X",
            "variant": "L",
            "category_1": "1",
            "category_2": "2",
            "category_5": "5",
        },
    }
    assert second == {"id": "B", "quantity": "many", "product": {"name": "Two~three", "price": "1e999"}}
    assert event["properties"]["items"][0]["coupon"] == "SUMMER"
    assert event["properties"]["items"][0]["color"] == "red"
    assert "size" not in event["properties"]["items"][0]


def test_numbers_of_a_hit_keep_their_digits() -> None:
    event = gtag({"en": "a", "epn.value": "0.1", "epn.points": "9007199254740993", "epn.odd": "1.2.3"})
    assert event["value"] == 0.1
    assert event["properties"] == {"value": 0.1, "points": 9007199254740993, "odd": "1.2.3"}


def test_user_provided_data_of_a_hit() -> None:
    digest = base64.urlsafe_b64encode(bytes.fromhex(HASH)).decode().rstrip("=")
    event = gtag({"en": "a", "em": f"tv.1~em.{digest}~em2.{digest}~pn.{digest}~fn0.{digest}~ct.Berlin~em.no"})
    assert event["user"]["hashed"] == {"email": [HASH, HASH], "phone": [HASH]}
    assert "user" not in gtag({"en": "a", "em": "tv.1~em.!!~pn"})


def test_the_language_is_written_as_elsewhere() -> None:
    for given_, expected in (("en-us", "en-US"), ("de", "de"), ("zh-hant-tw", "zh-hant-tw")):
        assert gtag({"en": "a", "ul": given_})["context"]["device"]["language"] == expected


def test_the_visitors_request_fills_what_a_hit_lacks() -> None:
    event = only(
        "gtag",
        b"",
        query={"en": "page_view", "dl": "https://shop.example/"},
        method="GET",
        from_visitor=True,
        client_ip="203.0.113.4",
        headers={"user-agent": "Mozilla/5.0", "accept-language": "de"},
    ).event
    assert event["context"] == {
        "page": {"url": "https://shop.example/"},
        "device": {"ip": "203.0.113.4", "user_agent": "Mozilla/5.0", "language": "de"},
    }


def test_bad_events_lose_no_other() -> None:
    events = b'[{"name":"a"},{"params":{}},5,{"name":"b","params":{"value":NaN}},{"name":"d"}]'
    body = b'{"client_id":"c","events":' + events + b"}"
    decoded = decode("ga4", RawRequest(body, NOW))
    assert [each.event["event_name"] for each in decoded.arrivals] == ["a", "d"]
    assert [(each.index, each.code) for each in decoded.rejections] == [
        (1, "missing_event_name"),
        (2, "not_an_object"),
        (3, "unusable_number"),
    ]
    lines = b"en=a\nxx=1\n\xff\nen=" + b"b" * 600_000 + b"\nen=c\n" + b"&".join(b"a=1" for _ in range(1001))
    decoded = decode("gtag", RawRequest(lines, NOW))
    assert [each.event["event_name"] for each in decoded.arrivals] == ["a", "c"]
    assert [(each.index, each.code) for each in decoded.rejections] == [
        (1, "missing_event_name"),
        (2, "not_utf8"),
        (3, "event_too_large"),
        (5, "too_many_parameters"),
    ]


@pytest.mark.parametrize("body", [{"client_id": "c"}, {"events": {}}, [5]])
def test_a_body_without_events(body: Any) -> None:
    assert len(rejected("ga4", body)) == 1


def test_bodies_that_cannot_be_taken() -> None:
    for name, body in (("ga4", b""), ("ga4", b"rubbish"), ("gtag", b""), ("gtag", b"a\n" * 1001)):
        assert decode(name, RawRequest(body, NOW)).problem is not None


def findings(body: Any) -> list[tuple[str, str]]:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    found = find_endpoint("POST", "/debug/mp/collect", {})
    assert found is not None
    assert found.endpoint.dry
    assert found.endpoint.answering is not None
    request = RawRequest(raw, NOW, path="/debug/mp/collect")
    reply = found.endpoint.answering.answer(request, decode("ga4", request))
    assert reply is not None
    assert (reply.status, reply.content_type) == (200, "application/json")
    messages = json.loads(reply.body)["validationMessages"]
    assert all(set(each) == {"fieldPath", "description", "validationCode"} for each in messages)
    return [(each["fieldPath"], each["validationCode"]) for each in messages]


def test_nothing_is_found_in_a_good_request() -> None:
    assert findings(purchase("ga4")) == []


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (b"rubbish", [("", "VALUE_INVALID")]),
        (b"[1]", [("events[0]", "VALUE_INVALID")]),
        ({"events": []}, [("client_id", "VALUE_REQUIRED"), ("events", "VALUE_REQUIRED")]),
        (sent("a b"), [("events[0].name", "NAME_INVALID")]),
        (sent("a" * 41), [("events[0].name", "NAME_INVALID")]),
        (sent("ga_x"), [("events[0].name", "NAME_RESERVED")]),
        (sent(""), [("events[0]", "VALUE_INVALID")]),
        (sent(value=5), [("events[0].params.currency", "VALUE_REQUIRED")]),
        (sent(**{f"p{n}": n for n in range(26)}), [("events[0].params", "EXCEEDED_MAX_ENTITIES")]),
        (sent(outer={"consent": {"ad_user_data": "yes"}}), [("consent.ad_user_data", "VALUE_INVALID")]),
        ({"client_id": "c", "events": [{"name": "a"}] * 26}, [("events", "EXCEEDED_MAX_ENTITIES")]),
        (b'{"client_id":"c","events":[{"name":"a","params":{"v":NaN}}]}', [("events[0]", "VALUE_INVALID")]),
    ],
)
def test_findings(body: Any, expected: list[tuple[str, str]]) -> None:
    assert findings(body) == expected


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
OUTER = st.sampled_from(
    ["user_data", "user_location", "consent", "device", "user_properties", "user_id", "timestamp_micros"]
)
NAMES = st.sampled_from(["en", "ep.a", "epn.value", "pr1", "pr2", "gcs", "em", "dl", "ul", "up.x", "upn.y"])
SMALL = Settings(limits=Limits(body_bytes=1024, batch_bytes=1024, events=2, event_bytes=1024, depth=4))


@given(outer=st.dictionaries(OUTER, JSON), params=JSON, events=JSON)
def test_no_json_makes_it_raise(outer: dict[str, Any], params: Any, events: Any) -> None:
    for settings in (MAPPED, SMALL):
        for body in (
            {**outer, "events": [{"name": "a", "params": params}]},
            {**outer, "events": events},
            params,
        ):
            decode("ga4", RawRequest(json.dumps(body).encode(), NOW), settings)
            findings(body)


@given(hit=st.dictionaries(NAMES | st.text(max_size=4), st.text(max_size=20)), body=st.binary(max_size=60))
def test_no_hit_makes_it_raise(hit: dict[str, str], body: bytes) -> None:
    for settings in (MAPPED, SMALL):
        decode("gtag", RawRequest(b"", NOW, query=hit, method="GET"), settings)
        decode("gtag", RawRequest(body, NOW, query=hit), settings)
