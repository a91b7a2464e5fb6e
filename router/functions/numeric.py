"""Functions on numbers; arithmetic is exact on the digits that were written."""

from __future__ import annotations

from router.functions.text import as_text
from router.lang import exact
from router.lang.exact import Number
from router.lang.library import function, registry


@function(
    "number(value: any) -> number",
    ('number("12.50")', 12.5),
    ("number(3)", 3),
    ('number("12,50")', None),
    ('number("1e999")', None),
)
def number(value: object) -> Number | None:
    """The number that a text spells.

    The text must be a number as JSON writes it: no comma, no thousands separator, no currency, no spaces.
    A number with more digits than can be kept is missing. Numbers stay as they are.
    """
    match value:
        case bool():
            return None
        case str():
            return exact.parse(value)
        case int() | float():
            return None if exact.decimal(value) is None else value
    return None


@function(
    "text(value: any) -> text",
    ("text(12.0)", "12"),
    ("text(true)", "true"),
    ("text([1, 2])", None),
)
def text(value: object) -> str | None:
    """A number or truth value as text: `12` without `.0`, `true` or `false`.

    Lists and objects have no text.
    """
    return as_text(value)


@function(
    "round(value: number, digits?: number) -> number",
    ("round(12.5)", 13),
    ("round(1.005, 2)", 1.01),
    ("round(1234, -2)", 1200),
    ("round(missing, 2)", None),
)
def rounded(value: Number, digits: Number | None = None) -> Number | None:
    """The number to so many decimal places, to whole numbers when `digits` is not given.

    Half goes away from zero, as on an invoice. `digits` is a whole number from -308 to 308.
    """
    places = 0 if digits is None else digits
    return exact.rounded(value, int(places)) if abs(places) <= 308 and places == int(places) else None


@function("min(values: number...) -> number", ("min(3, 1.5)", 1.5), ("min(3, missing)", None))
def smallest(*values: Number) -> Number | None:
    """The smallest of the numbers."""
    return min(values, default=None)


@function("max(values: number...) -> number", ("max(3, 1.5)", 3), ("max(missing, 3)", None))
def largest(*values: Number) -> Number | None:
    """The largest of the numbers."""
    return max(values, default=None)


@function("abs(value: number) -> number", ("abs(-2.5)", 2.5), ("abs(missing)", None))
def magnitude(value: Number) -> Number:
    """The number without its sign."""
    return abs(value)


NUMERIC = registry(number, text, rounded, smallest, largest, magnitude)
