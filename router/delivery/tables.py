"""One connection to the spool's file: opened, brought to this version, its statements run by name."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from secrets import token_hex
from typing import Any

import apsw

from router.delivery.spool import SpoolUnusable
from router.delivery.statements import migration, queries, schema

VERSION = 3
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
    "cache_size = -65536",
)


class Tables:
    """Not thread-safe. Raises `SpoolUnusable` when the file cannot be used as a spool.

    `known` is the identity of the spool that was here before, if any: a file that is empty then has lost it.
    """

    def __init__(self, path: Path, known: str = "") -> None:
        self._sql = queries()
        try:
            self.connection = apsw.Connection(str(path))
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
            raise SpoolUnusable(
                f"{path} is empty or gone, and this directory had a spool with what was accepted\n"
                "  fix: put it back, or restore a backup; to begin anew, remove the whole directory"
            )
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

    def change_each(self, name: str, bindings: Iterable[dict[str, Any]]) -> None:
        self.connection.executemany(self._sql[name], bindings)


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
