"""Bodies to events: exact numbers, one bad event at a time, and no exception whatever comes."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from router.inputs import FORMATS, BodyProblem, RawRequest, decode
from router.inputs.brackets import members, too_deep
from router.settings import Limits, Settings

NOW = 1_795_253_223.75
LINES = {"content-type": "application/x-ndjson"}
SMALL = Settings(limits=Limits(body_bytes=2048, batch_bytes=4096, events=5, event_bytes=1024, depth=4))

SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(alphabet=st.characters(codec="utf-8"))
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=4), inner, max_size=4),
)
BRACKETS = (b"{", b"}", b"[", b"]", b'"', b"\\", b",", b":", b"\n", b" ")
PIECES = (b"NaN", b"1e999", b"-", b"9" * 20, b"\xff", b'"event_name"', b'"batch"', b'{"event_name":"a"}')
MORE_PIECES = (b'"\\ud800"', b"null", b"1", b"\xef\xbb\xbf")
FRAGMENTS = st.lists(st.sampled_from(BRACKETS + PIECES + MORE_PIECES), max_size=40).map(b"".join)


def read(body: bytes, name: str = "raw", **more: Any) -> Any:
    return decode(name, RawRequest(body, NOW, **more))


def depth(value: Any) -> int:
    if isinstance(value, dict):
        return 1 + max(map(depth, value.values()), default=0)
    return 1 + max(map(depth, value), default=0) if isinstance(value, list) else 0


@given(body=st.binary() | FRAGMENTS, name=st.sampled_from(sorted(FORMATS)), lines=st.booleans())
def test_no_body_makes_decode_raise(body: bytes, name: str, lines: bool) -> None:
    for settings in (Settings(), SMALL):
        decoded = decode(name, RawRequest(body, NOW, LINES if lines else {}), settings)
        if decoded.problem is not None:
            assert not decoded.arrivals
            assert not decoded.rejections
        indexes = [each.index for each in decoded.rejections]
        assert indexes == sorted(set(indexes))
        total = len(decoded.arrivals) + len(indexes)
        assert all(0 <= index < total for index in indexes)


@given(event=st.dictionaries(st.text(), VALUES), name=st.sampled_from(sorted(FORMATS)))
def test_no_event_makes_decode_raise(event: dict[str, Any], name: str) -> None:
    odd = {
        "event_name": "a",
        **event,
        "user": event,
        "context": event,
        "items": [event, 1],
        "properties": event,
    }
    for each in (event, odd):
        decode(
            name,
            RawRequest(json.dumps(each).encode(), NOW, {"user-agent": "Mozilla"}, client_ip="203.0.113.4"),
        )


@given(
    events=st.lists(st.dictionaries(st.text(max_size=5), VALUES, max_size=4), max_size=4),
    indent=st.none() | st.just(1),
)
def test_what_is_read_is_what_was_written(events: list[dict[str, Any]], indent: int | None) -> None:
    body = json.dumps(events, indent=indent).encode()
    assert [each.event for each in read(body).arrivals] == events
    lines = "\n".join(map(json.dumps, events)).encode()
    if events:
        assert [each.event for each in read(lines, headers=LINES).arrivals] == events


@given(value=VALUES, limit=st.integers(1, 6))
def test_depth_is_told_before_parsing(value: Any, limit: int) -> None:
    for text in (json.dumps(value), json.dumps(value, ensure_ascii=False, indent=1)):
        assert too_deep(text.encode(), limit) == (depth(value) > limit)


@given(values=st.lists(VALUES, max_size=6))
def test_members_are_found_without_parsing(values: list[Any]) -> None:
    found = members(json.dumps(values, ensure_ascii=False).encode(), 100)
    assert found is not None
    assert [json.loads(each) for each in found] == values


@pytest.mark.parametrize(
    "digits", ["9223372036854775807", "18446744073709551616", "-123456789012345678901234567890"]
)
def test_integers_are_exact(digits: str) -> None:
    (arrival,) = read(f'{{"id": {digits}, "note": "\\"{digits}"}}'.encode()).arrivals
    assert arrival.event == {"id": int(digits), "note": f'"{digits}'}


def test_of_two_equal_names_the_last_counts() -> None:
    for more in (b"", b"," + b'"n":' + b"9" * 30):
        (arrival,) = read(b'{"a": 1, "a": 2' + more + b"}").arrivals
        assert arrival.event["a"] == 2


def test_a_byte_order_mark_is_no_harm() -> None:
    assert read(b"\xef\xbb\xbf" + b'{"a": 1}').arrivals[0].event == {"a": 1}


@pytest.mark.parametrize(
    ("body", "codes"),
    [
        (b'[{"a":"' + b"x" * 1100 + b'"},{}]', {0: "event_too_large"}),
        (b'[{"a":"' + b"x" * 1100 + b'"},{},NaN]', {0: "event_too_large", 2: "unusable_number"}),
        (b'[{"a":[[[1]]]},{"a":[[[[1]]]]}]', {1: "too_deep"}),
        (b'[{"a":"]]]]{{{{"},{"a":"\\"[[[[["}]', {}),
        (b'{"a":"' + b"x" * 1100 + b'"}', {0: "event_too_large"}),
    ],
)
def test_each_event_has_its_limits(body: bytes, codes: dict[int, str]) -> None:
    decoded = decode("raw", RawRequest(body, NOW), SMALL)
    assert {each.index: each.code for each in decoded.rejections} == codes


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"[" + b"{}," * 5 + b"{}]", "too_many_events"),
        (b"[" + b"{}," * 5 + b"NaN]", "too_many_events"),
        (b"{}\n" * 6, "too_many_events"),
        (b'{"a":"' + b"x" * 2100 + b'"}', "body_too_large"),
        (b'{"a":NaN,"b":"' + b"x" * 2100 + b'"}', "body_too_large"),
    ],
)
def test_the_body_has_its_limits(body: bytes, code: str) -> None:
    problem = decode("raw", RawRequest(body, NOW), SMALL).problem
    assert problem is not None
    assert problem.code == code


def test_a_list_of_many_values_is_refused_before_it_is_split() -> None:
    body = b"[" + b'{"a":NaN},' * 999 + b"[" + b"0," * 600_000 + b"0]]"
    wide = replace(Limits(), event_bytes=2**21)
    problem = decode("raw", RawRequest(body, NOW), Settings(limits=wide)).problem
    assert problem is not None
    assert problem.code == "too_many_values"


@pytest.mark.parametrize(
    ("body", "place"),
    [
        (b'{"a":}', ": column 6"),
        ('{"\xe4":}'.encode(), ": column 6"),
        (b'\xef\xbb\xbf{"a":}', ": column 6"),
        (b'[{"a": 1},\n {"a" 2}]', ": line 2, column 7"),
        (b'\n\n[{"a": 1},\n{]', ": line 4, column 2"),
        (b"\xff\xfe", ""),
    ],
)
def test_a_body_that_is_not_json_says_where(body: bytes, place: str) -> None:
    problem = decode("standard", RawRequest(body, NOW)).problem
    assert problem == BodyProblem("not_json", f"the body is not JSON{place}")


def test_the_place_is_told_for_bodies_with_a_batch_too() -> None:
    problem = decode("segment", RawRequest(b'{"batch":[{"a":1},{]}', NOW)).problem
    assert problem == BodyProblem("not_json", "the body is not JSON: column 20")
