"""Every rule of the judge: one wrong body each, and good bodies that nothing is said about."""

from __future__ import annotations

import copy
import hashlib
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from router.tiktok.judge import Finding, judge, judge_member

NOW = 1_795_255_200
GONE = object()


def sha(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


MEMBERS: dict[str, dict[str, Any]] = {
    "web": {
        "event": "Purchase",
        "event_time": NOW,
        "event_id": "order-17",
        "user": {
            "email": sha("ada@example.com"),
            "phone": [sha("+12133734253"), sha("+4915112345678")],
            "external_id": [sha("user_123"), sha("session-9")],
            "ttclid": "E.C.P.abc",
            "ttp": "01HZY3_.tt.1",
            "ip": "8.8.8.8",
            "user_agent": "Mozilla/5.0",
            "locale": "en-US",
            "city": "berlin",
        },
        "properties": {
            "currency": "EUR",
            "value": 120.5,
            "content_type": "product",
            "content_ids": ["sku-1"],
            "contents": [{"content_id": "sku-1", "price": 60.25, "quantity": 2, "brand": "Acme"}],
            "num_items": 2,
            "mileage": {"value": 0, "unit": "KM"},
            "suggested_hotels": ["h1", "h2"],
        },
        "page": {"url": "https://shop.example/ok?ttclid=E.C.P.abc", "referrer": "https://shop.example/cart"},
        "limited_data_use": False,
    },
    "app": {
        "event": "AchieveLevel",
        "event_time": NOW,
        "app": {"app_id": "1234567890", "app_version": "2.1"},
        "user": {"idfa": "EA7583CD-A667-48BC-B806-42ECB2B48606", "att_status": "AUTHORIZED"},
        "ad": {"attributed": True, "attribution_share": 0.5, "attribution_method": 3},
    },
    "offline": {
        "event": "Purchase",
        "event_time": NOW,
        "user": {"email": sha("ada@example.com")},
        "properties": {"currency": "EUR", "value": 10},
    },
    "crm": {
        "event": "QualifiedLead",
        "event_time": NOW,
        "user": {"phone": sha("+12133734253")},
        "lead": {"lead_id": "7123", "lead_event_source": "HubSpot"},
    },
}


def body(source: str = "web") -> dict[str, Any]:
    ids = {"web": "C4A1B2C3D4E5F6G7H8I9", "app": "7000000000000000001", "offline": "7000000000000000002"}
    return {
        "event_source": source,
        "event_source_id": ids.get(source, "7000000000000000003"),
        "data": [copy.deepcopy(MEMBERS[source])],
    }


def changed(source: str, path: str, value: Any) -> dict[str, Any]:
    """A good body with one place changed, added, or taken away."""
    whole = body(source)
    holder: Any = whole
    *way, last = [int(step) if step.isdecimal() else step for step in path.split("/")]
    for step in way:
        holder = holder[step]
    if value is GONE:
        del holder[last]
    else:
        holder[last] = value
    return whole


def said(found: list[Finding]) -> list[tuple[str, str, str]]:
    return [(each.severity, each.code, each.path) for each in found]


@pytest.mark.parametrize("source", sorted(MEMBERS))
def test_good_bodies_have_no_findings(source: str) -> None:
    assert judge(json.dumps(body(source)).encode(), now=NOW) == []
    assert judge_member(MEMBERS[source], source, now=NOW) == []


def test_a_web_body_without_page_is_taken_with_a_warning() -> None:
    sample = {
        "event_source": "web",
        "event_source_id": "C4A1B2C3D4E5F6G7H8I9",
        "data": [
            {
                "event": "CompletePayment",
                "event_time": 1_672_387_200,
                "event_id": "123456",
                "user": {
                    "ttclid": "123ATXSfe",
                    "external_id": sha("user_123"),
                    "phone": sha("+12133734253"),
                    "email": sha("ada@example.com"),
                    "ip": "13.57.97.131",
                    "user_agent": "Mozilla/5.0",
                },
                "properties": {
                    "contents": [
                        {"price": 8.2, "quantity": 2, "content_id": "1077218", "content_name": "socks"}
                    ],
                    "content_type": "product",
                    "currency": "USD",
                    "value": 30.5,
                },
            }
        ],
    }
    assert {each.code for each in judge(sample)} == {"event_renamed", "no_page_url"}
    assert all(each.severity == "warning" for each in judge(sample))


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (b"", "not_json"),
        (b"{", "not_json"),
        (b"\xff\xfe", "not_json"),
        (b'{"data": NaN}', "not_json"),
        (b"[" * 20_000, "not_json"),
        (b'"\\ud800"', "not_json"),
        ("{", "not_json"),
        (b"3", "not_object"),
        (b"null", "not_object"),
        (b"[]", "not_object"),
    ],
)
def test_what_is_no_request(text: bytes | str, code: str) -> None:
    assert said(judge(text)) == [("error", code, "")]


