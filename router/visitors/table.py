"""The file of remembered visitors: keys as keyed hashes, and what is known under each."""

from __future__ import annotations

import secrets
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import apsw
import structlog

from router.delivery.spool import SpoolBroken, SpoolError, SpoolFull, SpoolUnusable
from router.delivery.tables import DISK, NO_ROOM
from router.visitors.shelf import COLUMNS, VERSION, Shelf, row_of
from router.visitors.telling import Key
from router.visitors.visitor import NOBODY, Policy, Visitor, joined

_LOG = structlog.get_logger()
FILE: Final = "visitors.sqlite"
_APPLICATION: Final = 0x54575649
_BROKEN: Final = (apsw.NotADBError, apsw.CorruptError)
_PRAGMAS: Final = (
    "journal_mode = WAL",
    "synchronous = NORMAL",  # a power cut may take back the last seconds, which costs a click and no event
    "secure_delete = ON",
    "temp_store = MEMORY",
    "journal_size_limit = 16777216",
)
_SCHEMA: Final = f"""
CREATE TABLE visitor (
  key BLOB PRIMARY KEY, seen INTEGER NOT NULL,
  ttclid TEXT, ttclid_at INTEGER, ttclid_event TEXT, page_url TEXT, ttclid_sure INTEGER,
  ttp TEXT, ttp_at INTEGER, ttp_event TEXT
) WITHOUT ROWID;
CREATE INDEX visitor_by_seen ON visitor (seen);
CREATE TABLE salt (value BLOB NOT NULL);
PRAGMA application_id = {_APPLICATION};
PRAGMA user_version = {VERSION};
"""
_PUT: Final = f"INSERT OR REPLACE INTO visitor ({COLUMNS}, key) VALUES (?,?,?,?,?,?,?,?,?,?)"  # noqa: S608
_FRESH_SECONDS: Final = 3600
_PURGE_SECONDS: Final = 3600
_SPARE: Final = 100
"""One in so many rows more than are too many goes at once, so that not every new one costs a search."""


@dataclass(frozen=True, slots=True)
class Meeting:
    """One event: its visitor's keys, what it tells, and whether the visitor has refused to be remembered."""

    keys: tuple[Key, ...]
    told: Visitor = NOBODY
    refused: bool = False


@dataclass(frozen=True, slots=True)
class Bounds:
    """How long a value is kept, in seconds, how many rows, and which click counts."""

    seconds: int
    rows: int
    click: Policy


