"""A SQLite spool that is moved, or moved to."""

from __future__ import annotations

import contextlib
import os
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Final

import apsw

from router.delivery.backup import FILE
from router.delivery.ownership import OwnedDirectory
from router.delivery.postgres.moved_entries import WHOLE, Apart, insert
from router.delivery.postgres.moved_tables import TABLES
from router.delivery.spool import SpoolUnusable
from router.delivery.tables import MOVED as SUFFIX
from router.delivery.tables import Tables

MOVED: Final = FILE + SUFFIX
_PART: Final = f"{FILE}.part"
_ROWS: Final = ("delivery", "dead")
_NUMBERED: Final = (*_ROWS, "route", "settlement", "record")


class FileSource:
    """A context manager. The file has another name from the beginning: no router takes it up any more."""

    def __init__(self, directory: Path, portion: int) -> None:
        self._directory = directory
        self._portion = portion

    def __enter__(self) -> FileSource:
        if not any((self._directory / name).is_file() for name in (FILE, MOVED)):
            raise SpoolUnusable(f"there is no spool in {self._directory}")
        self._owned = OwnedDirectory(self._directory)
        try:
            self._put_aside()
            self._tables = Tables(self._directory / MOVED)
        except BaseException:
            self._owned.release()
            raise
        return self

    def _put_aside(self) -> None:
        file, moved = self._directory / FILE, self._directory / MOVED
        if not file.is_file():
            return
        if moved.exists():
            raise SpoolUnusable(f"{moved} is there from an earlier move\n  fix: move it away first")
        with Tables(file) as tables:
            # Nothing may be left in the log, which has the name of the file.
            tables.connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
        file.rename(moved)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._tables.connection.close()
        if kind is not None:
            (self._directory / MOVED).rename(self._directory / FILE)
        self._owned.release()

    async def count(self) -> Mapping[str, int]:
        return _counts(self._tables)

    async def rows(self, table: str) -> AsyncIterator[list[tuple[Any, ...]]]:
        order = " ORDER BY id" if table in _NUMBERED else ""
        place = WHOLE.get(table, table)
        cursor = self._tables.connection.execute(f"SELECT {', '.join(TABLES[table])} FROM {place}{order}")  # noqa: S608 - names of ours
        while rows := _portion(cursor, self._portion):
            yield rows

    async def last_row(self) -> int:
        return int(self._tables.value("last_id") or 0)


class FileTarget:
    """A context manager: the file has its name when all is in it."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    def __enter__(self) -> FileTarget:
        self._owned = OwnedDirectory(self._directory)
        try:
            self._refuse_another()
            self._clear()
            self._owned.file(_PART)
            self._tables = Tables(self._directory / _PART)
        except BaseException:
            self._owned.release()
            raise
        self._tables.connection.execute("BEGIN IMMEDIATE")
        self._apart = Apart(self._tables)
        return self

    def _refuse_another(self) -> None:
        if (self._directory / FILE).exists():
            raise SpoolUnusable(
                f"{self._directory} has a spool already\n  fix: name another directory, or move {FILE} away"
            )

    def _clear(self) -> None:
        for name in (_PART, f"{_PART}-wal", f"{_PART}-shm"):
            (self._directory / name).unlink(missing_ok=True)

    async def add(self, table: str, rows: list[tuple[Any, ...]]) -> None:
        columns = list(TABLES[table])
        if table in _ROWS:
            place = columns.index("kept")
            kept = [(row[0], row[place]) for row in rows if row[place] is not None]
            insert(self._tables, "kept", ["id", "event"], kept)
            columns, rows = _without(columns, place), [tuple(_without(row, place)) for row in rows]
        match table:
            case "drift":
                insert(self._tables, table, ["id", *columns], [(1, *row) for row in rows])
            case "delivery" | "dedup":
                add = self._apart.entry if table == "delivery" else self._apart.claim
                for row in rows:
                    add(dict(zip(columns, row, strict=True)))
            case _:
                insert(self._tables, table, columns, rows)

    async def finish(self, last_row: int) -> None:
        self._apart.finish()
        connection = self._tables.connection
        # Numbers are never used again: claims name their row by it.
        connection.execute("DELETE FROM sqlite_sequence WHERE name = 'delivery'")
        connection.execute("INSERT INTO sqlite_sequence (name, seq) VALUES ('delivery', ?)", (last_row,))

    async def count(self) -> Mapping[str, int]:
        return _counts(self._tables)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        connection = self._tables.connection
        try:
            connection.execute("ROLLBACK" if kind is not None else "COMMIT")
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
            connection.close()
            if kind is None:
                self._named()
            else:
                self._clear()
        finally:
            self._owned.release()

    def _named(self) -> None:
        (self._directory / _PART).replace(self._directory / FILE)
        with _opened(self._directory) as handle:
            os.fsync(handle)


@contextlib.contextmanager
def _opened(directory: Path) -> Iterator[int]:
    handle = os.open(directory, os.O_RDONLY)
    try:
        yield handle
    finally:
        os.close(handle)


def _without(row: Sequence[Any], place: int) -> list[Any]:
    return [*row[:place], *row[place + 1 :]]


def _portion(cursor: apsw.Cursor, most: int) -> list[tuple[Any, ...]]:
    return [row for row, _ in zip(cursor, range(most), strict=False)]


def _counts(tables: Tables) -> dict[str, int]:
    return {
        table: int(tables.connection.execute(f"SELECT count(*) FROM {table}").get)  # noqa: S608 - names of ours
        for table in TABLES
    }
