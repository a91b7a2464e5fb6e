"""One connection to the spool's file: opened, brought to this version, its statements run by name."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain
from pathlib import Path
from secrets import token_hex
from typing import Any, Final

import apsw
import orjson

from router.delivery.spool import SpoolUnusable
from router.delivery.statements import migration, queries, repeated, schema

VERSION = 4
APPLICATION = 0x54575350
NO_ROOM = (apsw.FullError, apsw.BusyError, apsw.LockedError, apsw.NoMemError)
DISK = (
    apsw.IOError,
    apsw.CorruptError,
    apsw.NotADBError,
    apsw.ReadOnlyError,
    apsw.CantOpenError,
    apsw.PermissionsError,
    apsw.ProtocolError,
)
_DAMAGED = "fix: `tagwright spool check` says what is wrong with it; restore a backup"
_PRAGMAS = (
    "journal_mode = WAL",
    "synchronous = FULL",  # with NORMAL a power cut takes back what was already acknowledged
    "secure_delete = ON",
    "temp_store = MEMORY",
    "journal_size_limit = 67108864",
    "cache_size = -8192",  # more was no faster with ten million claims: the system keeps the file, too
)


_AT_ONCE = 256
_STATEMENTS = 256

MOVED: Final = ".moved"
"""Behind the name of a spool that was copied to another place, and is kept until nobody needs it."""


def _gone(path: Path) -> str:
    if path.with_name(path.name + MOVED).exists():
        return (
            f"what was in {path} was moved away by `tagwright spool copy`\n"
            "  fix: run with the --spool that it was moved to; to begin anew, remove the whole directory"
        )
    return (
        f"{path} is empty or gone, and this directory had a spool with what was accepted\n"
        "  fix: put it back, or restore a backup; to begin anew, remove the whole directory"
    )


class Tables:
    """Not thread-safe. Raises `SpoolUnusable` when the file cannot be used as a spool.

    `known` is the identity of the spool that was here before, if any: a file that is empty then has lost it.
    """

    def __init__(self, path: Path, known: str = "") -> None:
        if known and not (path.exists() and path.stat().st_size):
            # An empty one would pass for a spool of its own.
            path.unlink(missing_ok=True)
            raise SpoolUnusable(_gone(path))
        self._sql = queries()
        try:
            self.connection = apsw.Connection(str(path), statementcachesize=_STATEMENTS)
            self._prepare(path, known)
            self.identity: str = self.value("identity") or self._named()
        except (*DISK, *NO_ROOM) as problem:
            raise SpoolUnusable(f"{path} cannot be opened: {problem}\n  {_DAMAGED}") from problem

    def _named(self) -> str:
        name = token_hex(8)
        self.change("set_identity", identity=name)
        return name

    def _prepare(self, path: Path, known: str) -> None:
        connection = self.connection
        connection.set_busy_timeout(5_000)
        version = _version(connection, path)
        if version == 0 and known:
            raise SpoolUnusable(_gone(path))
        for pragma in _PRAGMAS:
            connection.execute(f"PRAGMA {pragma}").fetchall()
        if version == VERSION:
            return
        with connection:
            for each in [schema()] if version == 0 else map(migration, range(version, VERSION)):
                connection.execute(each).fetchall()
            connection.execute(f"PRAGMA application_id = {APPLICATION}")
            connection.execute(f"PRAGMA user_version = {VERSION}")

    def __enter__(self) -> Tables:
        return self

    def __exit__(self, *_: object) -> None:
        self.connection.close()

    def rows(self, name: str, **bindings: Any) -> list[Any]:
        return self.connection.execute(self._sql[name], bindings).fetchall()

    def value(self, name: str, **bindings: Any) -> Any:
        """The only column of the first row; None without one."""
        return self.connection.execute(self._sql[name], bindings).get

    def change(self, name: str, **bindings: Any) -> int:
        """How many rows a statement changed."""
        self.connection.execute(self._sql[name], bindings)
        return self.connection.changes()

    def change_many(self, name: str, rows: Sequence[Sequence[Any]]) -> int:
        """Run a statement that inserts one row for all of them; how many rows were changed."""
        changed, start = 0, 0
        while left := len(rows) - start:
            # In few steps, because each lets go of the interpreter and may wait long to have it back; of few
            # sizes, so that SQLite need not compile them again.
            size = min(_AT_ONCE, 1 << left.bit_length() - 1)
            values = list(chain.from_iterable(rows[start : start + size]))
            self.connection.execute(repeated(name, size), values)
            changed += self.connection.changes()
            start += size
        return changed

    def change_rows(self, name: str, ids: Sequence[int], **bindings: Any) -> int:
        """Run a statement about the rows of these ids; how many rows were changed."""
        if not ids:
            return 0
        return self.change(name, ids=orjson.dumps(ids).decode(), **bindings)


def _version(connection: apsw.Connection, path: Path) -> int:
    version = int(connection.pragma("user_version"))
    application = int(connection.pragma("application_id"))
    tables = connection.execute("SELECT count(*) FROM sqlite_master").get
    if version > VERSION and application == APPLICATION:
        raise SpoolUnusable(
            f"{path} was written by a newer version (schema {version}, this one knows {VERSION})\n"
            "  fix: run the newer version, or restore a backup that this one made"
        )
    if tables and application != APPLICATION:
        raise SpoolUnusable(
            f"{path} is not a spool but another program's database\n  fix: choose another data directory"
        )
    return version
