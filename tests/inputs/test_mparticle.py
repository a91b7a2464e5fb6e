"""What becomes of mParticle's batches."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from trackers import NOW

from router.inputs import FORMATS, Decoded, RawRequest, decode
from router.settings import Consent, MParticle, Settings


def batch(*events: Any, **more: Any) -> dict[str, Any]:
    return {"environment": "production", "events": list(events), **more}


def commerce(action: str = "purchase", **data: Any) -> dict[str, Any]:
    return {"event_type": "commerce_event", "data": {"product_action": {"action": action}, **data}}


def decoded(body: Any, settings: Settings | None = None, **more: Any) -> Decoded:
    text = body if isinstance(body, bytes) else json.dumps(body).encode()
    return decode("mparticle", RawRequest(text, NOW, from_visitor=False, **more), settings or Settings())


def event_of(body: Any, settings: Settings | None = None) -> dict[str, Any]:
    (arrival,) = decoded(body, settings).arrivals
    return arrival.event


@pytest.mark.parametrize(
    ("action", "name"),
    [
        ("add_to_cart", "add_to_cart"),
        ("remove_from_cart", "remove_from_cart"),
        ("checkout", "begin_checkout"),
        ("checkout_option", "checkout_option"),
        ("click", "select_item"),
        ("view_detail", "view_item"),
        ("purchase", "purchase"),
        ("refund", "refund"),
        ("add_to_wishlist", "add_to_wishlist"),
        ("remove_from_wish_list", "remove_from_wishlist"),
    ],
)
def test_actions_have_names(action: str, name: str) -> None:
    event = event_of(batch(commerce(action)))
    assert (event["event_name"], event["meta"]["original_name"]) == (name, action)


@pytest.mark.parametrize(
    ("kind", "data", "name"),
    [
        ("commerce_event", {"promotion_action": {"action": "view"}}, "view_promotion"),
        ("commerce_event", {"promotion_action": {"action": "click"}}, "select_promotion"),
        ("commerce_event", {"product_impressions": [{"products": [{"id": "a"}]}]}, "view_item_list"),
        ("custom_event", {"event_name": "Sign Up", "custom_event_type": "other"}, "sign_up"),
        ("custom_event", {"event_name": "登録"}, "登録"),
        (
            "application_state_transition",
            {"application_transition_type": "application_exit"},
            "application_exit",
        ),
        (
            "application_state_transition",
            {"application_transition_type": "application_initialized"},
            "launch_app",
        ),
        (
            "application_state_transition",
            {"application_transition_type": "application_initialized", "is_first_run": True},
            "install_app",
        ),
        ("first_run", {}, "install_app"),
        ("session_start", {}, "session_start"),
        ("opt_out", {}, "opt_out"),
        ("screen_view", {"screen_name": "Home"}, "page_view"),
    ],
)
def test_types_have_names(kind: str, data: dict[str, Any], name: str) -> None:
    assert event_of(batch({"event_type": kind, "data": data}))["event_name"] == name


def test_a_screen_of_an_app_is_a_screen() -> None:
    event = event_of(
        batch(
            {"event_type": "screen_view", "data": {"screen_name": "Home"}},
            device_info={
                "platform": "iOS",
                "ios_advertising_id": "ad-1",
                "att_authorization_status": "authorized",
            },
            application_info={"package": "com.example.shop", "application_name": "Shop"},
        )
    )
    assert event["event_name"] == "screen_view"
    assert event["context"]["app"] == {"namespace": "com.example.shop", "name": "Shop"}
    assert event["context"]["device"] == {
        "type": "iOS",
        "advertising_id": "ad-1",
        "att_status": "authorized",
    }


def test_a_page_is_of_no_app_and_limited_tracking_hides_the_advertising_id() -> None:
    app = {"package": "com.example.shop"}
    assert "context" not in event_of(batch(commerce(), application_info=app))
    device = {"platform": "Android", "android_advertising_id": "ad-1", "limit_ad_tracking": True}
    event = event_of(batch(commerce(), application_info=app, device_info=device))
    assert event["context"] == {"device": {"type": "Android"}, "app": {"namespace": "com.example.shop"}}


def test_a_purchase_is_read_whole() -> None:
    product = {
        "id": "sku-1",
        "price": 3.5,
        "quantity": 2,
        "name": "A",
        "brand": "B",
        "category": "C",
        "variant": "D",
    }
    event = event_of(
        batch(
            commerce(
                "purchase",
                product_action={
                    "action": "purchase",
                    "transaction_id": "o-1",
                    "total_amount": 7.0,
                    "currency": "EUR",
                    "products": [product, 5],
                },
                custom_flags={"TikTok.URL": ["https://shop.example/"], "tiktok_callback": "E.C.P.1"},
                custom_attributes={"plan": "gold"},
                event_id=-(2**63),
                source_message_id="m-1",
            ),
            user_identities={"email": "a@example.com", "customer_id": 7, "mobile_number": "+1"},
            user_attributes={"$FirstName": "Ada", "$City": "London", "tier": "gold"},
            mpid=2**63 + 1,
            timestamp_unixtime_ms=1_795_253_223_740,
            ip="203.0.113.4",
        )
    )
    event.pop("meta")
    assert event == {
        "event_name": "purchase",
        "id": "-9223372036854775808",
        "value": 7.0,
        "currency": "EUR",
        "order_id": "o-1",
        "items": [
            {
                "id": "sku-1",
                "quantity": 2,
                "product": {"name": "A", "price": 3.5, "brand": "B", "category_1": "C", "variant": "D"},
            }
        ],
        "user": {
            "id": "7",
            "anonymous_id": "9223372036854775809",
            "email": "a@example.com",
            "phone": "+1",
            "first_name": "Ada",
            "city": "London",
        },
        "context": {
            "event_timestamp": 1_795_253_223_740,
            "page": {"url": "https://shop.example/"},
            "device": {"ip": "203.0.113.4"},
        },
        "partners": {"tiktok": {"ttclid": "E.C.P.1"}},
        "properties": {"custom_attributes": {"plan": "gold"}, "user_attributes": {"tier": "gold"}},
    }


def test_the_currency_stands_in_either_place_and_the_schemas_wins() -> None:
    event = event_of(
        batch(commerce(product_action={"action": "purchase", "currency": "EUR"}, currency_code="USD"))
    )
    assert event["currency"] == "USD"


@given(number=st.integers(-(2**80), 2**80))
def test_ids_are_exact(number: int) -> None:
    event = event_of(batch(commerce(event_id=number), mpid=number))
    assert (event["id"], event["user"]["anonymous_id"]) == (str(number), str(number))


def test_a_float_is_no_id() -> None:
    assert "id" not in event_of(batch(commerce(event_id=1e18)))


def test_a_search_has_its_term() -> None:
    search = {
        "event_type": "custom_event",
        "data": {"event_name": "Search", "custom_attributes": {"query": "boots"}},
    }
    assert event_of(batch(search))["search_term"] == "boots"


def test_identities_are_chosen_by_settings() -> None:
    settings = Settings(
        mparticle=MParticle(
            email_identity="other", external_identity="other_id_2", phone_identity="phone_number_2"
        )
    )
    known = {"other": "x@example.com", "other_id_2": "u-2", "phone_number_2": "+2", "email": "no@example.com"}
    event = event_of(batch(commerce(), user_identities=known), settings)
    assert event["user"] == {"id": "u-2", "email": "x@example.com", "phone": "+2"}


@pytest.mark.parametrize(
    ("state", "consent"),
    [
        ({"gdpr": {"marketing": {"consented": True}}}, {"advertising": True}),
        ({"gdpr": {"marketing": {"consented": False}}}, {"advertising": False}),
        ({"gdpr": {"other": {"consented": True}, "marketing": 5}}, {"advertising": False}),
        ({"ccpa": {"data_sale_opt_out": {"consented": False}}}, {"advertising": True}),
        ({"ccpa": {"data_sale_opt_out": {"consented": True}}}, {"advertising": False}),
        ({}, None),
        (5, None),
    ],
)
def test_consent_is_what_the_settings_map(state: Any, consent: Any) -> None:
    table = (("marketing", "advertising"), ("ccpa.data_sale", "advertising"))
    settings = Settings(consent=Consent(mparticle=table))
    assert event_of(batch(commerce(), consent_state=state), settings).get("consent") == consent


def test_an_opt_out_of_sale_limits_the_use_of_data() -> None:
    state = {"ccpa": {"data_sale_opt_out": {"consented": True}}}
    assert event_of(batch(commerce(), consent_state=state))["partners"] == {"tiktok": {"ldu": True}}


def test_development_is_never_live() -> None:
    body = batch(commerce(), environment="development")
    found = decoded(body)
    assert [each.code for each in found.rejections] == ["development_event"]
    assert answer(found).status == 202
    assert decoded(body, Settings(profile="test")).arrivals


def test_a_bulk_holds_many_people() -> None:
    bulk = [batch(commerce(), mpid=1), batch(commerce("refund"), commerce("click"), mpid=2), batch(), 5, {}]
    found = decoded(bulk)
    assert [(each.event["event_name"], each.event["user"]["anonymous_id"]) for each in found.arrivals] == [
        ("purchase", "1"),
        ("refund", "2"),
        ("select_item", "2"),
    ]
    assert [(each.index, each.code) for each in found.rejections] == [
        (3, "not_an_object"),
        (4, "missing_events"),
    ]


def answer(found: Decoded) -> Any:
    (endpoint, _) = FORMATS["mparticle"].endpoints
    assert endpoint.answering is not None
    return endpoint.answering.answer(RawRequest(b"", NOW), found)


def test_one_bad_event_costs_no_other() -> None:
    body = batch(commerce(), 5, {"event_type": "custom_event"}, {}, commerce("click"))
    found = decoded(body)
    assert [each.event["event_name"] for each in found.arrivals] == ["purchase", "select_item"]
    assert [(each.index, each.code) for each in found.rejections] == [
        (1, "not_an_object"),
        (2, "missing_event_name"),
        (3, "missing_event_name"),
    ]
    assert answer(found).status == 202


def test_an_event_that_is_not_quite_json_costs_no_other() -> None:
    text = json.dumps(batch(commerce(), commerce("click", bad="NAN"), mpid=2**70)).replace('"NAN"', "NaN")
    for body in (text, f"[{text}]"):
        found = decoded(body.encode())
        assert [each.event["user"]["anonymous_id"] for each in found.arrivals] == [str(2**70)]
        assert [(each.index, each.code) for each in found.rejections] == [(1, "unusable_number")]


def test_what_is_wrong_around_the_events_costs_all_of_them() -> None:
    text = json.dumps(batch(commerce(), commerce(), mpid="NAN")).replace('"NAN"', "NaN")
    assert [each.code for each in decoded(text.encode()).rejections] == ["unusable_number"] * 2


@pytest.mark.parametrize(
    ("body", "status"), [(b"[{}]", 400), (b"5", 400), (b'{"events": 5}', 400), (b'{"events": []}', 202)]
)
def test_what_holds_no_event_is_answered_as_mparticle_does(body: bytes, status: int) -> None:
    reply = answer(decoded(body))
    assert reply.status == status
    if status == 400:
        assert [set(each) for each in json.loads(reply.body)["errors"]] == [{"code", "message"}]


@pytest.mark.parametrize("body", [b"", b"{", b'{"events": [{]}', b"[{}", b"nonsense", b"[}"])
def test_what_is_no_json_is_refused(body: bytes) -> None:
    problem = decoded(body).problem
    assert problem is not None
    assert problem.code == "not_json"