D = "data[0]"
U = "data[0].user"
P = "data[0].properties"
REQUEST_ERRORS: list[tuple[str, Any, str, str]] = [
    ("event_source", GONE, "missing_field", "event_source"),
    ("event_source", "Web", "event_source", "event_source"),
    ("event_source", None, "event_source", "event_source"),
    ("event_source", ["web"], "event_source", "event_source"),
    ("event_source_id", GONE, "missing_field", "event_source_id"),
    ("event_source_id", 7_000_000, "wrong_type", "event_source_id"),
    ("event_source_id", "", "empty_value", "event_source_id"),
    ("event_source_id", None, "empty_value", "event_source_id"),
    ("test_event_code", 12, "wrong_type", "test_event_code"),
    ("test_event_code", "", "empty_value", "test_event_code"),
    ("partner_name", {}, "wrong_type", "partner_name"),
    ("data", GONE, "missing_field", "data"),
    ("data", {}, "wrong_type", "data"),
    ("data", None, "wrong_type", "data"),
    ("data", [], "no_events", "data"),
    ("data/0", "Purchase", "event_not_object", D),
    ("data/0", None, "event_not_object", D),
]
WEB_ERRORS: list[tuple[str, Any, str, str]] = [
    ("event", GONE, "missing_field", f"{D}.event"),
    ("event", "", "empty_value", f"{D}.event"),
    ("event", None, "empty_value", f"{D}.event"),
    ("event", 5, "wrong_type", f"{D}.event"),
    ("event", "Order Completed", "event_name", f"{D}.event"),
    ("event", "x" * 51, "event_name", f"{D}.event"),
    ("event", "1st", "event_name", f"{D}.event"),
    ("event_time", GONE, "missing_field", f"{D}.event_time"),
    ("event_time", str(NOW), "wrong_type", f"{D}.event_time"),
    ("event_time", "2026-11-21T10:00:00Z", "wrong_type", f"{D}.event_time"),
    ("event_time", NOW + 0.5, "wrong_type", f"{D}.event_time"),
    ("event_time", True, "wrong_type", f"{D}.event_time"),
    ("event_time", NOW * 1000, "event_time_ms", f"{D}.event_time"),
    ("event_time", NOW * 1_000_000, "event_time_ms", f"{D}.event_time"),
    ("event_time", 0, "event_time_zero", f"{D}.event_time"),
    ("event_time", None, "empty_value", f"{D}.event_time"),
    ("event_id", 17, "wrong_type", f"{D}.event_id"),
    ("event_id", "", "empty_value", f"{D}.event_id"),
    ("event_id", "undefined", "empty_value", f"{D}.event_id"),
    ("test_event_code", "TEST1", "misplaced_test_event_code", f"{D}.test_event_code"),
    ("limited_data_use", "false", "wrong_type", f"{D}.limited_data_use"),
    ("limited_data_use", 0, "wrong_type", f"{D}.limited_data_use"),
    ("user", ["a"], "wrong_type", U),
    ("user/email", "ada@example.com", "not_hashed", f"{U}.email"),
    ("user/email", sha("a").upper(), "hash_upper", f"{U}.email"),
    ("user/email", "5d41402abc4b2a76b9719d911017c592", "hash_md5", f"{U}.email"),
    ("user/email", "aaf4c61ddcc5e8a2dabede0f3b482cd9aea9434d", "hash_wrong", f"{U}.email"),
    ("user/email", sha("a")[:63], "not_hashed", f"{U}.email"),
    ("user/email", sha("a") + "\n", "not_hashed", f"{U}.email"),
    ("user/email", "", "empty_value", f"{U}.email"),
    ("user/email", "null", "empty_value", f"{U}.email"),
    ("user/email", [sha("a"), "ada@example.com"], "not_hashed", f"{U}.email[1]"),
    ("user/email", [[sha("a")]], "wrong_type", f"{U}.email[0]"),
    ("user/email", {"a": 1}, "wrong_type", f"{U}.email"),
    ("user/phone", "+12133734253", "not_hashed", f"{U}.phone"),
    ("user/phone", 12_133_734_253, "wrong_type", f"{U}.phone"),
    ("user/phone", [None], "empty_value", f"{U}.phone[0]"),
    ("user/external_id", "user_123", "not_hashed", f"{U}.external_id"),
    ("user/first_name", "Ada", "not_hashed", f"{U}.first_name"),
    ("user/last_name", "Lovelace", "not_hashed", f"{U}.last_name"),
    ("user/zip_code", "95110", "not_hashed", f"{U}.zip_code"),
    ("user/ttclid", "E.C.P." + "x" * 995, "too_long", f"{U}.ttclid"),
    ("user/ttclid", "__CLICKID__", "ttclid_macro", f"{U}.ttclid"),
    ("user/ttclid", ["E.C.P.a"], "wrong_type", f"{U}.ttclid"),
    ("user/ttp", ["t"], "wrong_type", f"{U}.ttp"),
    ("user/ip", None, "empty_value", f"{U}.ip"),
    ("page", "https://shop.example/", "wrong_type", f"{D}.page"),
    ("page/url", "", "empty_value", f"{D}.page.url"),
    ("page/url", "ftp://shop.example/", "url_scheme", f"{D}.page.url"),
    ("page/url", "/checkout", "url_scheme", f"{D}.page.url"),
    ("page/url", "https://", "url_scheme", f"{D}.page.url"),
    ("page/url", "http://[::1", "url_scheme", f"{D}.page.url"),
    ("properties/value", "120.5", "wrong_type", f"{P}.value"),
    ("properties/value", True, "wrong_type", f"{P}.value"),
    ("properties/value", float("nan"), "not_finite", f"{P}.value"),
    ("properties/value", float("inf"), "not_finite", f"{P}.value"),
    ("properties/num_items", 2.5, "wrong_type", f"{P}.num_items"),
    ("properties/num_items", "2", "wrong_type", f"{P}.num_items"),
    ("properties/currency", None, "empty_value", f"{P}.currency"),
    ("properties/content_type", "Product", "not_an_option", f"{P}.content_type"),
    ("properties/customer_type", "loyal", "not_an_option", f"{P}.customer_type"),
    ("properties/content_ids", "sku-1", "wrong_type", f"{P}.content_ids"),
    ("properties/content_ids", [1], "wrong_type", f"{P}.content_ids[0]"),
    ("properties/content_ids", ["a", "undefined"], "empty_value", f"{P}.content_ids[1]"),
    ("properties/contents", {"content_id": "1"}, "wrong_type", f"{P}.contents"),
    ("properties/contents", ["sku-1"], "wrong_type", f"{P}.contents[0]"),
    ("properties/contents/0/content_id", 1, "wrong_type", f"{P}.contents[0].content_id"),
    ("properties/contents/0/content_id", "undefined", "empty_value", f"{P}.contents[0].content_id"),
    ("properties/contents/0/price", "(null)", "empty_value", f"{P}.contents[0].price"),
    ("properties/contents/0/price", "60.25", "wrong_type", f"{P}.contents[0].price"),
    ("properties/contents/0/quantity", 1.5, "wrong_type", f"{P}.contents[0].quantity"),
    ("properties/contents/0/content_type", "goods", "not_an_option", f"{P}.contents[0].content_type"),
    ("properties/order_id", 17, "wrong_type", f"{P}.order_id"),
    ("properties/mileage/unit", "km", "not_an_option", f"{P}.mileage.unit"),
    ("properties/preferred_price_range", [1, "2"], "wrong_type", f"{P}.preferred_price_range[1]"),
    ("properties/vin", "1" * 18, "too_long", f"{P}.vin"),
]
OTHER_ERRORS: list[tuple[str, str, Any, str, str]] = [
    ("app", "app", GONE, "missing_field", f"{D}.app.app_id"),
    ("app", "app/app_id", GONE, "missing_field", f"{D}.app.app_id"),
    ("app", "app/app_id", 1_234_567_890, "wrong_type", f"{D}.app.app_id"),
    ("app", "app/app_id", "", "empty_value", f"{D}.app.app_id"),
    ("app", "user/att_status", "authorized", "not_an_option", f"{U}.att_status"),
    ("app", "ad/attribution_share", 1.5, "out_of_bounds", f"{D}.ad.attribution_share"),
    ("app", "ad/attributed", "yes", "wrong_type", f"{D}.ad.attributed"),
    ("offline", "event", "StorePickup", "event_not_standard", f"{D}.event"),
    ("offline", "event", "AchieveLevel", "event_not_standard", f"{D}.event"),
    ("crm", "lead", GONE, "missing_field", f"{D}.lead.lead_id"),
    ("crm", "lead/lead_id", 7123, "wrong_type", f"{D}.lead.lead_id"),
]
ERRORS = [
    *(("web", path, value, code, at) for path, value, code, at in REQUEST_ERRORS),
    *(("web", f"data/0/{path}", value, code, at) for path, value, code, at in WEB_ERRORS),
    *((source, f"data/0/{path}", value, code, at) for source, path, value, code, at in OTHER_ERRORS),
]


