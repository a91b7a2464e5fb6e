"""Payloads leaf by leaf, and how much of a value may be shown."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import orjson

from router.lang.values import same
from router.tiktok.catalogue import TARGET

_NUMBERED = re.compile(r"\[\d+\]")
_LONGEST = 80
_CLEAR_SHARE = 3
_MOST_CLEAR = 8


def leaves(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Every value of a payload with its path, as in `properties.contents[0].price`; plain lists are whole."""
    if isinstance(value, dict) and value:
        for key, each in value.items():
            yield from leaves(each, f"{path}.{key}" if path else str(key))
    elif isinstance(value, list) and any(isinstance(each, dict) for each in value):
        for index, each in enumerate(value):
            yield from leaves(each, f"{path}[{index}]")
    else:
        yield path, value


def differences(before: dict[str, Any], after: dict[str, Any]) -> Iterator[tuple[str, Any, Any]]:
    """Paths whose values differ, in the order of the payloads, with both values; None is not there."""
    left, right = dict(leaves(before)), dict(leaves(after))
    for path in dict.fromkeys([*left, *right]):
        one, other = left.get(path), right.get(path)
        if not same(one, other):
            yield path, one, other


def field_of(path: str) -> str:
    """The field of TikTok's catalogue that a path stands for: `contents[0].price` is `contents[].price`."""
    return _NUMBERED.sub("[]", path)


def shown(path: str, value: Any) -> Any:
    """The value as it may be shown: what is personal and not hashed, and addresses' queries, are cut."""
    field = TARGET.fields.get(field_of(path))
    if isinstance(value, list):
        return [shown(path, each) for each in value]
    if not isinstance(value, str):
        return value
    if field is not None and field.takes == "personal":
        return value[: min(len(value) // _CLEAR_SHARE, _MOST_CLEAR)] + "…"
    if field is not None and field.kind.base == "url" and "?" in value:
        value = value.partition("?")[0] + "?…"
    return value if len(value) <= _LONGEST else value[: _LONGEST - 1] + "…"


def as_text(value: Any) -> str:
    """A shown value on one line; None is `nothing`."""
    if value is None:
        return "nothing"
    text = orjson.dumps(value, default=str).decode(errors="replace")
    return text if len(text) <= 2 * _LONGEST else text[: 2 * _LONGEST - 1] + "…"
