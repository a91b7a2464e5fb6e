"""The spool's tables, as the writer's thread uses them: every statement of SQLite is run here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, assert_never

import apsw

from router.delivery.drift import Drift
from router.delivery.entry import DeadLetter, Entry, Queued
from router.delivery.room import Room
from router.delivery.spool import (
    Buried,
    Claimed,
    Delivered,
    Rescheduled,
    SpoolBroken,
    SpoolError,
    SpoolFull,
    SpoolUnusable,
    Step,
)
from router.delivery.statements import migration, queries, schema

VERSION = 2
APPLICATION = 0x54575350
_PENDING, _SENT, _DEAD = 0, 1, 2
_NO_ROOM = (apsw.FullError, apsw.BusyError, apsw.LockedError, apsw.NoMemError)
_PRAGMAS = (
    "journal_mode = WAL",
    "synchronous = FULL",  # with NORMAL a power cut takes back what was already acknowledged
    "secure_delete = ON",
    "temp_store = MEMORY",
    "journal_size_limit = 67108864",
    "cache_size = -65536",
)
_DISK = (
    apsw.IOError,
    apsw.CorruptError,
    apsw.NotADBError,
    apsw.ReadOnlyError,
    apsw.CantOpenError,
    apsw.PermissionsError,
    apsw.ProtocolError,
)


@dataclass(frozen=True, slots=True)
class Settled:
    """What a step did: bytes that left the queue, how it died, the claim that got an end."""

    destination: str
    gone: int | None = None
    died: str | None = None
    key: bytes | None = None
    expires: float | None = None


@dataclass(frozen=True, slots=True)
class Freed:
    """What a purge removed."""

    claims: int
    dead: tuple[tuple[bytes, str, int], ...] = ()
    """Key, reason and payload bytes of each dead letter."""


class Ledger:
    """One connection. Not thread-safe; the writer begins and commits."""

    def __init__(self, path: Path, room: Room) -> None:
        self.room = room
        try:
            self._connection = apsw.Connection(str(path))
            self._prepare(path)
        except (*_DISK, *_NO_ROOM) as problem:
            raise SpoolUnusable(f"{path} cannot be opened: {problem}") from problem
        self._sql = queries()
        self._next_id = self._value("last_id", {}) or 0

    def _prepare(self, path: Path) -> None:
        connection = self._connection
        connection.set_busy_timeout(5_000)
        version = _version(connection, path)
        for pragma in _PRAGMAS:
            connection.execute(f"PRAGMA {pragma}").fetchall()
        if version == VERSION:
            return
        with connection:
            for each in [schema()] if version == 0 else map(migration, range(version, VERSION)):
                connection.execute(each).fetchall()
            connection.execute(f"PRAGMA application_id = {APPLICATION}")
            connection.execute(f"PRAGMA user_version = {VERSION}")

    # The writer's side.

    def begin(self) -> None:
        self._connection.execute("BEGIN IMMEDIATE")

    def commit(self) -> None:
        self._connection.execute("COMMIT")

    def rollback(self) -> None:
        # SQLite has already rolled back by itself after some failures.
        if self._connection.in_transaction:
            self._connection.execute("ROLLBACK")

    def meaning(self, problem: Exception) -> SpoolError | None:
        if isinstance(problem, apsw.FullError):
            self.room.throw_off()
        if isinstance(problem, _NO_ROOM):
            return SpoolFull(10.0, "the disk takes nothing now")
        if isinstance(problem, _DISK):
            return SpoolBroken(f"the disk failed: {type(problem).__name__}")
        return None

    def tidy(self) -> None:
        """Empty the write-ahead log, so that what was sent does not linger in it."""
        self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()

    def close(self) -> None:
        try:
            self.tidy()
        finally:
            self._connection.close()

    # Jobs.

    def put(self, entries: Sequence[Entry], lag: float) -> list[bool]:
        return [self._put(entry, lag) for entry in entries]

    def _put(self, entry: Entry, lag: float) -> bool:
        row = _bindings(entry) | {"id": self._next_id + 1, "now": entry.accepted_at - lag}
        self._connection.execute(self._sql["claim_key"], row)
        if not self._connection.changes():
            return False
        self._next_id += 1
        self._connection.execute(self._sql["insert_delivery"], row)
        return True

    def claim(self, destination: str, limit: int, now: float) -> Claimed:
        found = self._rows("claim_rows", {"destination": destination, "limit": limit, "now": now})
        rows = sorted((_queued(row) for row in found), key=lambda row: (row.due, row.id))
        if len(rows) == limit:
            return Claimed(tuple(rows))
        return Claimed(tuple(rows), self._value("next_due", {"destination": destination}))

    def settle(self, steps: Sequence[Step], now: float) -> list[Settled]:
        done = (self._step(step, now) for step in steps)
        return [each for each in done if each is not None]

    def _step(self, step: Step, now: float) -> Settled | None:
        match step:
            case Delivered():
                found = self._rows("deliver", {"id": step.id, "now": now})
                return self._ended(step.id, _SENT, found, None)
            case Rescheduled():
                return self._reschedule(step)
            case Buried():
                self._connection.execute(self._sql["bury"], asdict(step) | {"now": now})
                return self._ended(step.id, _DEAD, self._rows("bury_delivery", {"id": step.id}), step.reason)
            case _:
                assert_never(step)

    def _reschedule(self, step: Rescheduled) -> Settled | None:
        found = self._rows("reschedule", asdict(step) | {"taken_back": int(not step.counted)})
        return Settled(found[0][0]) if found else None

    def _ended(self, row_id: int, state: int, found: list[Any], died: str | None) -> Settled | None:
        if not found:
            return None
        destination, size, key, expires = found[0]
        claim = {"id": row_id, "key": key, "state": state, "expires": expires}
        self._connection.execute(self._sql["end_claim"], claim)
        # A claim that another row has taken over since is not ours to end.
        ours = self._connection.changes() > 0
        return Settled(destination, size, died, key if ours else None, expires)

    def recover(self) -> int:
        self._connection.execute(self._sql["void_leases"])
        return self._connection.changes()

    def drift(self) -> Drift:
        return Drift(*next(iter(self._rows("drift", {})), ()))

    def adjust(self, drift: Drift, latest_due: float) -> None:
        self._connection.execute(self._sql["set_drift"], asdict(drift))
        self._connection.execute(self._sql["pull_in"], {"latest": latest_due})

    def purge(self, now: float, dead_before: float | None, limit: int) -> Freed:
        self._connection.execute(self._sql["purge_claims"], {"now": now, "limit": limit})
        claims = self._connection.changes()
        if dead_before is None:
            return Freed(claims)
        return Freed(claims, self._freed(self._rows("purge_dead", {"before": dead_before, "limit": limit})))

    def evict(self, dead_bytes: int, limit: int) -> Freed:
        return Freed(0, self._freed(self._rows("evict_dead", {"dead_bytes": dead_bytes, "limit": limit})))

    def _freed(self, dead: Sequence[Any]) -> tuple[tuple[bytes, str, int], ...]:
        for row_id, key, *_ in dead:
            self._connection.execute(self._sql["free_dead_claim"], {"id": row_id, "key": key})
        return tuple((key, reason, size) for _, key, reason, size in dead)

    def oldest(self) -> float | None:
        found: float | None = self._value("oldest", {})
        return found

    def count(self) -> tuple[list[Any], list[Any]]:
        """Rows and bytes by destination and state, dead letters and their bytes by reason."""
        return self._rows("count_deliveries", {}), self._rows("count_dead", {})

    def dead(self, limit: int, after: int) -> list[DeadLetter]:
        return [_dead_letter(row) for row in self._rows("list_dead", {"limit": limit, "after": after})]

    def _rows(self, name: str, bindings: dict[str, Any]) -> list[Any]:
        return self._connection.execute(self._sql[name], bindings).fetchall()

    def _value(self, name: str, bindings: dict[str, Any]) -> Any:
        return self._connection.execute(self._sql[name], bindings).get


def _version(connection: apsw.Connection, path: Path) -> int:
    version = int(connection.pragma("user_version"))
    application = int(connection.pragma("application_id"))
    tables = connection.execute("SELECT count(*) FROM sqlite_master").get
    if version > VERSION and application == APPLICATION:
        raise SpoolUnusable(
            f"{path} was written by a newer version (schema {version}, this one knows {VERSION})"
        )
    if tables and application != APPLICATION:
        raise SpoolUnusable(f"{path} is not a spool but another program's database")
    return version


def _bindings(entry: Entry) -> dict[str, Any]:
    return {
        "key": entry.key, "destination": entry.destination, "source": entry.source,
        "source_id": entry.source_id, "event": entry.event, "payload": entry.payload,
        "event_time": entry.event_time, "accepted_at": entry.accepted_at,
        "rules_version": entry.rules_version, "claim_seconds": entry.claim_seconds,
        "claim_until": entry.claim_until, "resend_seconds": entry.resend_seconds,
    }  # fmt: skip


def _queued(row: tuple[Any, ...]) -> Queued:
    row_id, attempts, due, first_ambiguous_at, crashes, *entry = row
    return Queued(row_id, Entry(*entry), attempts, due, first_ambiguous_at, crashes)


def _dead_letter(row: tuple[Any, ...]) -> DeadLetter:
    row_id, attempts, first_ambiguous_at, reason, code, message, request_id, died_at, *entry = row
    return DeadLetter(
        row_id, Entry(*entry), attempts, first_ambiguous_at, reason, code, message, request_id, died_at
    )
