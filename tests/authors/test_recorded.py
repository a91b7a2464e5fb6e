"""Files of events: every layout gives the same events, and a broken one costs no other."""

from __future__ import annotations

import io
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from router import recorded as reading
from router.recorded import recorded

_TEXTS = st.text(st.characters(exclude_categories=["Cs"]))
_KEYS = st.text('ab"\\[]{},', max_size=3)
_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**40), 2**40) | _TEXTS,
    lambda inside: st.lists(inside, max_size=3) | st.dictionaries(_KEYS, inside),
    max_leaves=8,
)
_EVENTS = st.lists(st.dictionaries(_KEYS, _VALUES, max_size=4), min_size=1, max_size=5)


def _read(text: str) -> list[object]:
    found = recorded(io.BytesIO(text.encode()), "raw", 0)
    return [each.arrival.event if each.arrival else each.problem for each in found]


@given(_EVENTS, st.sampled_from([None, 1]), st.integers(1, 50))
def test_arrays_and_lines_give_the_same_events(events, indent, chunk):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(reading, "_CHUNK", chunk)
        assert _read(json.dumps(events, indent=indent)) == events
    assert _read("\n".join(map(json.dumps, events))) == events


def test_broken_lines_cost_no_other():
    assert _read('{"a":1}\n\n{"a":\n7\n{"a":2}\n') == [
        {"a": 1},
        "the body is not JSON: column 6",
        "an event is a JSON object",
        {"a": 2},
    ]


def test_a_broken_first_line_is_one_line():
    assert _read('{"a"}\n{"a":2}\n') == ["the body is not JSON: column 5", {"a": 2}]


def test_broken_array_members_are_told():
    found = _read('[{"a":1}, {"a" 2}, 5, {"a":3}] {"a":4}')
    assert found[0] == {"a": 1}
    assert {"a": 3} in found
    assert sum(isinstance(each, str) for each in found) == 2
    assert _read('[{"a":1}, {"a":2')[0] == {"a": 1}


def test_numbers_and_offsets():
    found = list(recorded(io.BytesIO(b'\xef\xbb\xbf\n{"a":1}\n{"a":2}\n'), "raw", 7))
    assert [each.number for each in found] == [1, 2]
    assert found[0].offset < found[1].offset
    assert "{'a'" not in repr(found[0])


def test_an_empty_file_has_no_events():
    assert _read("") == _read(" \n ") == []
