"""What becomes of each of Shopify's webhooks."""

from __future__ import annotations

import json
from typing import Any

import pytest
from trackers import NOW

from router.inputs import FORMATS, Decoded, RawRequest, decode
from router.settings import Consent, Settings, Shopify

ORDER: dict[str, Any] = {
    "id": 820_982_911_946_154_508,
    "name": "#1001",
    "order_number": 1001,
    "token": "t-1",
    "checkout_token": "co-1",
    "cart_token": "ca-1",
    "created_at": "2026-11-21T04:27:00-05:00",
    "processed_at": "2026-11-21T05:27:03-05:00",
    "total_price": "409.94",
    "subtotal_price": "398.00",
    "currency": "USD",
    "contact_email": "jon@example.com",
    "source_name": "web",
    "landing_site": "/?ttclid=E.C.P.1",
    "referring_site": "https://www.tiktok.example/",
    "order_status_url": "https://shop.example/orders/authenticate?key=secret",
    "customer": {
        "id": 115_310_627_314_723_954,
        "email": "john@example.com",
        "first_name": "John",
        "last_name": "Smith",
        "email_marketing_consent": {"state": "subscribed"},
    },
    "shipping_address": {
        "phone": "+1 415 555 0100",
        "city": "Ottawa",
        "province_code": "ON",
        "country_code": "CA",
        "zip": "K2P0V6",
    },
    "line_items": [
        {
            "variant_id": 808_950_810,
            "product_id": 632_910_392,
            "sku": "IPOD-1",
            "title": "IPod Nano",
            "vendor": "Apple",
            "variant_title": "Pink",
            "price": "199.00",
            "quantity": 2,
        },
        {"variant_id": None, "product_id": None, "sku": "", "title": "Tip", "price": "1.00", "quantity": 1},
    ],
}
FACTS = {
    "x-shopify-topic": "orders/paid",
    "x-shopify-shop-domain": "shop.example",
    "x-shopify-event-id": "event-7",
    "x-shopify-triggered-at": "2026-11-21T10:27:04.5Z",
    "x-shopify-hmac-sha256": "c2lnbmF0dXJl",
}


def decoded(body: Any, settings: Settings | None = None, **facts: str) -> Decoded:
    headers = {**FACTS, **{f"x-shopify-{name.replace('_', '-')}": each for name, each in facts.items()}}
    request = RawRequest(json.dumps(body).encode(), NOW, headers, client_ip="203.0.113.77")
    return decode("shopify", request, settings or Settings())


def event_of(body: Any, settings: Settings | None = None, **facts: str) -> dict[str, Any]:
    (arrival,) = decoded(body, settings, **facts).arrivals
    return arrival.event


def reading(**more: Any) -> Settings:
    return Settings(shopify=Shopify(**more))


def test_a_paid_order_is_a_purchase() -> None:
    event = event_of(ORDER)
    properties, meta = event.pop("properties"), event.pop("meta")
    assert event == {
        "event_name": "purchase",
        "id": "820982911946154508",
        "value": "409.94",
        "currency": "USD",
        "consent": {"unread": True},
        "order_id": "820982911946154508",
        "items": [
            {
                "id": "808950810",
                "quantity": 2,
                "product": {
                    "id": "632910392",
                    "name": "IPod Nano",
                    "price": "199.00",
                    "brand": "Apple",
                    "variant": "Pink",
                },
            },
            {
                "id": None,
                "quantity": 1,
                "product": {"id": None, "name": "Tip", "price": "1.00", "brand": None, "variant": None},
            },
        ],
        "user": {
            "id": "115310627314723954",
            "email": "jon@example.com",
            "phone": "+1 415 555 0100",
            "first_name": "John",
            "last_name": "Smith",
            "city": "Ottawa",
            "state": "ON",
            "country": "CA",
            "zip": "K2P0V6",
        },
        "context": {
            "event_timestamp": "2026-11-21T05:27:03-05:00",
            "page": {
                "url": "https://shop.example/?ttclid=E.C.P.1",
                "referrer": "https://www.tiktok.example/",
            },
        },
    }
    assert (meta["original_name"], meta["id_origin"]) == ("orders/paid", "sender")
    assert (properties["cart_token"], properties["shop_domain"]) == ("ca-1", "shop.example")
    assert "customer" not in properties
    assert "order_status_url" not in properties


def test_the_request_is_shopifys_and_not_the_buyers() -> None:
    (arrival,) = decoded(ORDER).arrivals
    assert "device" not in arrival.event["context"]
    assert "x-shopify-hmac-sha256" not in arrival.headers


@pytest.mark.parametrize(
    ("topic", "name"),
    [
        ("orders/paid", "purchase"),
        ("orders/create", "orders_create"),
        ("orders/updated", "orders_updated"),
        ("checkouts/create", "begin_checkout"),
        ("checkouts/update", "checkouts_update"),
        ("carts/create", "add_to_cart"),
        ("carts/update", "carts_update"),
        ("refunds/create", "refund"),
        ("customers/create", "sign_up"),
        ("Orders/Paid ", "purchase"),
    ],
)
def test_topics_have_names(topic: str, name: str) -> None:
    assert event_of(ORDER, topic=topic)["event_name"] == name