@pytest.mark.parametrize(("source", "path", "value", "code", "at"), ERRORS)
def test_errors(source: str, path: str, value: Any, code: str, at: str) -> None:
    found = judge(changed(source, path, value), now=NOW)
    assert [(e.code, e.path) for e in found if e.severity == "error"] == [(code, at)]


WARNINGS: list[tuple[str, str, Any, str, str]] = [
    ("web", "pixel_code", "C4A1", "unknown_key", "pixel_code"),
    ("web", "event_source_id", "7123456789012345678", "pixel_id", "event_source_id"),
    ("web", "data/0/event", "CompletePayment", "event_renamed", f"{D}.event"),
    ("web", "data/0/event", "SubmitForm", "event_renamed", f"{D}.event"),
    ("web", "data/0/event", "PlaceAnOrder", "event_deprecated", f"{D}.event"),
    ("web", "data/0/event", "ClickButton", "event_deprecated", f"{D}.event"),
    ("web", "data/0/event", "Checkout", "event_reserved", f"{D}.event"),
    ("web", "data/0/event", "Registration", "event_reserved", f"{D}.event"),
    ("web", "data/0/event", "StartCheckout", "event_reserved", f"{D}.event"),
    ("web", "data/0/event", "AchieveLevel", "event_other_source", f"{D}.event"),
    ("app", "data/0/event", "InAppAdImpr", "event_case", f"{D}.event"),
    ("web", "data/0/event", "purchase", "event_case", f"{D}.event"),
    ("app", "data/0/event", "InitiateCheckout", "event_other_source", f"{D}.event"),
    ("offline", "data/0/event", "CompletePayment", "event_renamed", f"{D}.event"),
    ("web", "data/0/event_id", GONE, "no_event_id", f"{D}.event_id"),
    ("web", "data/0/event_time", NOW + 3600, "event_time_future", f"{D}.event_time"),
    ("web", "data/0/event_time", NOW - 29 * 86_400, "event_time_old", f"{D}.event_time"),
    ("web", "data/0/page/url", GONE, "no_page_url", f"{D}.page.url"),
    ("web", "data/0/page", GONE, "no_page_url", f"{D}.page.url"),
    ("web", "data/0/user", GONE, "no_user", U),
    ("web", "data/0/user", {}, "no_user", U),
    ("web", "data/0/user", {"ip": "8.8.8.8", "user_agent": "Mozilla/5.0"}, "weak_match", U),
    ("web", "data/0/user", {"user_agent": "Mozilla/5.0", "email": []}, "weak_match", U),
    ("web", "data/0/email", "x", "unknown_key", f"{D}.email"),
    ("web", "data/0/timestamp", "2026-11-21", "unknown_key", f"{D}.timestamp"),
    ("web", "data/0/context", {}, "unknown_key", f"{D}.context"),
    ("web", "data/0/event_source", "web", "unknown_key", f"{D}.event_source"),
    ("web", "data/0/odd key", 1, "unknown_key", f'{D}["odd key"]'),
    ("web", "data/0/user/ttclidX", "x", "unknown_key", f"{U}.ttclidX"),
    ("web", "data/0/properties/curency", "EUR", "custom_property", f"{P}.curency"),
    ("web", "data/0/properties/loyalty_tier", "gold", "custom_property", f"{P}.loyalty_tier"),
    ("web", "data/0/properties/contents/0/sku", "1", "unknown_key", f"{P}.contents[0].sku"),
    ("web", "data/0/properties/content_ids", [], "empty_list", f"{P}.content_ids"),
    ("web", "data/0/properties/search_string", "null", "placeholder_text", f"{P}.search_string"),
    ("web", "data/0/properties/currency", "eur", "currency_case", f"{P}.currency"),
    ("web", "data/0/properties/currency", "BGN", "currency_unlisted", f"{P}.currency"),
    ("web", "data/0/properties/currency", GONE, "no_currency", f"{P}.currency"),
    ("web", "data/0/user/ip", "192.168.1.4", "ip_private", f"{U}.ip"),
    ("web", "data/0/user/ip", "fe80::1", "ip_private", f"{U}.ip"),
    ("web", "data/0/user/ip", "8.8.8.8:443", "ip_malformed", f"{U}.ip"),
    ("web", "data/0/user/email", sha(""), "hash_of_nothing", f"{U}.email"),
    ("web", "data/0/user/phone/0", sha("undefined"), "hash_of_nothing", f"{U}.phone[0]"),
    ("web", "data/0/user/idfv", "x", "not_for_source", f"{U}.idfv"),
    ("app", "data/0/limited_data_use", True, "ldu_without_ip", f"{D}.limited_data_use"),
    ("app", "data/0/user/idfa", "ea7583cd-a667", "idfa_case", f"{U}.idfa"),
    ("app", "data/0/user/gaid", "AAAAAA-2222", "gaid_case", f"{U}.gaid"),
    ("app", "data/0/user/ttp", "x", "not_for_source", f"{U}.ttp"),
    ("offline", "data/0/limited_data_use", True, "not_for_source", f"{D}.limited_data_use"),
    ("offline", "data/0/user", GONE, "no_match_key", U),
    ("crm", "data/0/user", {"email": []}, "no_match_key", U),
]


