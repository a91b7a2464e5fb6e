"""From what rules assigned to the bytes that TikTok gets."""

import json
from pathlib import Path
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from router.lang.outcome import Place, Send
from router.tiktok.payload import Finished, finish

NOW = 1795253230
HERE = Path(__file__).parent
HASH = "848a771458438fc2ec420560d769fb9b9b86851ee338ec56517baabd79d3bb4f"

SURROGATES = st.text(alphabet="a\ud800\udfff€", max_size=4)
SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8) | SURROGATES
JSON = st.recursive(
    SCALARS, lambda e: st.lists(e) | st.dictionaries(SURROGATES | st.text(max_size=5), e), max_leaves=12
)
FIELDS = {
    "user": ["email", "phone", "external_id", "ttclid", "ttp", "ip", "idfa", "gaid"],
    "properties": ["value", "currency", "contents", "content_ids", "loyalty"],
    "page": ["url", "referrer"],
}
PAYLOADS = st.fixed_dictionaries(
    {},
    optional={
        "event_time": JSON,
        "event_id": JSON,
        "limited_data_use": JSON,
        **{
            group: st.fixed_dictionaries({}, optional=dict.fromkeys(names, JSON)) | JSON
            for group, names in FIELDS.items()
        },
    },
)
EVENTS = st.dictionaries(st.sampled_from(["id", "meta", "context", "x"]) | SURROGATES, JSON, max_size=4)


def finished(
    payload: dict[str, Any],
    *,
    event: dict[str, Any] | None = None,
    name: str = "CompletePayment",
    **settings: Any,
) -> Finished:
    send = Send("shop", "web", name, payload, Place("shop.rules", 1))
    return finish(send, {"event_name": "purchase"} if event is None else event, NOW, settings)


def sent(payload: dict[str, Any], **settings: Any) -> dict[str, Any]:
    whole: dict[str, Any] = json.loads(finished({"event_id": "e-1", **payload}, **settings).payload)
    return {key: value for key, value in whole.items() if key not in ("event", "event_time", "event_id")}


def left_out(payload: dict[str, Any]) -> list[tuple[str, str]]:
    return sorted(finished({"event_id": "e-1", **payload}).left_out)


def test_a_purchase_is_exactly_these_bytes() -> None:
    done = finished(
        {
            "properties": {
                "order_id": "A-3470981",
                "contents": [
                    {"quantity": 4, "price": 209.32, "content_id": "SKU-51161-aeba", "brand": ""},
                    {},
                ],
                "content_ids": ["SKU-51161-aeba"],
                "loyalty_tier": "gold",
                "currency": "eur",
                "value": 837.28,
            },
            "page": {"referrer": "", "url": "https://shop.example.com/thanks?ttclid=E.C.P.578e"},
            "user": {
                "user_agent": "ExampleBrowser/1.0",
                "ip": "203.0.113.4",
                "ttp": "2e60deb4175e0f8ec46943b26e7",
                "ttclid": "E.C.P.578e",
                "external_id": [HASH],
                "phone": [HASH, HASH],
                "email": HASH,
            },
            "limited_data_use": False,
            "app": {},
            "event_id": "pur-4ce42dac",
            "event_time": 1795253223,
        }
    )
    assert done.payload == (HERE / "purchase.json").read_bytes().strip()
    assert done.left_out == ()


def test_what_is_needed_beside_the_bytes() -> None:
    done = finished({"event_id": "pur-1", "event_time": 1795253223})
    assert (done.event, done.key_event) == ("CompletePayment", "Purchase")
    assert (done.event_id, done.dedup_id, done.event_time) == ("pur-1", "pur-1", 1795253223)
    assert (done.claim_seconds, done.claim_until, done.resend_seconds) == (48 * 3600, None, 47 * 3600)


@pytest.mark.parametrize(
    ("written", "setting", "wire", "key"),
    [
        ("CompletePayment", "as_written", "CompletePayment", "Purchase"),
        ("CompletePayment", "current", "Purchase", "Purchase"),
        ("SubmitForm", "as_written", "SubmitForm", "Lead"),
        ("SubmitForm", "current", "Lead", "Lead"),
        ("InAppAdImpr", "as_written", "InAppADImpr", "InAppADImpr"),
        ("NewsletterJoin", "current", "NewsletterJoin", "NewsletterJoin"),
    ],
)
def test_names(written: str, setting: str, wire: str, key: str) -> None:
    done = finished({}, name=written, event_names=setting)
    assert json.loads(done.payload)["event"] == done.event == wire
    assert done.key_event == key


