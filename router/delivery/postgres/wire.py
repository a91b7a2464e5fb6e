"""One connection to the database, made anew after it was lost; and whether the database is reached at all."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import psycopg
import structlog

from router.delivery.postgres.trouble import Unreplicated, keeps_no_plans, told
from router.delivery.postgres.work import Ask, Rows

log = structlog.get_logger()

Connection = psycopg.AsyncConnection[tuple[Any, ...]]
Connect = Callable[[], Awaitable[Connection]]


class Reach:
    """Whether a database is reached by several lines: told once, not by each of them."""

    def __init__(self) -> None:
        self._away = 0
        self._since = 0.0

    @property
    def away_seconds(self) -> float | None:
        """For how long it has not been reached; None while it is."""
        return time.monotonic() - self._since if self._away else None

    def lost(self, problem: Exception) -> None:
        self._away += 1
        if self._away == 1:
            self._since = time.monotonic()
            log.warning("database_away", error=told(problem))

    def back(self) -> None:
        self._away -= 1
        if self._away == 0:
            log.info("database_back", seconds=round(time.monotonic() - self._since, 1))


class Wire:
    """Connects when it is first used, and again when it is used after it was lost."""

    def __init__(self, connect: Connect, reach: Reach, answer_seconds: float) -> None:
        self._connect = connect
        self._reach = reach
        self._answer_seconds = answer_seconds
        self._connection: Connection | None = None
        self._away_since: float | None = None
        self._warned = False
        self._planless = False
        self._doubted = False

    @property
    def away_seconds(self) -> float | None:
        """For how long there has been no connection although there should be one."""
        return None if self._away_since is None else time.monotonic() - self._away_since

    async def connected(self) -> Connection:
        """Raises what connecting raises."""
        if self._connection is None:
            connection = await self._connect()
            if self._planless:
                connection.prepare_threshold = None
            return self.adopt(connection)
        return self._connection

    def adopt(self, connection: Connection) -> Connection:
        """Use this one, until it is lost."""
        connection.add_notice_handler(self._noticed)
        self._connection = connection
        return connection

    async def look(self) -> None:
        """Connect, while there is nothing to ask. Raises what connecting raises."""
        await self.connected()
        self._well()

    def _well(self) -> None:
        self._doubted = False
        if self._away_since is not None:
            self._reach.back()
            self._away_since = None

    async def answers(self, asks: Sequence[Ask]) -> list[Rows]:
        """All of it as one transaction; after this it is durable wherever it is to be."""
        connection = await self.connected()
        self._warned = False
        async with asyncio.timeout(self._answer_seconds):
            answers = await _asked(connection, asks)
        if self._warned:
            raise Unreplicated
        self._well()
        return answers

    def _noticed(self, notice: psycopg.errors.Diagnostic) -> None:
        # A commit that was waiting for a standby and was told not to: it stands here and perhaps nowhere
        # else. Its words are in the server's language, its severity is not.
        self._warned = self._warned or notice.severity_nonlocalized == "WARNING"

    async def lost(self, problem: Exception) -> None:
        """Nobody knows what became of what was asked last."""
        self._planless = self._planless or keeps_no_plans(problem)
        silent = isinstance(problem, TimeoutError | Unreplicated)
        ended = self._connection is not None and not silent
        await self.hang_up()
        if ended and not self._doubted:
            # A session may have ended while nobody used it. Whether it can be had again is seen at once.
            self._doubted = True
        elif self._away_since is None:
            self._away_since = time.monotonic()
            self._reach.lost(problem)

    async def hang_up(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            with contextlib.suppress(Exception):
                await connection.close()

    def cut(self) -> None:
        """As if the process had ended."""
        if self._connection is not None:
            self._connection.pgconn.finish()


async def _asked(connection: Connection, asks: Sequence[Ask]) -> list[Rows]:
    if len(asks) == 1:
        cursor = await connection.execute(asks[0].sql, asks[0].values, binary=True)
        return [await _rows(cursor)]
    # Up to the end of the pipeline all of it is one transaction, and one round trip.
    async with connection.pipeline():
        cursors = [await connection.execute(ask.sql, ask.values, binary=True) for ask in asks]
    return [await _rows(cursor) for cursor in cursors]


async def _rows(cursor: psycopg.AsyncCursor[tuple[Any, ...]]) -> Rows:
    return await cursor.fetchall() if cursor.description is not None else []