@pytest.mark.parametrize("key", ["email", "phone", "external_id", "ttclid", "ttp"])
def test_one_key_more_than_address_and_browser_is_enough(key: str) -> None:
    device = {"ip": "8.8.8.8", "user_agent": "Mozilla/5.0"}
    known = {**device, key: sha("x")}
    assert "weak_match" not in {code for _, code, _ in said(judge(changed("web", "data/0/user", known)))}
    assert "weak_match" not in {code for _, code, _ in said(judge(changed("app", "data/0/user", device)))}


@pytest.mark.parametrize(("source", "path", "value", "code", "at"), WARNINGS)
def test_warnings(source: str, path: str, value: Any, code: str, at: str) -> None:
    found = said(judge(changed(source, path, value), now=NOW))
    assert ("warning", code, at) in found
    assert all(severity == "warning" for severity, _, _ in found)


@pytest.mark.parametrize(
    ("path", "value", "fix"),
    [
        ("event_source", "Web", 'did you mean "web"?'),
        ("evnt_source", "web", "did you mean `event_source`?"),
        ("batch", [], "version 1.x; now data[]"),
        ("data/0/event", "Complete Payment", "did you mean CompletePayment?"),
        ("data/0/event_id", 17, "put it in quotes"),
        ("data/0/email", "x", "did you mean `user.email`?"),
        ("data/0/timestamp", "x", "version 1.x; now data[].event_time (int seconds)"),
        ("data/0/context", {}, "version 1.x; now `user`, `page` and `ad`"),
        ("data/0/event_source", "web", "it belongs to the request, beside `data`"),
        ("data/0/user/phone_number", "x", "version 1.x; now data[].user.phone"),
        ("data/0/user/ttclidX", "x", "did you mean `ttclid`?"),
        ("data/0/properties/contents_ids", [], "did you mean `content_ids`?"),
        ("data/0/properties/price", 3, "did you mean `properties.contents[].price`?"),
        ("data/0/properties/value", "12", "write it without quotes"),
        ("data/0/properties/content_ids", "a", "put it in [ ]"),
        ("data/0/properties/content_type", "Product", 'did you mean "product"?'),
        ("data/0/properties/currency", "eur", 'write "EUR"'),
    ],
)
def test_fixes(path: str, value: Any, fix: str) -> None:
    assert fix in [each.fix for each in judge(changed("web", path, value))]