@pytest.mark.parametrize(
    ("field", "value", "expected"),
    [
        ("user.email", [HASH], HASH),
        ("user.email", [HASH, "b"], [HASH, "b"]),
        ("user.external_id", ["", HASH, None], HASH),
        ("user.idfa", "ea7583cd-a667", "EA7583CD-A667"),
        ("user.idfa", HASH.upper(), HASH),
        ("user.gaid", "AAAA-2222", "aaaa-2222"),
        ("user.ip", " 203.0.113.4 ", "203.0.113.4"),
        ("user.ip", "198.51.100.7", "198.51.100.7"),
        ("user.ip", "2001:DB8:0::1", "2001:db8::1"),
        ("user.ip", "::ffff:203.0.113.4", "203.0.113.4"),
        ("user.ttclid", " E.C.P.x ", " E.C.P.x "),
        ("user.ttclid", "E" * 1000, "E" * 1000),
        ("user.ttp", "2e60deb4175e0f8ec46943b26e7", "2e60deb4175e0f8ec46943b26e7"),
        ("page.url", "HTTPS://shop.example/", "HTTPS://shop.example/"),
        ("properties.currency", " usd", "USD"),
        ("properties.content_ids", ["a"], ["a"]),
        ("properties.value", 0, 0),
        ("properties.value", 0.0, 0.0),
        ("properties.anything", {"a": {"b": ["", None, {}]}, "c": [1]}, {"c": [1]}),
    ],
)
def test_values_take_tiktoks_form(field: str, value: Any, expected: Any) -> None:
    group, name = field.split(".")
    assert sent({group: {name: value}}) == {group: {name: expected}}


@pytest.mark.parametrize(
    ("field", "value", "reason"),
    [
        ("user.idfa", "00000000-0000-0000-0000-000000000000", "no_advertising_id"),
        ("user.gaid", "00000000-0000-0000-0000-000000000000", "no_advertising_id"),
        ("user.ip", "localhost", "not_an_ip"),
        ("user.ip", "203.0.113.4:443", "not_an_ip"),
        ("user.ip", "1" * 500, "not_an_ip"),
        ("user.ip", "127.0.0.1", "private_ip"),
        ("user.ip", "10.1.2.3", "private_ip"),
        ("user.ip", "172.31.0.1", "private_ip"),
        ("user.ip", "192.168.1.1", "private_ip"),
        ("user.ip", "169.254.1.1", "private_ip"),
        ("user.ip", "0.0.0.0", "private_ip"),
        ("user.ip", "::1", "private_ip"),
        ("user.ip", "::", "private_ip"),
        ("user.ip", "fe80::1%eth0", "private_ip"),
        ("user.ip", "fd00::1", "private_ip"),
        ("user.ip", "::ffff:10.0.0.1", "private_ip"),
        ("user.ttclid", "E" * 1001, "too_long"),
        ("user.ttclid", "__CLICKID__", "unexpanded_macro"),
        ("user.ttclid", "undefined", "stands_for_nothing"),
        ("user.user_agent", "Moz\ud800", "not_unicode"),
        ("page.url", "/checkout", "not_http"),
        ("page.referrer", "android-app://com.google", "not_http"),
        ("properties.value", float("nan"), "not_finite"),
        ("properties.value", float("inf"), "not_finite"),
        ("properties.stock", 2**64, "too_large"),
        ("properties.when", object(), "not_json"),
    ],
)
def test_what_cannot_be_sent_is_left_out_and_named(field: str, value: Any, reason: str) -> None:
    group, name = field.split(".")
    assert left_out({group: {name: value}}) == [(field, reason)]
    assert sent({group: {name: value}}) == {}
    assert sent({group: {name: value}, "lead": {"lead_id": "l"}}) == {"lead": {"lead_id": "l"}}


def test_names_below_the_second_level_do_not_become_names_of_counters() -> None:
    items = [{"content_id": "a\ud800", "content_name": "undefined"}]
    deep = {"ada@example.com": {"x": float("nan")}}
    assert left_out({"properties": {"contents": items, "other": deep}}) == [
        ("properties.contents[].content_id", "not_unicode"),
        ("properties.contents[].content_name", "stands_for_nothing"),
        ("properties.other", "not_finite"),
    ]


def test_a_value_as_deep_as_a_well_is_left_out() -> None:
    deep: Any = "x"
    for _ in range(5000):
        deep = [deep]
    assert left_out({"properties": {"deep": deep, "value": 1}}) == [("properties.deep", "too_deep")]


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("e-1", "e-1"),
        (" e-1 ", " e-1 "),
        (12345678901234567890, "12345678901234567890"),
        (12.0, "12"),
        (7, "7"),
    ],
)
def test_event_ids_are_text(given: Any, expected: str) -> None:
    done = finished({"event_id": given})
    assert json.loads(done.payload)["event_id"] == done.event_id == done.dedup_id == expected


@pytest.mark.parametrize(
    "given", ["undefined", "null", "0", "NaN", True, [], {}, ["e-1"], "e\ud800", float("nan"), 1e20, None, ""]
)
def test_an_id_that_many_events_would_share_is_no_id(given: Any) -> None:
    done = finished({"event_id": given})
    assert done.dedup_id.startswith("auto-")


TIMED = {"event_name": "purchase", "value": 12, "context": {"event_timestamp": 1795253223740}}
UNTIMED = {"event_name": "purchase", "value": 12}


