"""Arithmetic on written digits, and spellings of a moment."""

from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal, localcontext
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from router.lang import exact, instants

MONEY = st.decimals(-10_000_000, 10_000_000, places=2).map(float)
NUMBERS = st.floats(allow_nan=False, allow_infinity=False) | st.integers()
ANY_NUMBERS = st.floats() | st.integers() | st.integers().map(lambda n: n * 10**320)


@pytest.mark.parametrize(
    ("operation", "left", "right", "expected"),
    [
        (exact.add, 0.1, 0.2, 0.3),
        (exact.sub, 0.3, 0.1, 0.2),
        (exact.mul, 19.99, 3, 59.97),
        (exact.mul, 1.1, 1.1, 1.21),
        (exact.mul, 2.5, 2, 5),
        (exact.div, 60000, 100, 600),
        (exact.div, 59.97, 3, 19.99),
        (exact.div, 1, 3, 1 / 3),
        (exact.div, 1, 0, None),
        (exact.div, 0, 0.0, None),
        (exact.mul, 1e308, 10, None),
        (exact.mul, 1e-300, 1e-300, 0),
        (exact.div, 1e300, 1e-300, None),
        (exact.add, 2**53 - 1, 1, float(2**53)),
        (exact.add, 10**400, 1, None),
        (exact.add, float("nan"), 1, None),
        (exact.sub, float("inf"), float("inf"), None),
    ],
)
def test_arithmetic(operation: Any, left: Any, right: Any, expected: Any) -> None:
    result = operation(left, right)
    assert result == expected
    assert type(result) is type(expected)


@given(MONEY, MONEY, MONEY)
def test_sums_of_money_do_not_depend_on_the_order(a: float, b: float, c: float) -> None:
    assert exact.total([a, b, c]) == exact.total([c, a, b]) == exact.add(exact.add(a, b) or 0, c)


@given(MONEY, MONEY)
def test_what_was_added_can_be_taken_away(a: float, b: float) -> None:
    assert exact.sub(exact.add(a, b) or 0, b) == a


def written(value: int | float) -> Fraction:
    return Fraction(Decimal(repr(value)))


@given(NUMBERS, NUMBERS)
def test_results_are_the_nearest_double_of_the_exact_value(a: float, b: float) -> None:
    assume(abs(a) < 1e150 and abs(b) < 1e150)
    for operation, value in (
        (exact.add, written(a) + written(b)),
        (exact.sub, written(a) - written(b)),
        (exact.mul, written(a) * written(b)),
    ):
        assert operation(a, b) == float(value)
    assume(b != 0 and abs(written(a) / written(b)) < 1e300)
    assert exact.div(a, b) == float(written(a) / written(b))


@given(ANY_NUMBERS, ANY_NUMBERS)
def test_no_operation_raises_or_leaves_the_finite(a: float, b: float) -> None:
    results = [f(a, b) for f in (exact.add, exact.sub, exact.mul, exact.div)]
    for result in (*results, exact.neg(a), exact.total([a, b]), exact.rounded(a, 2)):
        assert result is None or result - result == 0
        assert not isinstance(result, int) or abs(result) < 2**53


@given(NUMBERS)
def test_a_number_survives_its_notation(number: float) -> None:
    text = exact.notation(number)
    assert text is not None
    again = exact.parse(text)
    assert again is not None
    assert exact.decimal(again) == exact.decimal(number)


@given(st.text() | st.from_regex(r"-?[0-9]{1,30}(\.[0-9]{1,30})?([eE][+-]?[0-9]{1,5})?", fullmatch=True))
def test_parsing_loses_nothing_or_refuses(text: str) -> None:
    number = exact.parse(text)
    if number is not None:
        with localcontext(prec=2000):
            assert Decimal(text) == Decimal(repr(number))


@pytest.mark.parametrize(
    "text", ["1e99999999999999999999", "1e-99999999999999999999", "9" * 5000, "1\n", " 1", "+1"]
)
def test_texts_that_are_no_number_that_can_be_kept(text: str) -> None:
    assert exact.parse(text) is None


@pytest.mark.parametrize(
    ("number", "digits", "expected"),
    [
        (2.5, 0, 3),
        (-2.5, 0, -3),
        (1.005, 2, 1.01),
        (1234, -2, 1200),
        (0.125, 2, 0.13),
        (5, 3, 5),
        (1e300, 2, 1e300),
    ],
)
def test_rounding(number: float, digits: int, expected: float) -> None:
    assert exact.rounded(number, digits) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (1795253223, 1795253223),
        (1795253223.99, 1795253223),
        (1795253223740, 1795253223),
        (1795253223740000, 1795253223),
        ("1795253223", 1795253223),
        ("1795253223740", 1795253223),
        ("2026-11-21T10:07:03Z", 1795255623),
        ("2026-11-21T10:07:03", 1795255623),
        ("2026-11-21 11:07:03+01:00", 1795255623),
        ("2026-11-21t10:07:03.999999999z", 1795255623),
        ("2026-11-21", 1795219200),
        ("9999-12-31T23:59:59.999999Z", 253402300799),
        (0, 0),
        (-1, None),
        ("1969-12-31T23:59:59Z", None),
        (float("nan"), None),
        (float("inf"), None),
        (10**18, None),
        (10**400, None),
        ("0001-01-01T00:00:00+14:00", None),
        ("2026-13-01", None),
        ("soon", None),
        ("", None),
        ("\ud800", None),
        (True, None),
        (None, None),
        ([1], None),
    ],
)
def test_moments(value: object, expected: int | None) -> None:
    assert instants.to_epoch_seconds(value) == expected


@given(
    st.datetimes(datetime(1970, 1, 2), datetime(9999, 12, 30)),
    st.integers(-23, 23).map(lambda hours: timezone(timedelta(hours=hours))),
)
def test_iso_texts_are_floored_to_seconds(moment: datetime, offset: timezone) -> None:
    aware = moment.replace(tzinfo=offset)
    whole = int(aware.replace(microsecond=0).timestamp())
    assert instants.to_epoch_seconds(aware.isoformat()) == whole
    assert instants.to_epoch_seconds(moment.isoformat()) == instants.from_iso(
        moment.replace(tzinfo=UTC).isoformat()
    )


@given(st.integers(1_000_000_000, 99_999_999_999))
def test_the_unit_is_told_by_size(seconds: int) -> None:
    assert instants.to_epoch_seconds(seconds * 1000 + 999) == seconds
    assert instants.to_epoch_seconds(seconds * 1_000_000 + 999_999) == seconds
    assert instants.from_millis(seconds * 1000) == seconds


@given(st.text() | ANY_NUMBERS | st.none() | st.booleans())
def test_any_value_is_a_moment_or_none(value: object) -> None:
    found = instants.to_epoch_seconds(value)
    assert found is None or 0 <= found < 253_402_300_800
