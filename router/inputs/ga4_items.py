"""GA4's items, as its own protocol and those that follow it write them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from router.inputs.picking import parts, text


def items_of(values: object) -> list[dict[str, Any]]:
    """The items of a list, in the standard shape; members may still be None."""
    return [_item(each) for each in parts(values)]


def _item(item: Mapping[str, Any]) -> dict[str, Any]:
    categories = ("item_category", "item_category2", "item_category3", "item_category4", "item_category5")
    return {
        "id": text(item.get("item_id")),
        "quantity": item.get("quantity"),
        "product": {
            "name": item.get("item_name"),
            "price": item.get("price"),
            "brand": item.get("item_brand"),
            "variant": item.get("item_variant"),
            **{f"category_{number}": item.get(name) for number, name in enumerate(categories, 1)},
        },
    }
