"""Arithmetic on numbers as they are written: `0.1 + 0.2` is `0.3`, and nothing becomes infinite."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from decimal import ROUND_HALF_UP, Context, Decimal
from math import isfinite

Number = int | float

# Sums and products of two doubles, or of integers as long as the longest double, fit without rounding.
_EXACT = Context(prec=1300, rounding=ROUND_HALF_UP, traps=[])
_SAFE = 2**53
_LARGEST = 10**309
_LONGEST_TEXT = 400
_JSON_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]{1,4})?")


def parse(text: str) -> Number | None:
    """The number that a text spells by JSON's grammar, None when it spells none or digits would be lost."""
    found = _JSON_NUMBER.fullmatch(text) if len(text) <= _LONGEST_TEXT else None
    if found is None:
        return None
    if found[1] is None and found[2] is None:
        whole = int(text)
        return whole if -_LARGEST < whole < _LARGEST else None
    near = float(text)
    if not isfinite(near) or _EXACT.create_decimal(repr(near)) != _EXACT.create_decimal(text):
        return None
    return int(near) if near.is_integer() and abs(near) < _SAFE else near


def notation(number: Number) -> str | None:
    """The number as text: no `.0`, no exponent between 1e-7 and 1e21, None when it is not finite."""
    value = decimal(number)
    if not value:
        return None if value is None else "0"
    if number.__class__ is int:
        return str(number)
    if not 1e-7 <= abs(number) < 1e21:
        return repr(number)
    plain = format(value, "f")
    return plain.rstrip("0").rstrip(".") if "." in plain else plain


def decimal(number: Number) -> Decimal | None:
    """What the number's shortest notation says; None for NaN, infinities and integers no double can reach."""
    if number.__class__ is float:
        return Decimal(repr(number)) if isfinite(number) else None
    return Decimal(number) if -_LARGEST < number < _LARGEST and number.__class__ is int else None


def add(a: Number, b: Number) -> Number | None:
    """The sum: an int when it is integral and below 2**53, else the nearest double, None out of range."""
    return _combined(_EXACT.add, a, b)


def sub(a: Number, b: Number) -> Number | None:
    """The difference, as `add` gives it."""
    return _combined(_EXACT.subtract, a, b)


def mul(a: Number, b: Number) -> Number | None:
    """The product, as `add` gives it."""
    return _combined(_EXACT.multiply, a, b)


def div(a: Number, b: Number) -> Number | None:
    """The quotient, as `add` gives it; division by zero is None."""
    left, right = decimal(a), decimal(b)
    return None if left is None or not right else _ratio(left, right)


def neg(a: Number) -> Number | None:
    """The number with its sign turned."""
    return sub(0, a)


def total(numbers: Iterable[Number]) -> Number | None:
    """The sum of many numbers, rounded once at the end; None when one of them is out of range."""
    amount = Decimal(0)
    for number in numbers:
        value = decimal(number)
        if value is None:
            return None
        amount = _EXACT.add(amount, value)
    return _number(amount)


def rounded(number: Number, digits: int = 0) -> Number | None:
    """The number to so many decimal places, half away from zero as on an invoice; `digits` within 308."""
    value = decimal(number)
    if value is None or abs(digits) > 308:
        return None
    return _number(value.quantize(Decimal((0, (1,), -digits)), context=_EXACT))


def _combined(operation: Callable[[Decimal, Decimal], Decimal], a: Number, b: Number) -> Number | None:
    left, right = decimal(a), decimal(b)
    return None if left is None or right is None else _number(operation(left, right))


def _number(value: Decimal) -> Number | None:
    if abs(value) < _SAFE and value == value.to_integral_value():
        return int(value)
    return _double(float(value))


def _ratio(left: Decimal, right: Decimal) -> Number | None:
    # True division of integers rounds once and correctly, which a division in any decimal precision does not.
    (top, under), (by_top, by_under) = left.as_integer_ratio(), right.as_integer_ratio()
    top, under = top * by_under, under * by_top
    whole, rest = divmod(top, under)
    if rest == 0 and abs(whole) < _SAFE:
        return whole
    try:
        return _double(top / under)
    except OverflowError:
        return None


def _double(value: float) -> Number | None:
    if not isfinite(value):
        return None
    return value or 0
