"""Integers beyond 64 bits keep their digits, however fast the text around them is read."""

from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from router.inputs.bodies import read_one
from router.inputs.digits import may_have_long_integers

INTEGERS = st.integers(-(10**40), 10**40)
DIGITS = st.text("0123456789", min_size=1, max_size=60)
STRINGS = st.builds(
    "{}{}{}".format, st.sampled_from(["", "a", "-", "_", "a-", ": ", ",-"]), DIGITS, st.text(max_size=3)
)
FLOATS = st.builds("{}.{}{}".format, st.integers(-9, 9), DIGITS, st.sampled_from(["", "e5", "E-7"])).map(
    float
)
VALUES = st.lists(INTEGERS | STRINGS | FLOATS | st.dictionaries(STRINGS, INTEGERS, max_size=3), max_size=8)


@given(values=VALUES, spaced=st.booleans())
def test_what_is_read_is_exact(values: list[object], spaced: bool) -> None:
    text = json.dumps(values, separators=(", ", " : ") if spaced else (",", ":")).encode()
    assert read_one(text, 5) == values


@given(
    values=st.lists(STRINGS | FLOATS, max_size=8), number=st.integers(10**18), sign=st.sampled_from([1, -1])
)
def test_a_long_integer_is_never_missed(values: list[object], number: int, sign: int) -> None:
    for found in ([*values, number * sign], {"a": values, "b": sign * number}, sign * number):
        assert may_have_long_integers(json.dumps(found).encode())


@given(digits=DIGITS, before=st.sampled_from(["", "a", "fb.1.", "a-", "-"]))
def test_a_long_id_in_a_string_costs_no_second_look(digits: str, before: str) -> None:
    assert not may_have_long_integers(json.dumps({"id": before + digits, "n": 123}).encode())


def test_very_many_long_ids_are_looked_at_in_bounded_time() -> None:
    assert may_have_long_integers(json.dumps(["9" * 30] * 2000).encode())