def test_the_order_may_count_when_it_is_created() -> None:
    settings = reading(purchase_topic="orders/create")
    assert event_of(ORDER, settings, topic="orders/create")["event_name"] == "purchase"
    assert event_of(ORDER, settings, topic="orders/paid")["event_name"] == "orders_paid"


def test_a_redelivery_has_the_id_of_the_first_delivery() -> None:
    for topic, known in (
        ("orders/paid", "820982911946154508"),
        ("checkouts/create", "t-1"),
        ("carts/create", "t-1"),
        ("checkouts/update", "event-7"),
        ("orders/updated", "event-7"),
        ("refunds/create", "event-7"),
        ("customers/create", "event-7"),
    ):
        ids = {event_of(ORDER, topic=topic, webhook_id=each)["id"] for each in ("delivery-1", "delivery-2")}
        assert ids == {known}


def test_the_id_is_what_the_pixel_sends() -> None:
    noted = {**ORDER, "note_attributes": [{"name": "event_id", "value": "pixel-1"}]}
    assert event_of(noted)["id"] == "pixel-1"
    assert event_of(noted, topic="orders/updated")["id"] == "event-7"
    assert event_of(ORDER, reading(event_id="order_{order_number}"))["id"] == "order_1001"
    assert event_of(ORDER, reading(event_id="{checkout_token}.{id}"))["id"] == "co-1.820982911946154508"
    lacking = {name: each for name, each in ORDER.items() if name != "checkout_token"}
    assert event_of(lacking, reading(event_id="{checkout_token}"))["id"] == "event-7"


def test_order_and_items_are_named_as_the_settings_say() -> None:
    event = event_of(ORDER, reading(order_id="name", item_id="sku"))
    assert (event["order_id"], [each["id"] for each in event["items"]]) == ("#1001", ["IPOD-1", None])
    event = event_of(ORDER, reading(order_id="order_number", item_id="product_id"))
    assert (event["order_id"], event["items"][0]["id"]) == ("1001", "632910392")


def money(shop: str, buyer: str) -> dict[str, Any]:
    return {
        "shop_money": {"amount": shop, "currency_code": "USD"},
        "presentment_money": {"amount": buyer, "currency_code": "EUR"},
    }


def test_money_stays_the_text_that_shopify_writes() -> None:
    order = {
        **ORDER,
        "current_total_price": "12345678901234567890.10",
        "total_price_set": money("409.94", "380.07"),
        "subtotal_price_set": money("398.00", "369.00"),
        "line_items": [{"variant_id": 1, "price": "199.00", "price_set": money("199.00", "184.50")}],
    }
    event = event_of(order)
    assert (event["value"], event["currency"]) == ("12345678901234567890.10", "USD")
    assert event["items"][0]["product"]["price"] == "199.00"
    event = event_of(order, reading(money="presentment", value="subtotal"))
    assert (event["value"], event["currency"]) == ("369.00", "EUR")
    assert event["items"][0]["product"]["price"] == "184.50"
    event = event_of(ORDER, reading(money="presentment", value="subtotal"))
    assert (event["value"], event["currency"]) == ("398.00", "USD")


def test_a_cart_is_worth_the_sum_of_its_lines() -> None:
    lines = [
        {"variant_id": 1, "line_price": "0.10", "price_set": money("0.10", "0.09")},
        {"variant_id": 2, "line_price": "0.20"},
    ]
    event = event_of({"token": "c-1", "line_items": lines}, topic="carts/create")
    assert (event["id"], event["value"], event["currency"]) == ("c-1", "0.30", "USD")
    for amount in ("much", "NaN", "1e999999999", None, True, []):
        broken = {"token": "c-1", "line_items": [{"variant_id": 1, "line_price": amount}]}
        assert "value" not in event_of(broken, topic="carts/create")


def test_an_empty_cart_is_no_addition() -> None:
    assert event_of({"token": "c-1", "line_items": []}, topic="carts/create")["event_name"] == "carts_create"


def test_a_refund_names_its_order_and_amount() -> None:
    refund = {
        "id": 509_562_969,
        "order_id": 450_789_469,
        "created_at": "2026-11-21T05:27:03-05:00",
        "refund_line_items": [{"quantity": 1, "line_item": {"variant_id": 7, "title": "A", "quantity": 3}}],
        "transactions": [
            {"kind": "refund", "amount": "209.00", "currency": "USD"},
            {"kind": "refund", "amount": "0.95", "currency": "USD"},
            {"kind": "void", "amount": "5.00", "currency": "USD"},
        ],
    }
    event = event_of(refund, topic="refunds/create")
    assert (event["order_id"], event["value"], event["currency"]) == ("450789469", "209.95", "USD")
    assert [(each["id"], each["quantity"]) for each in event["items"]] == [("7", 1)]


