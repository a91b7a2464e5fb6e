"""The commerce properties of Segment's specification."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from router.inputs.picking import first, parts

_MARKS_OF_A_PRODUCT: Final = ("product_id", "sku")


def commerce(properties: Mapping[str, Any]) -> dict[str, Any]:
    """What the properties of an event say of an order, a product or a search."""
    return {
        "value": first(*map(properties.get, ("total", "value", "revenue"))),
        "currency": properties.get("currency"),
        "order_id": properties.get("order_id"),
        "search_term": first(properties.get("query"), properties.get("search_term")),
        "status": properties.get("status"),
        "content_type": properties.get("content_type"),
        "items": [_item(each) for each in _products(properties)],
    }


def _products(properties: Mapping[str, Any]) -> list[dict[str, Any]]:
    if isinstance(properties.get("products"), list):
        return parts(properties["products"])
    alone = any(properties.get(mark) not in (None, "") for mark in _MARKS_OF_A_PRODUCT)
    return [dict(properties)] if alone else []


def _item(product: Mapping[str, Any]) -> dict[str, Any]:
    found = {
        "id": first(*map(product.get, ("product_id", "sku", "id"))),
        "quantity": product.get("quantity"),
        "content_type": product.get("content_type"),
        "product": _kept(product, "name", "price", "currency", "brand", "variant"),
    }
    if (category := first(product.get("category"))) is not None:
        found["product"]["category_1"] = category
    return {name: value for name, value in found.items() if value not in (None, "", {})}


def _kept(product: Mapping[str, Any], *names: str) -> dict[str, Any]:
    return {name: product[name] for name in names if product.get(name) not in (None, "")}
