"""Values out of JSON that others wrote: what is read has the type that was asked for, or is not there."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from decimal import Decimal, InvalidOperation
from typing import Any, Final

_NOTHING: Final[Mapping[str, Any]] = {}
_WORD_ENDS: Final = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_GAPS: Final = re.compile(r"[^0-9a-z]+")


def part(owner: object, name: str) -> Mapping[str, Any]:
    """The object under a name; an empty one where there is none."""
    value = owner.get(name) if isinstance(owner, Mapping) else None
    return value if isinstance(value, dict) else _NOTHING


def parts(value: object) -> list[dict[str, Any]]:
    """The objects of a list, without whatever else is in it."""
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []


def first(*values: object) -> Any:
    """The first value that is there; an empty text is not."""
    return next((value for value in values if value is not None and value != ""), None)


def text(value: object) -> str | None:
    """A text with something in it, or a whole number as text. A float is none: its digits may not be all."""
    if isinstance(value, str):
        return value if value.strip() else None
    return str(value) if type(value) is int and abs(value) < 10**400 else None


def texts(values: object) -> list[str]:
    """The texts of a list, or a single one."""
    found = map(text, values if isinstance(values, list) else [values])
    return [each for each in found if each is not None]


def trimmed(tree: Mapping[str, Any]) -> dict[str, Any]:
    """The object without members that say nothing: None, empty texts, empty objects and lists.

    Lists keep what they hold.
    """
    kept = {name: trimmed(each) if isinstance(each, dict) else each for name, each in tree.items()}
    return {name: each for name, each in kept.items() if each is not None and each not in ("", {}, [])}


def without(owner: Mapping[str, Any], names: Iterable[str]) -> dict[str, Any]:
    """The members of an object that are not named: what was not read."""
    read = frozenset(names)
    return {name: each for name, each in owner.items() if name not in read}


def snake_case(name: str) -> str:
    """A name in snake_case; spaces, capitals and signs part its words."""
    return _GAPS.sub("_", _WORD_ENDS.sub("_", name.strip()).lower()).strip("_")


def total(amounts: Iterable[object]) -> str | None:
    """The exact sum of amounts of money; None when there are none, or one of them is no amount."""
    try:
        numbers = [Decimal(str(each)) for each in amounts if not isinstance(each, bool)]
    except InvalidOperation:
        return None
    if not numbers or not all(each.is_finite() and abs(each.adjusted()) < 30 for each in numbers):
        return None
    return format(sum(numbers, Decimal(0)), "f")