def test_a_new_customer_signs_up() -> None:
    customer = {
        "id": 706_405_506_930_370_084,
        "email": "bob@example.com",
        "first_name": "Bob",
        "default_address": {"city": "Bern", "country_code": "CH"},
    }
    event = event_of(customer, topic="customers/create")
    assert event["user"] == {
        "id": "706405506930370084",
        "email": "bob@example.com",
        "first_name": "Bob",
        "city": "Bern",
        "country": "CH",
    }
    assert event["properties"] == {"id": 706_405_506_930_370_084, "shop_domain": "shop.example"}
    assert event["context"]["event_timestamp"] == "2026-11-21T10:27:04.5Z"


def test_a_till_is_offline() -> None:
    event = event_of({**ORDER, "source_name": "pos"})
    assert event["partners"] == {"tiktok": {"event_source": "offline"}}


def test_the_theme_may_note_the_click_and_the_browser() -> None:
    notes = {"ttclid": "E.C.P.2", "_ttp": "ttp-1", "odd": 5}
    tiktok = {"ttclid": "E.C.P.2", "ttp": "ttp-1"}
    assert event_of({**ORDER, "note_attributes": notes})["partners"]["tiktok"] == tiktok
    listed = [*({"name": name, "value": each} for name, each in notes.items()), 5, {}]
    assert event_of({**ORDER, "note_attributes": listed})["partners"]["tiktok"] == tiktok


@pytest.mark.parametrize(
    ("landing", "url"),
    [
        ("/?a=1", "https://shop.example/?a=1"),
        ("https://other.example/x", "https://other.example/x"),
        ("//other.example/x", "//other.example/x"),
        (None, None),
        ("", None),
        (5, "5"),
    ],
)
def test_the_landing_page_is_on_the_shops_domain(landing: Any, url: str | None) -> None:
    event = event_of({**ORDER, "landing_site": landing})
    assert event["context"]["page"].get("url") == url


@pytest.mark.parametrize(
    ("change", "facts", "code"),
    [
        ({"test": True}, {}, "test_order"),
        ({}, {"test": "true"}, "test_order"),
        ({"source_name": "tiktok"}, {}, "excluded_source"),
        ({"source_name": "TikTok"}, {}, "excluded_source"),
        ({}, {"topic": ""}, "missing_topic"),
    ],
)
def test_what_is_not_taken_is_rejected_and_shopify_hears_success(
    change: dict[str, Any], facts: dict[str, str], code: str
) -> None:
    found = decoded({**ORDER, **change}, **facts)
    assert [each.code for each in found.rejections] == [code]
    (endpoint,) = FORMATS["shopify"].endpoints
    assert endpoint.answering is not None
    reply = endpoint.answering.answer(RawRequest(b"", NOW), found)
    assert reply is not None
    assert reply.status == 200


def test_what_can_never_be_taken_is_not_sent_again() -> None:
    (endpoint,) = FORMATS["shopify"].endpoints
    assert endpoint.answering is not None
    assert {status: each.status for status, each in endpoint.answering.refused.items()} == {
        400: 200,
        413: 200,
        415: 200,
    }


def test_other_sources_may_be_excluded() -> None:
    settings = reading(excluded_sources=("Draft_Orders",))
    assert decoded({**ORDER, "source_name": "draft_orders"}, settings).rejections
    assert decoded({**ORDER, "source_name": "tiktok"}, settings).arrivals


@pytest.mark.parametrize(
    ("change", "granted"),
    [
        ({}, {"advertising": False, "personalization": True}),
        ({"buyer_accepts_marketing": True}, {"advertising": True, "personalization": True}),
        ({"buyer_accepts_marketing": "yes"}, {"advertising": False, "personalization": True}),
        (
            {"note_attributes": {"consent": "x, marketing"}, "customer": None},
            {"advertising": True, "personalization": False},
        ),
    ],
)
def test_consent_is_what_the_settings_map(change: dict[str, Any], granted: dict[str, bool]) -> None:
    table = (
        ("buyer_accepts_marketing", "advertising"),
        ("marketing", "advertising"),
        ("email_marketing", "personalization"),
    )
    settings = Settings(consent=Consent(shopify=table))
    assert event_of({**ORDER, **change}, settings)["consent"] == granted
    assert event_of({**ORDER, **change})["consent"] == {"unread": True}


def test_an_order_without_a_word_of_consent_is_not_unread() -> None:
    silent = {**ORDER, "customer": None, "buyer_accepts_marketing": False}
    assert "consent" not in event_of(silent)
    assert event_of(silent, Settings(consent=Consent(shopify=(("x", "advertising"),))))["consent"] == {
        "advertising": False
    }


def test_a_file_holds_notifications_with_their_headers() -> None:
    line = {
        "metadata": {"X-Shopify-Topic": "orders/paid", "X-Shopify-Shop-Domain": "s.example"},
        "payload": ORDER,
    }
    body = "\n".join([json.dumps(line)] * 2).encode()
    found = decode("shopify", RawRequest(body, NOW))
    assert [each.event["event_name"] for each in found.arrivals] == ["purchase"] * 2
    assert found.arrivals[0].event["context"]["page"]["url"] == "https://s.example/?ttclid=E.C.P.1"
