"""A line to the database: what it tries again, what it reports, and whom it spares."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import psycopg
import pytest
from psycopg import errors

from router.delivery.postgres.line import Line
from router.delivery.postgres.trouble import Meaning, SpoolAway, meaning, told
from router.delivery.postgres.wire import Reach
from router.delivery.postgres.work import Ask, Rows
from router.delivery.spool import SpoolBroken, SpoolFull

Answer = Rows | Exception
LOST = errors.AdminShutdown("terminating connection")


@dataclass
class Cursor:
    rows: Rows
    description: tuple[str, ...] = ("n",)

    async def fetchall(self) -> Rows:
        return self.rows


@dataclass
class Scripted:
    """A database that answers as a script says, then each statement with its name; `bad` it refuses."""

    script: Iterator[Answer] = field(default_factory=lambda: iter(()))
    heard: list[bytes] = field(default_factory=list)
    connections: int = 0
    reachable: bool = True

    async def connect(self) -> Any:
        if not self.reachable:
            raise psycopg.OperationalError("refused")
        self.connections += 1
        return self

    async def execute(self, sql: bytes, values: Any, *, binary: bool) -> Cursor:
        self.heard.append(sql)
        answer = errors.NumericValueOutOfRange() if sql == b"bad" else next(self.script, [(sql,)])
        if isinstance(answer, Exception):
            raise answer
        return Cursor(answer)

    @contextlib.asynccontextmanager
    async def pipeline(self) -> Any:
        yield

    def add_notice_handler(self, _: object) -> None: ...

    async def close(self) -> None: ...


@dataclass(frozen=True)
class Named:
    name: bytes
    weight: int = 1

    def asks(self) -> Sequence[Ask]:
        return [Ask(self.name, {})]

    def read(self, answers: Sequence[Rows]) -> Rows:
        return answers[0]


async def happened(sign: Callable[[], bool]) -> None:
    for _ in range(1_000):
        if sign():
            return
        await asyncio.sleep(0.01)
    raise AssertionError("it did not happen")


def scripted(*answers: Answer) -> Scripted:
    return Scripted(iter(answers))


def using(database: Scripted, use: Callable[[Line], Any], **options: Any) -> None:
    async def run() -> None:
        line = Line(database.connect, Reach(), **options)
        try:
            await use(line)
        finally:
            await line.close()

    asyncio.run(run())


@pytest.mark.parametrize(
    "problem", [errors.DeadlockDetected, errors.SerializationFailure, errors.LockNotAvailable]
)
def test_what_the_database_undid_is_done_again_on_the_same_connection(problem: type[psycopg.Error]) -> None:
    database = scripted(problem("undone"), problem("undone"))

    async def check(line: Line) -> None:
        assert await line.do(Named(b"one")) == [(b"one",)]
        assert (database.heard, database.connections) == ([b"one"] * 3, 1)

    using(database, check)


def test_what_is_undone_every_time_is_refused_in_the_end() -> None:
    async def check(line: Line) -> None:
        with pytest.raises(SpoolAway, match="again and again"):
            await line.do(Named(b"one"))

    using(Scripted(iter(lambda: errors.DeadlockDetected("undone"), None)), check)


def test_after_a_lost_connection_what_was_lost_comes_first() -> None:
    database = scripted(LOST)

    async def check(line: Line) -> None:
        assert await line.do(Named(b"one")) == [(b"one",)]
        assert (database.heard, database.connections) == ([b"one", b"lost", b"one"], 2)

    using(database, check, lost=lambda: Named(b"lost"))


def test_a_work_that_the_database_refuses_fails_alone() -> None:
    async def check(line: Line) -> None:
        works = [line.do(Named(name)) for name in (b"first", b"good", b"bad", b"fine")]
        first, good, bad, fine = await asyncio.gather(*works, return_exceptions=True)
        assert [first, good, fine] == [[(b"first",)], [(b"good",)], [(b"fine",)]]
        assert isinstance(bad, errors.NumericValueOutOfRange)

    using(scripted(), check)


def test_a_database_without_room_is_a_full_spool() -> None:
    async def check(line: Line) -> None:
        with pytest.raises(SpoolFull, match="no room"):
            await line.do(Named(b"one"))

    using(scripted(errors.DiskFull("no space")), check)


def test_the_impatient_are_refused_in_time_then_at_once_and_it_comes_back_unasked() -> None:
    database = Scripted(reachable=False)

    async def check(line: Line) -> None:
        for _ in range(2):
            with pytest.raises(SpoolAway):
                await line.do(Named(b"one"), patience=0.1)
        database.reachable = True
        await happened(lambda: database.connections > 0)
        assert line.waiting == 0
        assert await line.do(Named(b"two"), patience=5.0) == [(b"two",)]
        assert database.heard == [b"two"], "what was given up is not done"

    using(database, check)


def test_what_binds_is_done_although_nobody_waits() -> None:
    database = Scripted(reachable=False)
    done: list[Rows] = []

    async def check(line: Line) -> None:
        with pytest.raises(SpoolAway):
            await line.do(Named(b"one"), patience=0.05, binding=True, committed=done.append)
        database.reachable = True
        await happened(lambda: bool(done))

    using(database, check)


def test_a_line_that_is_closed_while_the_database_is_away_keeps_nobody_waiting() -> None:
    async def run() -> None:
        line = Line(Scripted(reachable=False).connect, Reach())
        waiting = asyncio.ensure_future(line.do(Named(b"one")))
        await asyncio.sleep(0.02)
        await line.close()
        with pytest.raises(SpoolBroken):
            await waiting
        with pytest.raises(SpoolBroken):
            await line.do(Named(b"two"))

    asyncio.run(run())


@pytest.mark.parametrize(
    ("problem", "expected"),
    [
        (errors.DeadlockDetected(), Meaning.AGAIN),
        (errors.AdminShutdown(), Meaning.AWAY),
        (errors.CannotConnectNow(), Meaning.AWAY),
        (errors.ReadOnlySqlTransaction(), Meaning.AWAY),
        (errors.TooManyConnections(), Meaning.AWAY),
        (psycopg.OperationalError("the connection is lost"), Meaning.AWAY),
        (TimeoutError(), Meaning.AWAY),
        (ConnectionResetError(), Meaning.AWAY),
        (errors.DiskFull(), Meaning.FULL),
        (errors.UndefinedTable(), Meaning.OURS),
        (psycopg.DataError("NUL"), Meaning.OURS),
        (UnicodeEncodeError("utf-8", "\ud800", 0, 1, "surrogate"), Meaning.OURS),
    ],
)
def test_an_error_means(problem: Exception, expected: Meaning) -> None:
    assert meaning(problem) is expected


def test_what_is_told_of_an_error_quotes_nothing() -> None:
    assert told(errors.UniqueViolation("Key (email)=(ada@shop.example) exists")) == "UniqueViolation 23505"
    assert told(psycopg.OperationalError("password s3cr3t")) == "OperationalError"
