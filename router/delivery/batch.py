"""Rows into batches: grouping, gathering, and splitting a batch that was refused whole."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from router.delivery.entry import Queued
from router.delivery.verdict import Batch, Spoiled, Verdict

CRASHES = 3


def batches(rows: Sequence[Queued], limit: int, limit_bytes: int) -> Iterator[Batch]:
    """Rows that share a request, in their order.

    A row that by itself is over `limit_bytes` goes alone, and so does one that was in `CRASHES` batches which
    our process did not survive: it may be what ended it, and the others shall not be held up again.
    """
    groups: dict[tuple[str, str, str], list[Queued]] = {}
    for row in rows:
        entry = row.entry
        groups.setdefault((entry.destination, entry.source, entry.source_id), []).append(row)
    for (destination, source, source_id), group in groups.items():
        trusted = [row for row in group if row.crashes < CRASHES]
        alone = [[row] for row in group if row.crashes >= CRASHES]
        for part in (*_cut(trusted, limit, limit_bytes), *alone):
            yield Batch(destination, source, source_id, tuple(part))


def _cut(rows: Sequence[Queued], limit: int, limit_bytes: int) -> Iterator[list[Queued]]:
    part: list[Queued] = []
    size = 0
    for row in rows:
        weight = len(row.entry.payload) + 1
        if part and (len(part) == limit or size + weight > limit_bytes):
            yield part
            part, size = [], 0
        part.append(row)
        size += weight
    if part:
        yield part


def linger(since: float, last_was_full: bool, seconds: float) -> float:
    """How long to gather before the next claim, when the last request left `since` seconds ago.

    An event that comes alone leaves at once; under load a request costs more than all events in it.
    """
    return 0.0 if last_was_full else max(0.0, seconds - since)


def split(batch: Batch, verdicts: Sequence[Verdict]) -> list[Batch]:
    """The parts to send next when a batch was refused whole, a named suspect first and alone; else none."""
    spoiled = next((each for each in verdicts if isinstance(each, Spoiled)), None)
    if spoiled is None or len(batch) == 1:
        return []
    suspect = spoiled.suspect
    if suspect is not None and 0 <= suspect < len(batch):
        rest = batch.rows[:suspect] + batch.rows[suspect + 1 :]
        return [replace(batch, rows=(batch.rows[suspect],)), replace(batch, rows=rest)]
    middle = len(batch) // 2
    return [replace(batch, rows=batch.rows[:middle]), replace(batch, rows=batch.rows[middle:])]