def test_a_thousand_events_are_taken_and_one_more_is_not() -> None:
    whole = body()
    whole["data"] = [copy.deepcopy(MEMBERS["web"]) | {"event_id": str(n)} for n in range(1000)]
    assert judge(whole) == []
    whole["data"].append(copy.deepcopy(MEMBERS["web"]))
    assert said(judge(whole)) == [("error", "too_many_events", "data")]


def test_the_index_of_the_guilty_event_is_named() -> None:
    whole = body()
    whole["data"] = [copy.deepcopy(MEMBERS["web"]) | {"event_id": str(n)} for n in range(5)]
    whole["data"][3]["user"]["email"] = "ada@example.com"
    (found,) = judge(whole)
    assert found.path == "data[3].user.email"


def test_an_event_and_its_renamed_twin_in_one_request_repeat_each_other() -> None:
    whole = body()
    whole["data"].append(copy.deepcopy(MEMBERS["web"]) | {"event": "CompletePayment"})
    assert ("warning", "repeated_event_id", "data[1].event_id") in said(judge(whole))


def test_without_a_valid_source_what_holds_for_all_sources_is_still_judged() -> None:
    whole = changed("web", "event_source", "shop")
    whole["data"][0]["event_time"] = NOW * 1000
    assert [each.code for each in judge(whole)] == ["event_source", "event_time_ms"]


