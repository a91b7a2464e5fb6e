"""Functions on lists; an empty list is missing."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any

import orjson

from router.lang import exact
from router.lang.exact import Number
from router.lang.library import function, registry


@function("count(values: list) -> number", ('count(["a", "b"])', 2), ("count([])", None), whole_lists=True)
def count(values: list[Any]) -> int | None:
    """How many elements a list has, all of them, however long it is."""
    return len(values) or None


@function(
    "sum(values: list of number) -> number",
    ("sum([0.1, 0.2])", 0.3),
    ("sum([19.99, 5])", 24.99),
    ("sum([])", None),
)
def total(values: list[Number]) -> Number | None:
    """The sum of a list of numbers, exact on their decimal digits and rounded once at the end."""
    return exact.total(values) if values else None


@function("first(values: list) -> any", ('first(["a", "b"])', "a"), ("first([])", None))
def first(values: list[Any]) -> Any:
    """The first element of a list."""
    return values[0] if values else None


@function("last(values: list) -> any", ('last(["a", "b"])', "b"), ("last([])", None))
def last(values: list[Any]) -> Any:
    """The last element of a list."""
    return values[-1] if values else None


@function(
    "unique(values: list) -> list",
    ('unique(["a", "b", "a"])', ["a", "b"]),
    ('unique([1, 1.0, "1", true])', [1, "1", True]),
    ("unique([])", None),
)
def unique(values: list[Any]) -> list[Any] | None:
    """The list without repetitions; the first of equal elements stays in its place.

    A number and its text are different; objects are equal when their keys and values are.
    """
    kept: dict[Hashable, Any] = {}
    for each in values:
        kept.setdefault(_identity(each), each)
    return list(kept.values()) or None


def _identity(value: object) -> Hashable:
    match value:
        case list() | dict():
            return _canonical(value)
        case bool() | str() | int() | float() | None:
            return isinstance(value, bool), value
    return id(value)


def _canonical(value: object) -> Hashable:
    try:
        return orjson.dumps(value, option=orjson.OPT_SORT_KEYS)
    except TypeError:
        return id(value)


LISTS = registry(count, total, first, last, unique)