def test_a_derived_id_is_the_events_content() -> None:
    first = finished({"event_time": 1795253223}, event=TIMED)
    again = finished(
        {"event_time": 1795253223}, event={**dict(reversed(TIMED.items())), "meta": {"received_at": 1}}
    )
    other = finished({"event_time": 1795253223}, event={**TIMED, "value": 13})
    assert first.event_id == first.dedup_id == again.event_id == again.dedup_id
    assert first.dedup_id != other.dedup_id
    assert (first.claim_seconds, first.claim_until, first.resend_seconds) == (48 * 3600, None, 47 * 3600)


@pytest.mark.parametrize(
    "time", [1795253223, 1795253223.7, "1795253223740", "2026-11-21T09:27:03Z", 1795253223740000]
)
def test_the_time_may_stand_anywhere_in_the_event(time: Any) -> None:
    done = finished({"event_time": 1795253223}, event={"a": [{"when": time}]})
    assert (done.event_id, done.claim_until) == (done.dedup_id, None)


def test_the_events_timestamp_counts_when_the_rules_send_another_time() -> None:
    done = finished({"event_time": NOW}, event=TIMED)
    assert (done.event_id, done.claim_until) == (done.dedup_id, None)


def test_without_a_time_only_five_minutes_make_a_repetition() -> None:
    def at(now: int) -> Finished:
        return finish(
            Send("d", "web", "Search", {"event_time": now}, Place("r", 1)),
            {**UNTIMED, "meta": {"t": now}},
            now,
            {},
        )

    first, later = at(NOW), at(NOW + 301)
    assert first.dedup_id == later.dedup_id
    assert first.event_id != later.event_id
    assert (first.claim_seconds, first.claim_until, first.resend_seconds) == (300, NOW + 300, 47 * 3600)


def test_an_id_can_be_omitted() -> None:
    timed = finished({"event_time": 1795253223}, event=TIMED, missing_event_id="omit")
    untimed = finished({}, event=UNTIMED, missing_event_id="omit")
    assert "event_id" not in json.loads(timed.payload)
    assert timed.event_id is untimed.event_id is None
    assert timed.dedup_id != untimed.dedup_id
    assert (timed.claim_seconds, timed.claim_until, timed.resend_seconds) == (48 * 3600, None, 300)
    assert (untimed.claim_seconds, untimed.claim_until, untimed.resend_seconds) == (300, NOW + 300, 300)
    assert finished({"event_id": "e-1"}, missing_event_id="omit").event_id == "e-1"


@pytest.mark.parametrize(("given", "expected"), [(None, NOW), ("never", NOW), (1795253223740, 1795253223)])
def test_the_time_of_arrival_stands_in_for_none(given: Any, expected: int) -> None:
    done = finished({"event_time": given})
    assert json.loads(done.payload)["event_time"] == done.event_time == expected


def test_personal_data_is_not_shown() -> None:
    assert HASH not in repr(finished({"event_id": "e-1", "user": {"email": HASH}}))


def no_emptiness(value: Any) -> bool:
    match value:
        case dict():
            return value != {} and all(map(no_emptiness, value.values()))
        case list():
            return value != [] and all(map(no_emptiness, value))
    return value is not None and value not in ("", "null", "undefined")


@given(PAYLOADS, EVENTS, st.sampled_from(["derive", "omit"]), st.text(max_size=5) | SURROGATES)
def test_whatever_comes_there_is_a_payload_without_emptiness(
    payload: Any, event: Any, missing: str, name: str
) -> None:
    done = finished(payload, event=event, name=name, missing_event_id=missing)
    written = orjson.loads(done.payload)
    assert no_emptiness({key: value for key, value in written.items() if key != "event"})
    assert list(written)[:2] == ["event", "event_time"]
    assert isinstance(written["event_time"], int)
    assert written.get("event_id") == done.event_id
    assert all(path.encode() and reason for path, reason in done.left_out)


@given(PAYLOADS)
def test_finishing_twice_is_finishing_once(payload: Any) -> None:
    once = orjson.loads(finished({**payload, "event_id": "e-1"}).payload)
    again = finished({key: value for key, value in once.items() if key != "event"})
    assert orjson.loads(again.payload) == once
    assert again.left_out == ()


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"city": " New York "}, {"city": "newyork"}),
        ({"city": "St. Gallen"}, {"city": "stgallen"}),
        ({"city": "Zürich", "state": "N.R.W."}, {"city": "zürich", "state": "nrw"}),
        ({"city": "東京"}, {"city": "東京"}),
        ({"country": " US "}, {"country": "us"}),
        ({"country": "Germany", "city": "--", "state": "CA"}, {"state": "ca"}),
    ],
)
def test_places_are_plain_lower_case_words(given: Any, expected: Any) -> None:
    assert json.loads(finished({"event_id": "e-1", "user": given}).payload)["user"] == expected
