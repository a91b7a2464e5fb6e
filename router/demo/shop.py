"""What the made-up shop sells."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

SITE: Final = "https://shop.example"
CURRENCY: Final = "EUR"


@dataclass(frozen=True, slots=True)
class Product:
    """One product; its price is in cents."""

    id: str
    name: str
    brand: str
    category: str
    cents: int


PRODUCTS: Final = (
    Product("SKU-1001", "Cedar trail boots", "Juniper", "Shoes > Hiking", 14_995),
    Product("SKU-1002", "Harbor sneakers", "Lagoon", "Shoes > Street", 8_990),
    Product("SKU-2001", "Alpine shell jacket", "Glacier", "Clothes > Jackets", 21_900),
    Product("SKU-2002", "Maple flannel shirt", "Juniper", "Clothes > Shirts", 5_450),
    Product("SKU-2003", "Wool socks, three pairs", "Nectar", "Clothes > Socks", 1_999),
    Product("SKU-3001", "Kestrel day pack", "Kestrel", "Bags > Packs", 9_900),
    Product("SKU-3002", "Indigo tote", "Lagoon", "Bags > Totes", 2_495),
    Product("SKU-4001", "Ember camping stove", "Ember", "Outdoor > Kitchen", 6_475),
    Product("SKU-4002", "Fjord steel bottle", "Fjord", "Outdoor > Kitchen", 2_750),
    Product("SKU-5001", "Glacier head torch", "Glacier", "Outdoor > Light", 3_999),
)

Basket = list[tuple[Product, int]]


def order(basket: Iterable[tuple[Product, int]]) -> dict[str, Any]:
    """The fields of an event that tell of products: `value` is their total."""
    chosen = list(basket)
    return {
        "value": _amount(sum(product.cents * count for product, count in chosen)),
        "currency": CURRENCY,
        "items": [_item(product, count) for product, count in chosen],
    }


def _item(product: Product, count: int) -> dict[str, Any]:
    about = {
        "name": product.name,
        "brand": product.brand,
        "category_1": product.category,
        "price": _amount(product.cents),
    }
    return {"id": product.id, "quantity": count, "product": about}


def _amount(cents: int) -> float:
    # Dividing whole cents gives the float that is written with two decimals; nothing is added up after it.
    return cents / 100
