"""Answer codes and statuses to meanings."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from router.tiktok.codes import Meaning, by_code, classify


@pytest.mark.parametrize(
    ("code", "meaning"),
    [
        (0, Meaning.OK),
        (20001, Meaning.PARTIAL),
        (40000, Meaning.PAYLOAD),
        (40002, Meaning.PAYLOAD),
        (40061, Meaning.PAYLOAD),
        (40062, Meaning.PAYLOAD),
        (40001, Meaning.PERMISSION),
        (40118, Meaning.PERMISSION),
        (40007, Meaning.CONFIG),
        (40051, Meaning.CONFIG),
        (41001, Meaning.CONFIG),
        (40104, Meaning.AUTH),
        (40105, Meaning.AUTH),
        (40100, Meaning.THROTTLE),
        (40132, Meaning.THROTTLE),
        (40133, Meaning.THROTTLE),
        (61000, Meaning.THROTTLE),
        (50000, Meaning.SERVER),
        (50002, Meaning.SERVER),
        (51077, Meaning.SERVER),
        (52003, Meaning.SERVER),
        (60001, Meaning.SERVER),
        (40012, Meaning.UNKNOWN),
        (40199, Meaning.AUTH),
        (40299, Meaning.SERVER),
        (40399, Meaning.PERMISSION),
    ],
)
def test_a_code_has_its_meaning_whatever_http_says(code: int, meaning: Meaning) -> None:
    assert {classify(status, code, is_json=True) for status in (200, 400, 401, 500)} - {Meaning.SERVER} <= {
        meaning
    }
    assert classify(200, code, is_json=True) is meaning


@pytest.mark.parametrize("code", [1, -1, 40098, 40999, 49999, 70002, 99999, 10**30])
def test_a_code_that_nobody_documented_is_unknown(code: int) -> None:
    assert by_code(code) is Meaning.UNKNOWN


@pytest.mark.parametrize(
    ("status", "is_json", "meaning"),
    [
        (429, False, Meaning.THROTTLE),
        (500, False, Meaning.SERVER),
        (502, True, Meaning.SERVER),
        (401, False, Meaning.AUTH),
        (403, False, Meaning.PERMISSION),
        (400, True, Meaning.PAYLOAD),
        (413, True, Meaning.PAYLOAD),
        (422, True, Meaning.PAYLOAD),
        (400, False, Meaning.GARBAGE),
        (200, True, Meaning.GARBAGE),
        (200, False, Meaning.GARBAGE),
        (404, False, Meaning.GARBAGE),
        (302, True, Meaning.GARBAGE),
    ],
)
def test_without_a_code_the_status_speaks(status: int, is_json: bool, meaning: Meaning) -> None:
    assert classify(status, None, is_json=is_json) is meaning


def test_success_that_http_contradicts_is_no_success() -> None:
    assert classify(502, 0, is_json=True) is Meaning.SERVER
    assert classify(302, 0, is_json=True) is Meaning.GARBAGE


@given(st.integers(100, 599), st.none() | st.integers(), st.booleans())
def test_only_a_code_of_success_is_success(status: int, code: int | None, is_json: bool) -> None:
    if classify(status, code, is_json=is_json) is Meaning.OK:
        assert code in {0, 40050}
        assert 200 <= status < 300
