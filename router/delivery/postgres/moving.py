"""A spool moved to another place, backlog and ledger: from a directory to a database, and back."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any, Final, Protocol

import apsw
import psycopg

from router.delivery.postgres.address import address_of, is_address
from router.delivery.postgres.moved_database import DatabaseSource, DatabaseTarget
from router.delivery.postgres.moved_file import FileSource, FileTarget
from router.delivery.postgres.moved_tables import TABLES
from router.delivery.postgres.trouble import told
from router.delivery.spool import SpoolUnusable

PORTION: Final = 2_000
Row = tuple[Any, ...]


class Source(Protocol):
    """A spool that nobody uses meanwhile. It says of itself where it went, before anything is there."""

    async def count(self) -> Mapping[str, int]: ...

    def rows(self, table: str) -> AsyncIterator[list[Row]]: ...

    async def last_row(self) -> int:
        """The highest number that a row ever had."""
        ...


class Target(Protocol):
    """A spool that is made: whole at the end of its context, or not at all."""

    async def add(self, table: str, rows: list[Row]) -> None: ...

    async def finish(self, last_row: int) -> None: ...

    async def count(self) -> Mapping[str, int]: ...


async def move(source: str, target: str) -> Mapping[str, int]:
    """Copy everything, and have the source refuse to be used from then on; how many rows went, by table.

    Each place is a directory or a database's address. Raises `SpoolUnusable` when one cannot be used, or when
    the target holds a spool with something in it. After a failure the source is as it was; after a crash the
    same command goes on.
    """
    if shown(source) == shown(target):
        raise SpoolUnusable("source and target are the same")
    try:
        return await _moved(source, target)
    except (psycopg.Error, apsw.Error, OSError) as problem:
        # Its own words may quote what was in hand.
        raise SpoolUnusable(f"the copy failed: {told(problem)}\n  fix: the same command goes on") from None


async def _moved(source: str, target: str) -> Mapping[str, int]:
    async with _source(source, shown(target)) as old, _target(target) as new:
        there = await old.count()
        for table in TABLES:
            async for rows in old.rows(table):
                await new.add(table, rows)
        await new.finish(await old.last_row())
        found = await new.count()
        # Rows may have gone ways that the source does not list.
        if any(found[table] != there[table] for table in TABLES if table != "route"):
            raise SpoolUnusable(f"the copy is not whole: {dict(found)} of {dict(there)}")
    return there


def shown(place: str) -> str:
    """A place without its password."""
    return str(address_of(place)) if is_address(place) else str(Path(place).resolve())


def _source(place: str, to: str) -> AbstractAsyncContextManager[Source]:
    if is_address(place):
        return DatabaseSource.opened(address_of(place), to, PORTION)
    return _in_file(FileSource(Path(place), PORTION))


def _target(place: str) -> AbstractAsyncContextManager[Target]:
    return (
        DatabaseTarget.opened(address_of(place)) if is_address(place) else _to_file(FileTarget(Path(place)))
    )


@asynccontextmanager
async def _in_file(source: FileSource) -> AsyncIterator[FileSource]:
    with source:
        yield source


@asynccontextmanager
async def _to_file(target: FileTarget) -> AsyncIterator[FileTarget]:
    with target:
        yield target
