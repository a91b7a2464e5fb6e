"""What a Shopify order, checkout, cart or refund holds: money, items, a person."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from router.inputs.picking import first, part, parts, text, total
from router.settings import Shopify

READ: Final = frozenset({
    "addresses", "billing_address", "browser_ip", "buyer_accepts_marketing", "client_details",
    "contact_email", "customer", "customer_locale", "default_address", "email", "first_name", "landing_site",
    "last_name", "line_items", "phone", "referring_site", "shipping_address",
    # Whoever has these addresses sees the order, or can pay for it.
    "abandoned_checkout_url", "order_status_url", "payment_details",
})  # fmt: skip
"""Members that are read into fields of their own, or that nobody else may have."""
_FIELD: Final = re.compile(r"\{(\w+)\}")


def event_id(order: Mapping[str, Any], settings: Shopify) -> str | None:
    """`shopify.event_id` with the order's fields in it; None when the order lacks one of them."""
    found = {name: text(order.get(name)) for name in _FIELD.findall(settings.event_id)}
    if None in found.values():
        return None
    return _FIELD.sub(lambda field: str(found[field[1]]), settings.event_id)


def order_id(body: Mapping[str, Any], event_name: str, settings: Shopify) -> str | None:
    """The id of the order that was bought or refunded; a refund knows no other id than the number."""
    match event_name:
        case "purchase":
            return text(body.get(settings.order_id))
        case "refund":
            return text(body.get("order_id"))
    return text(body.get("id")) if event_name.startswith("orders_") else None


def amounts(body: Mapping[str, Any], settings: Shopify) -> dict[str, Any]:
    """Value and currency; amounts stay the texts that Shopify writes."""
    transactions = [each for each in parts(body.get("transactions")) if each.get("kind") == "refund"]
    if transactions:
        value = total(each.get("amount") for each in transactions)
        return {"value": value, "currency": transactions[0].get("currency")}
    if first(body.get("current_total_price"), body.get("total_price")) is None:
        lines = parts(body.get("line_items"))
        value = total(each.get("line_price") for each in lines)
        return {"value": value, "currency": _currency_of(lines)}
    name = "total_price" if settings.value == "total" else "subtotal_price"
    if _in_presentment(body, settings):
        money = part(first(body.get(f"current_{name}_set"), body.get(f"{name}_set")), "presentment_money")
        return {"value": money.get("amount"), "currency": money.get("currency_code")}
    value = first(body.get(f"current_{name}"), body.get(name))
    return {"value": value, "currency": body.get("currency")}


def _in_presentment(body: Mapping[str, Any], settings: Shopify) -> bool:
    """Checkouts and carts have one currency only."""
    return settings.money == "presentment" and bool(part(body, "total_price_set"))


def _currency_of(lines: list[dict[str, Any]]) -> object:
    money = (part(part(each, "price_set"), "shop_money").get("currency_code") for each in lines)
    return next((each for each in money if each), None)


def items(body: Mapping[str, Any], settings: Shopify) -> list[dict[str, Any]]:
    """The lines of an order, or of what was refunded."""
    refunded = parts(body.get("refund_line_items"))
    lines = [{**part(each, "line_item"), "quantity": each.get("quantity")} for each in refunded]
    buyers = _in_presentment(body, settings)
    return [_item(each, settings, buyers) for each in lines or parts(body.get("line_items"))]


def _item(line: Mapping[str, Any], settings: Shopify, buyers: bool) -> dict[str, Any]:
    ids = (line.get(name) for name in (settings.item_id, "variant_id", "product_id", "sku"))
    money = part(part(line, "price_set"), "presentment_money") if buyers else {}
    return {
        "id": text(first(*ids)),
        "quantity": line.get("quantity"),
        "product": {
            "id": text(line.get("product_id")),
            "name": first(line.get("title"), line.get("name")),
            "price": first(money.get("amount"), line.get("price")),
            "brand": line.get("vendor"),
            "variant": line.get("variant_title"),
        },
    }


def person(body: Mapping[str, Any], topic: str) -> dict[str, Any]:
    """The buyer; the body of a `customers/` notification is a customer itself."""
    customer = body if topic.startswith("customers/") else part(body, "customer")
    billing, shipping = part(body, "billing_address"), part(body, "shipping_address")
    address = billing or shipping or part(customer, "default_address")
    return {
        "id": text(customer.get("id")),
        "email": first(body.get("email"), body.get("contact_email"), customer.get("email")),
        "phone": first(body.get("phone"), billing.get("phone"), shipping.get("phone"), customer.get("phone")),
        "first_name": first(customer.get("first_name"), address.get("first_name")),
        "last_name": first(customer.get("last_name"), address.get("last_name")),
        "city": address.get("city"),
        "state": first(address.get("province_code"), address.get("province")),
        "country": address.get("country_code"),
        "zip": address.get("zip"),
    }