def test_age_is_judged_only_against_a_given_time() -> None:
    old = changed("web", "data/0/event_time", NOW - 400 * 86_400)
    assert judge(old) == []


def test_findings_never_quote_personal_data() -> None:
    whole = body()
    whole["data"][0]["user"] |= {
        "email": "ada@example.com",
        "phone": "+12133734253",
        "ip": "10.1.2.3",
        "city": 7,
    }
    whole["data"][0]["user"] |= {"ttclid": "s" * 1001}
    text = repr(judge(whole))
    assert not any(secret in text for secret in ("ada@", "2133734253", "10.1.2.3", "ssss"))


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)
PLACES = sorted(
    {path for _, path, _, _, _ in ERRORS} | {path for source, path, _, _, _ in WARNINGS if source == "web"}
)


@given(JSON)
def test_no_json_makes_the_judge_raise(value: Any) -> None:
    assert all(each.severity in {"error", "warning"} for each in judge(value))


@given(st.binary(max_size=200) | st.text(max_size=200))
def test_no_text_makes_the_judge_raise(text: bytes | str) -> None:
    assert isinstance(judge(text), list)


@given(
    st.sampled_from(
        [path for path in PLACES if "app" not in path and "lead" not in path and "ad/" not in path]
    ),
    JSON,
)
def test_no_json_at_a_known_place_makes_the_judge_raise(path: str, value: Any) -> None:
    try:
        whole = changed("web", path, value)
    except KeyError:
        whole = {path: value}
    assert isinstance(judge(whole, now=NOW), list)
    assert isinstance(judge_member(value, "app"), list)
