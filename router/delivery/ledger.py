"""The spool's tables, as the writer's thread uses them: entries, their claims, and the books."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, assert_never

import apsw

from router.delivery.account import DEAD, DUPLICATE, PURGED, SENT, Account, Posting, Record
from router.delivery.drift import Drift
from router.delivery.entry import Entry, Queued
from router.delivery.room import Room
from router.delivery.spool import (
    Buried,
    Claimed,
    Delivered,
    Rescheduled,
    SpoolBroken,
    SpoolError,
    SpoolFull,
    Step,
)
from router.delivery.tables import DISK, NO_ROOM, Tables

PENDING_STATE, SENT_STATE, DEAD_STATE, GONE_STATE = 0, 1, 2, 3


@dataclass(frozen=True, slots=True)
class Settled:
    """What a step did: bytes that left the queue, how it died, the claim that got an end."""

    destination: str
    gone: int | None = None
    died: str | None = None
    key: bytes | None = None
    expires: float | None = None


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


class Ledger:
    """One connection. Not thread-safe; the writer begins and commits."""

    def __init__(self, path: Path, room: Room, known: str = "") -> None:
        self.room = room
        self.tables = Tables(path, known)
        self._next_id = self.tables.value("last_id") or 0
        self._postings: Counter[Posting] = Counter()
        self._routes: dict[tuple[str, ...], int] = {}

    # The writer's side.

    def begin(self) -> None:
        self.tables.connection.execute("BEGIN IMMEDIATE")

    def commit(self) -> None:
        self._post()
        self.tables.connection.execute("COMMIT")

    def rollback(self) -> None:
        self._postings.clear()
        self._routes.clear()
        # SQLite has already rolled back by itself after some failures.
        if self.tables.connection.in_transaction:
            self.tables.connection.execute("ROLLBACK")

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
        self.tables.connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()

    def close(self) -> None:
        try:
            self.tidy()
        finally:
            self.tables.connection.close()

    # The books.

    def post(self, destination: str, what: str, why: str = "", count: int = 1) -> None:
        """Counted in the transaction that is open, once for all of its jobs."""
        self._postings[destination, what, why] += count

    def _post(self) -> None:
        if self._postings:
            self.tables.change_each(
                "post",
                (
                    {"destination": destination, "what": what, "why": why, "count": count}
                    for (destination, what, why), count in self._postings.items()
                ),
            )
            self._postings.clear()

    def postings(self) -> Mapping[Posting, int]:
        """All postings, those of the open transaction among them."""
        self._post()
        return {(each, what, why): count for each, what, why, count in self.tables.rows("postings")}

    # Jobs.

    def put(
        self, entries: Sequence[Entry], lag: float, account: Account, repeats: Mapping[str, int]
    ) -> list[bool]:
        """`repeats` by destination were recognised before."""
        answers = [self._put(entry, lag) for entry in entries]
        for entry, new in zip(entries, answers, strict=True):
            if not new:
                self.post(entry.destination, DUPLICATE)
        for destination, count in repeats.items():
            self.post(destination, DUPLICATE, count=count)
        self._postings.update(account.postings)
        if account.records:
            self.tables.change_each("record", map(_fields_of, account.records))
        return answers

    def _put(self, entry: Entry, lag: float) -> bool:
        row = _bindings(entry)
        row |= {"id": self._next_id + 1, "now": entry.accepted_at - lag, "route": self._route(entry)}
        if not self.tables.change("claim_key", **row):
            return False
        self._next_id += 1
        self.tables.change("insert_delivery", **row)
        if entry.kept is not None:
            self.tables.change("keep", id=self._next_id, event=entry.kept)
        return True

    def _route(self, entry: Entry) -> int:
        way = (entry.destination, entry.source, entry.source_id, entry.event, entry.rules_version)
        if way not in self._routes:
            names = ("destination", "source", "source_id", "event", "rules_version")
            named = dict(zip(names, way, strict=True))
            found = self.tables.value("find_route", **named)
            self._routes[way] = found or self.tables.value("add_route", **named)
        return self._routes[way]

    def claim(self, destination: str, limit: int, now: float) -> Claimed:
        found = self.tables.rows("claim_rows", destination=destination, limit=limit, now=now)
        rows = sorted((queued(row) for row in found), key=lambda row: (row.due, row.id))
        if len(rows) == limit:
            return Claimed(tuple(rows))
        return Claimed(tuple(rows), self.tables.value("next_due", destination=destination))

    def settle(self, steps: Sequence[Step], now: float) -> list[Settled]:
        said: dict[tuple[str, str, str, str], int] = {}
        done = (self._step(step, now, said) for step in steps)
        return [each for each in done if each is not None]

    def _step(self, step: Step, now: float, said: dict[tuple[str, str, str, str], int]) -> Settled | None:
        match step:
            case Delivered():
                found = self.tables.rows("deliver", id=step.id, now=now)
                return self._ended(step, SENT_STATE, found, now, said)
            case Rescheduled():
                return self._reschedule(step)
            case Buried():
                self.tables.change("bury", now=now, **asdict(step))
                return self._ended(step, DEAD_STATE, self.tables.rows("bury_delivery", id=step.id), now, said)
            case _:
                assert_never(step)

    def _reschedule(self, step: Rescheduled) -> Settled | None:
        found = self.tables.rows("reschedule", taken_back=int(not step.counted), **asdict(step))
        return Settled(found[0][0]) if found else None

    def _ended(
        self,
        step: Delivered | Buried,
        state: int,
        found: list[Any],
        now: float,
        said: dict[tuple[str, str, str, str], int],
    ) -> Settled | None:
        if not found:
            return None
        destination, size, key, attempts, expires = found[0]
        died = step.reason if isinstance(step, Buried) else None
        if died is None:
            self.tables.change("drop_kept", id=step.id)
        self.post(destination, SENT if died is None else DEAD, died or "")
        # A claim that another row has taken over since is not ours to end.
        ours = self.tables.change(
            "end_claim", id=step.id, key=key, state=state, expires=expires, attempts=attempts,
            settlement=self._settlement(step, now, said),
        )  # fmt: skip
        return Settled(destination, size, died, key if ours else None, expires)

    def _settlement(
        self, step: Delivered | Buried, now: float, said: dict[tuple[str, str, str, str], int]
    ) -> int:
        """One row for all steps that ended with the same words: a batch has one."""
        match step:
            case Delivered():
                words = ("", "", "", step.request_id)
            case Buried():
                words = (step.reason, step.code, step.message, step.request_id)
            case _:
                assert_never(step)
        if words not in said:
            said[words] = self.settlement(now, *words)
        return said[words]

    def settlement(
        self, at: float, reason: str, code: str = "", message: str = "", request_id: str = ""
    ) -> int:
        row: int = self.tables.value(
            "settlement", at=at, reason=reason, code=code, message=message, request_id=request_id
        )
        return row

    def recover(self) -> int:
        return self.tables.change("void_leases")

    def drift(self) -> Drift:
        return Drift(*next(iter(self.tables.rows("drift")), ()))

    def adjust(self, drift: Drift, latest_due: float) -> None:
        self.tables.change("set_drift", **asdict(drift))
        self.tables.change("pull_in", latest=latest_due)

    def purge(self, now: float, claims_before: float, dead_before: float | None, limit: int) -> Freed:
        claims = self.tables.change("purge_claims", before=claims_before, limit=limit)
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
            self.tables.change("drop_kept", id=each.id)
            self.tables.change("lose_claim", id=each.id, key=each.key, now=now, settlement=None)
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

    def count(self) -> tuple[list[Any], list[Any]]:
        """Rows and bytes by destination and state, dead letters and their bytes by reason."""
        return self.tables.rows("count_deliveries"), self.tables.rows("count_dead")


def _fields_of(record: Record) -> dict[str, Any]:
    # Not `asdict`, which copies every value.
    return {name: getattr(record, name) for name in Record.__slots__}


def _bindings(entry: Entry) -> dict[str, Any]:
    return {
        "key": entry.key, "destination": entry.destination, "source": entry.source,
        "source_id": entry.source_id, "event": entry.event, "payload": entry.payload,
        "event_time": entry.event_time, "accepted_at": entry.accepted_at,
        "rules_version": entry.rules_version, "claim_seconds": entry.claim_seconds,
        "claim_until": entry.claim_until, "resend_seconds": entry.resend_seconds,
        "correlation": entry.correlation,
    }  # fmt: skip


def queued(row: tuple[Any, ...]) -> Queued:
    """A row of `claim_rows` or `list_waiting`."""
    row_id, attempts, due, first_ambiguous_at, crashes, why, *entry = row
    return Queued(row_id, Entry(*entry), attempts, due, first_ambiguous_at, crashes, why)
