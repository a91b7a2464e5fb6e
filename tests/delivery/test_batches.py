"""Rows into batches and batches into parts."""

import math
from collections.abc import Sequence

from delivery_samples import NOW, entry
from hypothesis import given
from hypothesis import strategies as st

from router.delivery.batch import batches, linger, split
from router.delivery.entry import Queued
from router.delivery.verdict import Accepted, Batch, Spoiled


def row(number: int, source: str = "web", size: int = 5) -> Queued:
    return Queued(number, entry(number, source=source, payload=b"x" * size), 1, NOW)


def batch(count: int) -> Batch:
    return Batch("shop", "web", "PIXEL", tuple(row(number) for number in range(count)))


@given(
    st.lists(st.tuples(st.sampled_from(["web", "app"]), st.integers(0, 40)), max_size=30),
    st.integers(1, 6),
    st.integers(1, 100),
)
def test_every_row_is_in_one_batch_that_fits_it(
    some: Sequence[tuple[str, int]], limit: int, limit_bytes: int
) -> None:
    rows = [row(number, source, size) for number, (source, size) in enumerate(some)]
    made = list(batches(rows, limit, limit_bytes))
    assert sorted(each.id for part in made for each in part.rows) == [each.id for each in rows]
    for part in made:
        assert {each.entry.source for each in part.rows} == {part.source}
        assert [each.id for each in part.rows] == sorted(each.id for each in part.rows)
        weight = sum(len(each.entry.payload) + 1 for each in part.rows)
        assert len(part) <= limit
        assert weight <= limit_bytes or len(part) == 1


def test_rows_for_different_source_ids_never_share_a_batch() -> None:
    other = Queued(2, entry(2, source_id="OTHER"), 1, NOW)
    assert [part.source_id for part in batches([row(1), other], 50, 10**6)] == ["PIXEL", "OTHER"]


@given(st.lists(st.integers(0, 5), max_size=30), st.integers(1, 6))
def test_what_was_in_three_batches_that_ended_in_a_crash_goes_alone(crashes: list[int], limit: int) -> None:
    rows = [row(number)._replace(crashes=count) for number, count in enumerate(crashes)]
    made = list(batches(rows, limit, 10**6))
    assert sorted(each.id for part in made for each in part.rows) == [each.id for each in rows]
    assert all(len(part) == 1 for part in made if any(each.crashes >= 3 for each in part.rows))


def test_gathering_happens_only_under_load() -> None:
    assert linger(math.inf, last_was_full=False, seconds=0.05) == 0
    assert linger(0.01, last_was_full=False, seconds=0.05) == 0.04
    assert linger(0.01, last_was_full=True, seconds=0.05) == 0


def test_a_batch_that_was_not_spoiled_is_not_split() -> None:
    assert split(batch(2), [Accepted(), Accepted()]) == []
    assert split(batch(1), [Spoiled("1", "x")]) == []


@given(st.integers(2, 60), st.none() | st.integers(-3, 70))
def test_parts_are_smaller_and_together_the_whole(count: int, suspect: int | None) -> None:
    whole = batch(count)
    parts = split(whole, [Spoiled("1", "x", suspect)] * count)
    assert sorted(each.id for part in parts for each in part.rows) == list(range(count))
    assert all(0 < len(part) < count for part in parts)
    if suspect is not None and 0 <= suspect < count:
        assert [each.id for each in parts[0].rows] == [suspect]
