"""What is being sent: claimed by one row for all of a claim, known in memory until it is settled."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import orjson

from router.delivery.entry import Entry, Queued
from router.delivery.fresh import Fresh
from router.delivery.spool import Claimed
from router.delivery.tables import Tables

_AT_ONCE: Final = 256


@dataclass(slots=True)
class Lease:
    """`left` of its entries are not settled."""

    id: int
    claimed_at: float
    left: int = 0


class Leases:
    """The file says it all, too: `load` takes from there what an earlier run left, or a rollback undid."""

    def __init__(self, tables: Tables, fresh: Fresh) -> None:
        self._tables = tables
        self._fresh = fresh
        self.load()

    def load(self) -> None:
        self._rows: dict[int, tuple[Queued, Lease]] = {}
        self._tried: set[int] = set()
        self._over: list[int] = []
        leases: dict[int, Lease] = {}
        found = {
            row: leases.setdefault(lease, Lease(lease, at)) for row, lease, at in self._tables.rows("leased")
        }
        for row, queued in self._read(list(found)).items():
            self._rows[row] = queued, found[row]
            found[row].left += 1

    def counts(self) -> Mapping[str, int]:
        """How many are being sent, by destination."""
        return Counter(row.entry.destination for row, _ in self._rows.values())

    def claim(self, destination: str, limit: int, now: float) -> Claimed:
        rows = self._claimed(destination, limit, now)
        if len(rows) == limit:
            return Claimed(rows)
        return Claimed(rows, self._tables.value("next_due", destination=destination))

    def _claimed(self, destination: str, limit: int, now: float) -> tuple[Queued, ...]:
        ((listed, due),) = self._tables.rows("due", destination=destination, limit=limit, now=now)
        ids: list[int] = orjson.loads(listed)
        if not ids:
            return ()
        # They are the first of the queue, up to the last of them.
        self._tables.change("leave_queue", destination=destination, due=due, id=ids[-1])
        rows = self._found(ids)
        if rows:
            self._tables.change("lease", claimed_at=now, entries=listed)
            lease = Lease(self._tables.connection.last_insert_rowid(), now, len(rows))
            self._rows.update((row.id, (row, lease)) for row in rows)
        return rows

    def _found(self, ids: Sequence[int]) -> tuple[Queued, ...]:
        """The rows in their order, but for those that somebody took out of the file."""
        known = self._fresh.take(ids)
        unknown = [row for row, entry in known.items() if entry is None]
        if not unknown:
            return tuple([Queued(row, entry, 1, entry.accepted_at) for row, entry in known.items() if entry])
        read = self._read(unknown)
        both = (
            Queued(row, entry, 1, entry.accepted_at) if entry else read.get(row)
            for row, entry in known.items()
        )
        return tuple(row for row in both if row)

    def _read(self, ids: Sequence[int]) -> dict[int, Queued]:
        parts = (ids[start : start + _AT_ONCE] for start in range(0, len(ids), _AT_ONCE))
        return {row.id: row for part in parts for row in self._read_part(part)}

    def _read_part(self, ids: Sequence[int]) -> Iterator[Queued]:
        # As one row: for every row that is fetched by itself the interpreter's lock is let go and taken anew.
        ((listed, payloads),) = self._tables.rows("read", ids=orjson.dumps(ids).decode())
        start = 0
        for row, attempts, due, doubt, crashes, why, tried, size, key, *head in orjson.loads(listed):
            payload, start = payloads[start : start + size], start + size
            if tried:
                self._tried.add(row)
            yield Queued(row, _entry(key, payload, *head), attempts, due, doubt, crashes, why)

    def end(self, row: int) -> Queued | None:
        """Something is no longer being sent; None when it was not."""
        queued, lease = self._rows.pop(row, _NOTHING)
        if lease is None:
            return None
        lease.left -= 1
        if not lease.left:
            self._over.append(lease.id)
        return queued

    def void(self) -> list[tuple[Queued, float]]:
        """Nothing is being sent any more; what was, and since when."""
        voided = [(row, lease.claimed_at) for row, lease in self._rows.values()]
        for row, _ in voided:
            self.end(row.id)
        return voided

    def tried(self, rows: Sequence[Queued]) -> list[int]:
        """Those of these that were tried before, and will not be any more."""
        tried = [row.id for row in rows if row.id in self._tried] if self._tried else []
        self._tried.difference_update(tried)
        return tried

    def write(self) -> None:
        """Leases that are over go."""
        if self._over:
            self._tables.change_rows("end_leases", self._over)
            self._over = []


_NOTHING: Final = (None, None)


def _entry(key: str, payload: bytes, *head: Any) -> Entry:
    """Of the columns in their order, but for key and payload, which come apart."""
    destination, source, source_id, event, event_time, *rest = head
    return Entry(bytes.fromhex(key), destination, source, source_id, event, payload, event_time, *rest)