class VisitorTable:
    """One connection, used by its writer's thread. Raises `SpoolUnusable` when the file cannot be used.

    A file that is damaged is begun anew: it holds nothing that an event could be lost with.
    """

    def __init__(self, path: Path, bounds: Bounds) -> None:
        self._bounds = bounds
        self._purged = 0
        try:
            self._connection = _opened(path)
        except (*DISK, *NO_ROOM) as problem:
            raise SpoolUnusable(f"{path} cannot be opened: {problem}") from problem
        self._shelf = Shelf(self._connection)
        self.rows: int = self._connection.execute("SELECT count(*) FROM visitor").get

    def meet(self, meetings: Sequence[Meeting], now: int) -> list[Visitor]:
        """What was known of each event's visitor before it; what the event tells is noted for later ones."""
        met = [self._meet(each, now) for each in meetings]
        self._keep_bounds(now)
        return met

    def _meet(self, meeting: Meeting, now: int) -> Visitor:
        keys = [self._shelf.place(key) for key in meeting.keys]
        if meeting.refused:
            self._remove(keys)
            return NOBODY
        oldest = now - self._bounds.seconds
        rows = [self._shelf.get(key) for key in keys]
        known = joined((visitor.since(oldest) for visitor, _ in rows), self._bounds.click)
        whole = joined((known, meeting.told.since(oldest)), self._bounds.click)
        for key, (visitor, seen) in zip(keys, rows, strict=True):
            if whole and (visitor != whole or now - seen >= _FRESH_SECONDS):
                self._put(key, whole, now)
                self.rows += not seen
        return known

    def forget(self, hashes: Collection[str]) -> int:
        """Remove whoever is known under one of these SHA-256, and what has a click or browser of theirs."""
        kinds = ("anonymous_id", "user_id", "email", "phone")
        keys = [self._shelf.place((kind, each)) for each in hashes for kind in kinds]
        found = [visitor for visitor, seen in map(self._shelf.get, keys) if seen]
        before = self.rows
        self._remove(keys)
        for column, value in {pair for each in found for pair in _shared(each)}:
            self._delete(f"{column} = ?", (value,))
        return before - self.rows

    # -------------------------------------------------------------- rows

    def _put(self, key: bytes, visitor: Visitor, now: int) -> None:
        self._connection.execute(_PUT, (*row_of(visitor), now, key))

    def _remove(self, keys: Iterable[bytes]) -> None:
        for key in keys:
            self._delete("key = ?", (key,))

    def _delete(self, where: str, bindings: tuple[Any, ...]) -> None:
        self._connection.execute(f"DELETE FROM visitor WHERE {where}", bindings)  # noqa: S608
        self.rows -= self._connection.changes()

    def _keep_bounds(self, now: int) -> None:
        if now - self._purged >= _PURGE_SECONDS:
            self._purged = now
            self._delete("seen < ?", (now - self._bounds.seconds - _FRESH_SECONDS,))
        if self.rows > self._bounds.rows:
            many = self.rows - self._bounds.rows + self._bounds.rows // _SPARE
            self._delete("key IN (SELECT key FROM visitor ORDER BY seen LIMIT ?)", (many,))

    # -------------------------------------------------------------- the writer's side

    def begin(self) -> None:
        self._connection.execute("BEGIN IMMEDIATE")

    def finish(self) -> None:
        """Each job does all of its work."""

    def commit(self) -> None:
        self._connection.execute("COMMIT")

    def rollback(self) -> None:
        if self._connection.in_transaction:
            self._connection.execute("ROLLBACK")
        self.rows = self._connection.execute("SELECT count(*) FROM visitor").get

    def meaning(self, problem: Exception) -> SpoolError | None:
        if isinstance(problem, NO_ROOM):
            return SpoolFull(10.0, "the disk takes nothing now")
        if isinstance(problem, DISK):
            return SpoolBroken(f"the disk failed: {type(problem).__name__}")
        return None

    def tidy(self) -> None:
        """Empty the write-ahead log, so that what was removed does not linger in it."""
        self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()

    def close(self) -> None:
        try:
            self.tidy()
        finally:
            self._connection.close()


def _opened(path: Path) -> apsw.Connection:
    try:
        return _connected(path)
    except _BROKEN:
        _LOG.warning("visitors_forgotten", file=str(path), problem="the file is damaged; it is begun anew")
        remove_files(path)
        return _connected(path)


def remove_files(path: Path) -> None:
    """The file and those that SQLite keeps beside it."""
    for ending in ("", "-wal", "-shm"):
        path.with_name(path.name + ending).unlink(missing_ok=True)


def _connected(path: Path) -> apsw.Connection:
    path.touch(mode=0o600)
    connection = apsw.Connection(str(path))
    try:
        connection.set_busy_timeout(5_000)
        for each in _PRAGMAS:
            connection.execute(f"PRAGMA {each}").fetchall()
        if connection.execute("PRAGMA user_version").get != VERSION:
            _make(connection)
    except BaseException:
        connection.close()
        raise
    return connection


def _make(connection: apsw.Connection) -> None:
    """A file of another version is begun anew, too."""
    with connection:
        connection.execute("DROP TABLE IF EXISTS visitor; DROP TABLE IF EXISTS salt")
        connection.execute(_SCHEMA)
        connection.execute("INSERT INTO salt VALUES (?)", (secrets.token_bytes(32),))


def _shared(visitor: Visitor) -> Iterable[tuple[str, str]]:
    for column, seen in (("ttclid", visitor.ttclid), ("ttp", visitor.ttp)):
        if seen is not None:
            yield column, seen.value
