"""The rule files of the integrations behind the formats that feed them, from a body to TikTok's event."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from router.assets import asset
from router.explain import explain
from router.inputs import RawRequest, decode
from router.lang.program import Program
from router.rulebook import load
from router.settings import Consent, Settings, Shopify

NOW = 1_767_261_600.0
DOCS = Path(__file__).parents[2] / "docs" / "integrations"
PURCHASES = Path(__file__).parents[1] / "inputs" / "purchases"
SETTINGS = Settings(
    consent=Consent(
        mparticle=(("marketing", "advertising"),),
        shopify=(("marketing", "advertising"),),
        commanders_act=(("2", "advertising"),),
    )
)


@dataclass(frozen=True)
class Came:
    """What came out of one event."""

    outcome: str
    payload: dict[str, Any]


@cache
def program(name: str) -> Program:
    found = load([asset(f"rules/{name}.rules")]).program
    assert found
    return found


def through(name: str, format_: str, body: Any, settings: Settings = SETTINGS, **headers: str) -> list[Came]:
    """Each event of a body through a shipped rule file; rejections stand for themselves."""
    sent = {key.replace("_", "-").lower(): value for key, value in headers.items()}
    request = RawRequest(json.dumps(body).encode(), NOW, headers=sent, from_visitor=False)
    decoded = decode(format_, request, settings)
    assert decoded.problem is None
    came = [Came(each.code, {}) for each in decoded.rejections]
    for arrival in decoded.arrivals:
        outcomes = explain(program(name), arrival).outcomes
        came += [Came(each.reason or each.outcome, each.payload or {}) for each in outcomes]
    return came


# ------------------------------------------------------------------ mParticle


def batch(*events: dict[str, Any], **more: Any) -> dict[str, Any]:
    whole = json.loads((PURCHASES / "mparticle.json").read_text("utf-8"))
    flags = whole["events"][0]["data"]["custom_flags"]
    for each in events:
        each["data"].setdefault("custom_flags", flags)
    return {**whole, "events": list(events), **more}


def commerce(action: str) -> dict[str, Any]:
    products = [{"id": "sku-1", "name": "Boots", "category": "Shoes", "price": 60.25, "quantity": 2}]
    data = {
        "event_id": 9007199254740993,
        "currency_code": "EUR",
        "timestamp_unixtime_ms": 1767225600123,
        "product_action": {"action": action, "total_amount": 120.5, "products": products},
    }
    return {"event_type": "commerce_event", "data": data}


def custom(name: str, **data: Any) -> dict[str, Any]:
    return {"event_type": "custom_event", "data": {"event_name": name, **data}}


SEVEN = {
    "currency": "EUR",
    "value": 120.5,
    "contents": [
        {
            "price": 60.25,
            "quantity": 2,
            "content_id": "sku-1",
            "content_type": "product",
            "content_name": "Boots",
            "content_category": "Shoes",
        }
    ],
}
ACTIONS = {
    "add_to_cart": "AddToCart",
    "add_to_wishlist": "AddToWishlist",
    "purchase": "PlaceAnOrder",
    "checkout": "InitiateCheckout",
    "view_detail": "ViewContent",
}


@pytest.mark.parametrize("action", ACTIONS)
def test_mparticle_commerce_actions_carry_all_seven_parameters(action: str) -> None:
    (came,) = through("mparticle", "mparticle", batch(commerce(action)))
    assert came.payload["event"] == ACTIONS[action]
    assert came.payload["properties"].items() >= SEVEN.items()
    assert came.payload["properties"]["description"]


@pytest.mark.parametrize("name", ["Add Payment Info", "complete_payment", "Place An Order", "view_content"])
def test_mparticle_custom_events_named_like_tiktoks_carry_them_too(name: str) -> None:
    data = {**commerce("x")["data"], "event_name": name}
    (came,) = through("mparticle", "mparticle", batch({"event_type": "custom_event", "data": data}))
    assert came.payload["event"].lower() == re.sub("[ _]", "", name).lower()
    assert came.payload["properties"].items() >= SEVEN.items()


@pytest.mark.parametrize(
    ("event", "name", "properties"),
    [
        (custom("Click Button"), "ClickButton", {"description": "click_button"}),
        (custom("contact"), "Contact", {"description": "contact"}),
        (custom("download"), "Download", {"description": "download"}),
        (
            custom("search", custom_attributes={"query": "boots"}),
            "Search",
            {"description": "search", "query": "boots", "search_string": "boots"},
        ),
        (
            custom("subscribe", product_action={"total_amount": 9.99}, currency_code="EUR"),
            "Subscribe",
            {"description": "subscribe", "currency": "EUR", "value": 9.99},
        ),
    ],
)
def test_mparticle_other_events_carry_what_is_theirs(
    event: dict[str, Any], name: str, properties: dict[str, Any]
) -> None:
    (came,) = through("mparticle", "mparticle", batch(event))
    assert (came.payload["event"], came.payload["properties"]) == (name, properties)


def test_mparticle_names_of_the_older_api_become_those_of_the_newer_one() -> None:
    flags = {
        "TikTok.URL": "https://shop.example/ok",
        "TikTok.Referrer": "https://shop.example/",
        "TikTok.Callback": "E.C.P.callback",
    }
    purchase = commerce("purchase")
    purchase["data"]["custom_flags"] = flags
    (came,) = through("mparticle", "mparticle", batch(purchase))
    payload = came.payload
    assert payload["page"] == {"url": flags["TikTok.URL"], "referrer": flags["TikTok.Referrer"]}
    assert payload["user"]["ttclid"] == "E.C.P.callback"
    assert (payload["event_id"], payload["event_time"]) == ("9007199254740993", 1767225600)
    assert not payload.keys() & {"context", "ad", "timestamp"}


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"user_identities": {}}, "no e-mail, external id or phone"),
        ({"ip": None}, "no IP address"),
        ({"device_info": {"platform": "web"}}, "no user agent"),
    ],
)
def test_mparticle_forwards_nothing_without_person_and_context(change: dict[str, Any], reason: str) -> None:
    (came,) = through("mparticle", "mparticle", batch(commerce("purchase"), **change))
    assert came.outcome == reason


def test_mparticle_identities_are_hashed_and_chosen_by_settings() -> None:
    body = batch(commerce("purchase"), user_identities={"other": "ada@example.com"})
    chosen = replace(SETTINGS, mparticle=replace(SETTINGS.mparticle, email_identity="other"))
    (came,) = through("mparticle", "mparticle", body, chosen)
    assert re.fullmatch("[0-9a-f]{64}", came.payload["user"]["email"])


@pytest.mark.parametrize("action", ["refund", "remove_from_cart", "click", "remove_from_wish_list"])
def test_mparticle_other_commerce_actions_have_a_reason(action: str) -> None:
    (came,) = through("mparticle", "mparticle", batch(commerce(action)))
    assert came.outcome == "commerce action not supported"


def test_mparticle_takes_web_events_only() -> None:
    in_app = batch(commerce("purchase"), device_info={"platform": "iOS", "http_header_user_agent": "App"})
    in_app["application_info"] = {"package": "com.example.shop"}
    assert [each.outcome for each in through("mparticle", "mparticle", in_app)] == ["unhandled"]


# ------------------------------------------------------------------ Upstack


def order(**more: Any) -> dict[str, Any]:
    return {**json.loads((PURCHASES / "shopify.json").read_text("utf-8")), **more}


def shopify(body: dict[str, Any], settings: Settings = SETTINGS) -> list[Came]:
    headers = {"X_Shopify_Topic": "orders/paid", "X_Shopify_Shop_Domain": "shop.example"}
    return through("upstack", "shopify", body, settings, **headers)


def test_upstack_sends_an_order_of_shopify() -> None:
    (came,) = shopify(order())
    assert came.payload["event"] == "CompletePayment"
    properties = came.payload["properties"]
    assert (properties["value"], properties["currency"]) == (1502.48, "USD")
    assert properties["order_id"] == "5678901234567"
    assert [each["content_id"] for each in properties["contents"]] == ["1", "1", "1"]
    assert came.payload["user"].keys() >= {"email", "phone", "external_id", "ttclid", "ttp"}


def test_upstack_excludes_orders_of_tiktok_shop_twice() -> None:
    assert [each.outcome for each in shopify(order(source_name="tiktok"))] == ["excluded_source"]
    taken = replace(SETTINGS, shopify=Shopify(excluded_sources=()))
    assert [each.outcome for each in shopify(order(source_name="tiktok"), taken)] == ["order source excluded"]


# ------------------------------------------------------------------ Zeotap


def test_zeotap_takes_hashes_and_times_in_any_unit() -> None:
    digest = "B5FC85E55755F9E0D030A10AB4429B6B2944855F9A0D60077FE832BECBC41D72"
    event = {
        "event_name": "CompletePayment",
        "consent": {"advertising": True, "processing": True},
        "user": {"hashed": {"email": digest}},
    }
    for stamp in (1767225600, 1767225600000, 1767225600000000, "2026-01-01T00:00:00Z"):
        (came,) = through("zeotap_cdp", "standard", {**event, "context": {"event_timestamp": stamp}})
        assert came.payload["event_time"] == 1767225600
        assert came.payload["user"]["email"] == digest.lower()


def test_zeotap_rows_of_texts_are_typed_by_their_schema() -> None:
    row = {
        "event_name": "CompletePayment",
        "event_time": "1767225600",
        "email": "ada@example.com",
        "value": "120.50",
        "currency": "eur",
        "content_id": "sku-1",
        "content_type": "",
        "advertising_consent": "true",
    }
    (came,) = through("zeotap_warehouse", "raw", row)
    assert came.payload["event_time"] == 1767225600
    assert came.payload["properties"] == {
        "value": 120.5,
        "currency": "EUR",
        "content_type": "product",
        "contents": [{"content_id": "sku-1", "content_type": "product"}],
    }


def test_zeotap_rows_without_an_id_are_the_same_row_when_they_come_again() -> None:
    row = {
        "event_name": "Contact",
        "event_time": "1767225600",
        "email": "ada@example.com",
        "advertising_consent": True,
    }
    (first,), (second,) = (through("zeotap_warehouse", "raw", row) for _ in range(2))
    (other,) = through("zeotap_warehouse", "raw", {**row, "value": 1})
    assert first.payload["event_id"] == second.payload["event_id"] != other.payload["event_id"]


# ------------------------------------------------------------------ Commanders Act


def test_commanders_act_web_only_rows_are_skipped_with_a_reason_in_apps() -> None:
    event = {
        "event_name": "application_approval",
        "user": {"consent_categories": ["2"]},
        "context": {"app": {"namespace": "com.example"}},
    }
    assert [each.outcome for each in through("commanders_act", "commanders_act", event)] == ["not_for_source"]


@pytest.mark.parametrize(
    ("event", "source"),
    [
        ({}, "web"),
        ({"context": {"app": {}}}, "web"),
        ({"context": {"app": {"name": "Shop", "namespace": "com.example"}}}, "app"),
        ({"experience_type": "native app", "context": {"app": {"namespace": "com.example"}}}, "app"),
        ({"context": {"app": {"name": "Shop"}}, "partners": {"tiktok": {"event_source": "web"}}}, "web"),
    ],
)
def test_commanders_act_finds_the_source_of_an_event(event: dict[str, Any], source: str) -> None:
    whole = {"event_name": "search", "user": {"consent_categories": ["2"]}, **event}
    request = RawRequest(json.dumps(whole).encode(), NOW, from_visitor=False)
    (arrival,) = decode("commanders_act", request, SETTINGS).arrivals
    assert explain(program("commanders_act"), arrival).source == source


# ------------------------------------------------------------------ what the pages show


BLOCK = re.compile(r"```rules\n(.*?)```", re.DOTALL)
BLOCKS = [
    pytest.param(block, id=f"{page.stem}-{number}")
    for page in sorted(DOCS.glob("*.md"))
    for number, block in enumerate(BLOCK.findall(page.read_text("utf-8")), 1)
]


@pytest.mark.parametrize("block", BLOCKS)
def test_the_rules_of_the_pages_are_right(block: str, tmp_path: Path) -> None:
    path = tmp_path / "page.rules"
    path.write_text(block, "utf-8")
    assert [each.message for each in load([path]).problems] == []


def test_every_integration_has_a_page_and_a_rule_file() -> None:
    pages = {page.stem for page in DOCS.glob("*.md")} - {"README"}
    files = {path.stem for path in asset("rules").glob("*.rules")} - {"standard"}
    assert pages == files
