"""The products of a gtag hit: `pr1=idSKU-1~nmBoots~pr60.25~qt2`."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from router.lang import exact

_PRODUCT: Final = re.compile(r"pr([1-9][0-9]{0,3})")
_FIELDS: Final = {
    "id": "item_id", "nm": "item_name", "br": "item_brand", "va": "item_variant", "pr": "price",
    "qt": "quantity", "ca": "item_category", "c2": "item_category2", "c3": "item_category3",
    "c4": "item_category4", "c5": "item_category5", "cp": "coupon", "ds": "discount",
    "ln": "item_list_name", "li": "item_list_id", "lp": "index", "lo": "location_id", "af": "affiliation",
    "cn": "creative_name", "cs": "creative_slot",
    "pi": "promotion_id", "pn": "promotion_name",
}  # fmt: skip
_NUMBERS: Final = frozenset({"price", "quantity", "discount", "index"})
_CUSTOM_NAME: Final = re.compile(r"k([0-9]{1,2})(.*)", re.DOTALL)
_CUSTOM_VALUE: Final = re.compile(r"v([0-9]{1,2})(.*)", re.DOTALL)


def items_of(hit: Mapping[str, str]) -> list[dict[str, Any]]:
    """The products in their order, in the words of the Measurement Protocol."""
    found = sorted(
        (int(named[1]), value) for name, value in hit.items() if (named := _PRODUCT.fullmatch(name))
    )
    return [_item(value) for _, value in found]


def _item(text: str) -> dict[str, Any]:
    fields = _fields(text)
    item = {name: _value(name, each[2:]) for each in fields if (name := _FIELDS.get(each[:2])) and each[2:]}
    return {**_custom(fields), **item}


def _fields(text: str) -> list[str]:
    """The parts between tildes; the tag writes a tilde of a value twice."""
    return [each.replace("\0", "~") for each in text.replace("~~", "\0").split("~")]


def _value(name: str, text: str) -> Any:
    number = exact.parse(text) if name in _NUMBERS else None
    return text if number is None else number


def _custom(fields: list[str]) -> dict[str, str]:
    """Parameters of the site's own: `k0color~v0red`."""
    names = {found[1]: found[2] for each in fields if (found := _CUSTOM_NAME.fullmatch(each))}
    values = {found[1]: found[2] for each in fields if (found := _CUSTOM_VALUE.fullmatch(each))}
    return {name: values[slot] for slot, name in names.items() if slot in values and name}
