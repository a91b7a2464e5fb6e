"""The judge's rule about JSON types: which one a value has, and which one its field takes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from router.tiktok.finding import Findings, error

_TYPES: Final[Mapping[str, tuple[str, Callable[[Any], bool]]]] = {
    "string": ("a string", lambda value: isinstance(value, str)),
    "number": ("a number", lambda value: isinstance(value, int | float) and not isinstance(value, bool)),
    "integer": ("an integer", lambda value: isinstance(value, int) and not isinstance(value, bool)),
    "boolean": ("true or false", lambda value: isinstance(value, bool)),
    "object": ("an object", lambda value: isinstance(value, dict)),
    "array<string>": ("an array of strings", lambda value: False),
    "array<number>": ("an array of numbers", lambda value: False),
    "array<object>": ("an array of objects", lambda value: False),
    "unknown": ("a value", lambda value: True),
}


def wrong_type(type_: str, value: Any, at: str) -> Findings:
    """Types are strict: a number as an id is refused (STAPE#10 and #33, H)."""
    expected, fits = _TYPES[type_]
    if not fits(value):
        yield error(
            at,
            "wrong_type",
            f"must be {expected}, this is {_described(type_, value)}",
            _type_fix(type_, value),
        )


def _described(type_: str, value: Any) -> str:
    return "a number with a fraction" if type_ == "integer" and isinstance(value, float) else json_kind(value)


def _type_fix(type_: str, value: Any) -> str:
    match type_, value:
        case "string", bool():
            return ""
        case "string", int() | float():
            return "put it in quotes"
        case "number" | "integer" | "boolean", str():
            return "write it without quotes"
        case _ if type_.startswith("array<"):
            return "put it in [ ]"
        case _:
            return ""


def json_kind(value: Any) -> str:
    """What a JSON value is, in words."""
    match value:
        case None:
            return "null"
        case bool():
            return "a boolean"
        case int() | float():
            return "a number"
        case str():
            return "a string"
        case list() | tuple():
            return "an array"
        case dict():
            return "an object"
        case _:
            return "no JSON value"
