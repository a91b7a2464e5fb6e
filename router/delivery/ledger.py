"""The spool's tables, as the writer's thread uses them: entries, their claims, and the books."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from operator import attrgetter
from pathlib import Path
from typing import Any, Final

import apsw

from router.delivery.account import DEAD, DUPLICATE, PURGED, Account, Posting, Record
from router.delivery.arrivals import Arrivals
from router.delivery.drift import Drift
from router.delivery.endings import Endings, Settled, Words
from router.delivery.entry import Entry, Queued
from router.delivery.fresh import Fresh
from router.delivery.leases import Leases
from router.delivery.posting import Postings
from router.delivery.room import Room
from router.delivery.spool import Claimed, SpoolBroken, SpoolError, SpoolFull, Step
from router.delivery.tables import DISK, NO_ROOM, Tables
from router.delivery.ways import Way, Ways

_FIELDS: Final = attrgetter(*Record.__slots__)


@dataclass(frozen=True, slots=True)
class Departed:
    """A dead letter that is no more: what it claimed, why it had died, its payload's bytes."""

    id: int
    key: bytes
    destination: str
    reason: str
    size: int


@dataclass(frozen=True, slots=True)
class Freed:
    """What a purge removed."""

    claims: int
    dead: tuple[Departed, ...] = ()


@dataclass(frozen=True, slots=True)
class Counts:
    """What is in the tables: rows and payload bytes that are not delivered, by destination, and how many of
    them are being sent; dead letters and their bytes by reason."""

    undelivered: Mapping[str, tuple[int, int]]
    leased: Mapping[str, int]
    dead: Mapping[str, tuple[int, int]]


class Ledger:
    """Used by one thread. What is put and settled is written together, before anything else is asked."""

    def __init__(self, path: Path, room: Room, known: str = "") -> None:
        self.room = room
        tables = self._tables = Tables(path, known)
        self._postings = Postings(tables)
        self._ways = Ways(tables)
        self._fresh = Fresh()
        self._leases = Leases(tables, self._fresh)
        self._arrivals = Arrivals(tables, self._ways, self._postings, self._fresh)
        self._endings = Endings(tables, self._leases, self._postings)
        self._records: list[Record] = []

    @property
    def tables(self) -> Tables:
        """With everything in them that was put and settled."""
        self.finish()
        return self._tables

    # The writer's side.

    def begin(self) -> None:
        self._tables.connection.execute("BEGIN IMMEDIATE")

    def finish(self) -> None:
        """Write what the jobs so far left to be written together."""
        self._arrivals.write()
        self._endings.write()
        if self._records:
            records, self._records = self._records, []
            self._tables.change_many("record", [_FIELDS(record) for record in records])

    def commit(self) -> None:
        self._postings.write()
        self._tables.connection.execute("COMMIT")

    def rollback(self) -> None:
        for each in (self._postings, self._ways, self._fresh, self._arrivals, self._endings):
            each.clear()
        self._records = []
        # SQLite has already rolled back by itself after some failures.
        if self._tables.connection.in_transaction:
            self._tables.connection.execute("ROLLBACK")
        self._leases.load()

    def meaning(self, problem: Exception) -> SpoolError | None:
        if isinstance(problem, apsw.FullError):
            self.room.throw_off()
        if isinstance(problem, NO_ROOM):
            return SpoolFull(10.0, "the disk takes nothing now")
        if isinstance(problem, DISK):
            return SpoolBroken(f"the disk failed: {type(problem).__name__}")
        return None

    def tidy(self) -> None:
        """Empty the write-ahead log, so that what was sent does not linger in it."""
        self._tables.connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()

    def close(self) -> None:
        try:
            self.tidy()
        finally:
            self._tables.connection.close()

    # The books.

    def post(self, destination: str, what: str, why: str = "", count: int = 1) -> None:
        """Counted in the transaction that is open, once for all of its jobs."""
        self._postings.add(destination, what, why, count)

    def postings(self) -> Mapping[Posting, int]:
        """All postings, those of the open transaction among them."""
        self.finish()
        return self._postings.all()

    # Jobs.

    def put(
        self, entries: Sequence[Entry], lag: float, account: Account, repeats: Mapping[str, int]
    ) -> list[bool]:
        """The answers, which hold once the jobs are finished. `repeats` were recognised before."""
        answers = self._arrivals.add(entries, lag)
        for destination, count in repeats.items():
            self.post(destination, DUPLICATE, count=count)
        self._postings.update(account.postings)
        self._records.extend(account.records)
        return answers

    def claim(self, destination: str, limit: int, now: float) -> Claimed:
        self.finish()
        return self._leases.claim(destination, limit, now)

    def settle(self, steps: Sequence[Step], now: float) -> Settled:
        return self._endings.settle(steps, now)

    def settlement(self, words: Words) -> int:
        """The number of a new one."""
        return self._endings.settlement(words)

    def recover(self) -> int:
        self.finish()
        return self._endings.recover()

    def way(self, way: Way) -> int:
        """Its number."""
        return self._ways.number(way)

    def forget(self, row: int) -> None:
        """It is taken out of the tables, being sent or not."""
        self._fresh.take([row])
        if leased := self._leases.end(row):
            self._leases.tried([leased])

    def drift(self) -> Drift:
        return Drift(*next(iter(self.tables.rows("drift")), ()))

    def adjust(self, drift: Drift, latest_due: float) -> None:
        self.tables.change("set_drift", **asdict(drift))
        if self.tables.change("pull_in_trials", latest=latest_due):
            self.tables.change("pull_in", latest=latest_due)
            self._fresh.clear()

    def purge(self, now: float, claims_before: float, dead_before: float | None, limit: int) -> Freed:
        self.tables.change("purge_claims", before=claims_before, limit=limit)
        claims = self.tables.change("purge_fates", before=claims_before, limit=limit)
        if dead_before is None:
            return Freed(claims)
        return Freed(claims, self.freed(now, self.tables.rows("purge_dead", before=dead_before, limit=limit)))

    def evict(self, now: float, dead_bytes: int, limit: int) -> Freed:
        return Freed(0, self.freed(now, self.tables.rows("evict_dead", dead_bytes=dead_bytes, limit=limit)))

    def freed(self, now: float, dead: Sequence[Any], what: str = PURGED) -> tuple[Departed, ...]:
        """Dead letters that were deleted: their claims end, the books tell it as `what`."""
        gone = tuple(Departed(*row) for row in dead)
        for each in gone:
            self.post(each.destination, DEAD, each.reason, -1)
            self.post(each.destination, what, each.reason)
            self.tables.change("lose_claim", id=each.id, now=now, settlement=None)
        self.tables.change_rows("drop_kept", [each.id for each in gone])
        return gone

    def identity(self) -> str:
        return self.tables.identity

    def spare(self) -> int:
        """Bytes of the file that hold nothing and can be written again."""
        connection = self.tables.connection
        return int(connection.pragma("freelist_count")) * int(connection.pragma("page_size"))

    def oldest(self) -> float | None:
        found: float | None = self.tables.value("oldest")
        return found

    def count(self) -> Counts:
        tables = self.tables
        return Counts(
            {name: (rows, size) for name, rows, size in tables.rows("count_deliveries")},
            self._leases.counts(),
            {reason: (rows, size) for reason, rows, size in tables.rows("count_dead")},
        )


def queued(row: tuple[Any, ...]) -> Queued:
    """A row of `list_waiting`."""
    row_id, attempts, due, first_ambiguous_at, crashes, why, *entry = row
    return Queued(row_id, Entry(*entry), attempts, due, first_ambiguous_at, crashes, why)
