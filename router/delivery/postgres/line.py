"""One connection and what waits for it: whatever has gathered goes as one transaction, in one round trip."""

from __future__ import annotations

import asyncio
import contextlib
import random
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Protocol, TypeVar

import psycopg
import structlog

from router.delivery.postgres.trouble import Meaning, SpoolAway, Unreplicated, meaning, told
from router.delivery.spool import SpoolBroken, SpoolFull

log = structlog.get_logger()

Connection = psycopg.AsyncConnection[tuple[Any, ...]]
Rows = list[tuple[Any, ...]]
T_co = TypeVar("T_co", covariant=True)
GROUP_MAX: Final = 1_000
ANSWER_SECONDS: Final = 15.0
RETRIES: Final = 8
_PAUSES: Final = (0.05, 1.0)


@dataclass(frozen=True, slots=True)
class Ask:
    """A statement and its values."""

    sql: bytes
    values: Mapping[str, Any] = field(repr=False)


class Work(Protocol[T_co]):
    """Something to be done in one transaction."""

    @property
    def weight(self) -> int: ...

    def asks(self) -> Sequence[Ask]: ...

    def read(self, answers: Sequence[Rows]) -> T_co: ...


class Together(Protocol):
    """Several works as one: what it reads is one answer for each."""

    def __call__(self, works: Sequence[Any]) -> Work[Sequence[Any]]: ...


@dataclass(frozen=True, slots=True)
class InTurn:
    """Works one after the other."""

    works: Sequence[Work[Any]]
    weight: int = 0

    def asks(self) -> Sequence[Ask]:
        return [ask for work in self.works for ask in work.asks()]

    def read(self, answers: Sequence[Rows]) -> Sequence[Any]:
        left = iter(answers)
        return [work.read([next(left) for _ in work.asks()]) for work in self.works]


@dataclass(slots=True, eq=False)
class _Job:
    work: Work[Any]
    future: asyncio.Future[Any]
    committed: Callable[[Any], None] | None
    binding: bool

    @property
    def wanted(self) -> bool:
        return self.binding or not self.future.done()


class Reach:
    """Whether a database is reached by several lines: told once, not by each of them."""

    def __init__(self) -> None:
        self._away = 0
        self._since = 0.0

    def lost(self, problem: Exception) -> None:
        self._away += 1
        if self._away == 1:
            self._since = time.monotonic()
            log.warning("database_away", error=told(problem))

    def back(self) -> None:
        self._away -= 1
        if self._away == 0:
            log.info("database_back", seconds=round(time.monotonic() - self._since, 1))


class Line:
    """Runs works in its own task, in the order of asking. Reconnects by itself.

    `together` joins what has gathered; `lost` is asked for a work that comes before anything else on a new
    connection, after one that broke. A transaction that the database undid is tried again, and so is one
    whose outcome is unknown: works can bear that.
    """

    def __init__(
        self,
        connect: Callable[[], Any],
        reach: Reach,
        *,
        together: Together = InTurn,
        lost: Callable[[], Work[Any] | None] = lambda: None,
        committed: Callable[[float], None] = lambda _: None,
        rng: random.Random | None = None,
        answer_seconds: float = ANSWER_SECONDS,
    ) -> None:
        self._connect = connect
        self._reach = reach
        self._together = together
        self._lost = lost
        self._committed = committed
        self._rng = rng or random.SystemRandom()
        self._answer_seconds = answer_seconds
        self._jobs: deque[_Job] = deque()
        self._ready = asyncio.Event()
        self._connection: Connection | None = None
        self._task: asyncio.Task[None] | None = None
        self._closing = False
        self._warned = False
        self._unknown = False
        self._away_since: float | None = None
        self.waiting = 0
        """Weight of the works that are not yet answered."""

    async def do(
        self,
        work: Work[Any],
        *,
        patience: float | None = None,
        binding: bool = False,
        committed: Callable[[Any], None] | None = None,
    ) -> Any:
        """What the work reads, after its commit; `committed` is called then even when nobody waits any more.

        What is `binding` is done also when nobody waits any more, the rest is not begun.

        Raises `SpoolAway` after `patience` seconds without an answer; without a patience it waits for as
        long as it takes.
        """
        if self._closing:
            raise SpoolBroken("the spool is closed")
        if patience is not None and self._gone(patience):
            raise self.away()
        if self._task is None:
            self._task = asyncio.create_task(self._serve())
        future: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        job = _Job(work, future, committed, binding)
        self.waiting += work.weight
        self._jobs.append(job)
        self._ready.set()
        try:
            async with asyncio.timeout(patience):
                return await future
        except TimeoutError:
            raise self.away() from None

    def _gone(self, patience: float) -> bool:
        """Whether it has been away for so long that nobody need wait to find out."""
        return self._away_since is not None and time.monotonic() - self._away_since > patience

    def away(self) -> SpoolAway:
        return SpoolAway(self._rng.uniform(1, 5), "the database does not answer")

    async def close(self) -> None:
        """Finish what waits, if the database answers."""
        self._closing = True
        self._ready.set()
        if self._task is not None:
            with contextlib.suppress(asyncio.CancelledError):
                await self._task
        await self._hang_up()

    def abandon(self) -> None:
        """As if the process had ended: nothing is finished, nobody is told."""
        self._closing = True
        if self._task is not None:
            self._task.cancel()
        if self._connection is not None:
            self._connection.pgconn.finish()

    # The task.

    async def _serve(self) -> None:
        while True:
            self._ready.clear()
            if not self._jobs:
                if self._closing:
                    return
                await self._until_asked()
                continue
            group = self._group()
            try:
                await self._run(group)
            except Exception as problem:
                # A mistake of ours while reading: of those whose work it was, nobody may wait for ever.
                for job in group:
                    self._fail(job, problem)
            finally:
                self.waiting -= sum(job.work.weight for job in group)

    async def _until_asked(self) -> None:
        """While the database is away nobody need ask: whoever did would be refused."""
        if self._away_since is None:
            await self._ready.wait()
            return
        try:
            await self._connected()
        except Exception as problem:
            await self._broke(problem)

    def _group(self) -> list[_Job]:
        group: list[_Job] = []
        weight = 0
        while self._jobs and (not group or weight + self._jobs[0].work.weight <= GROUP_MAX):
            job = self._jobs.popleft()
            weight += job.work.weight
            group.append(job)
        return group

    async def _run(self, group: Sequence[_Job]) -> None:
        """Until every job of the group is answered."""
        undone = 0
        while group := [job for job in group if job.wanted]:
            try:
                await self._transact(group)
                return
            except Exception as problem:
                what = meaning(problem)
                if what in (Meaning.OURS, Meaning.FULL):
                    await self._apart(group, problem, what)
                    return
                if what is Meaning.AWAY:
                    await self._broke(problem)
                    if self._closing:
                        self._give_up(group)
                        return
                elif (undone := undone + 1) > RETRIES:
                    self._refuse(group)
                    return
            await asyncio.sleep(self._rng.uniform(0, min(1.0, 0.02 * 2**undone)))

    async def _apart(self, group: Sequence[_Job], problem: Exception, what: Meaning) -> None:
        """The one whose fault it is alone bears it."""
        if len(group) > 1:
            for job in group:
                await self._run([job])
            return
        refusal = SpoolFull(10.0, "the database has no room") if what is Meaning.FULL else problem
        self._fail(group[0], refusal)

    def _refuse(self, group: Sequence[_Job]) -> None:
        for job in group:
            self._fail(job, SpoolAway(1.0, "the database undid it again and again"))

    def _give_up(self, group: Sequence[_Job]) -> None:
        for job in (*group, *self._jobs):
            self._fail(job, SpoolBroken("the spool was closed while the database was away"))
        self._jobs.clear()

    async def _transact(self, group: Sequence[_Job]) -> None:
        connection = await self._connected()
        if self._unknown and (work := self._lost()) is not None:
            await self._answers(connection, work.asks())
        self._unknown = False
        joined: Work[Any] = group[0].work if len(group) == 1 else self._together([job.work for job in group])
        asks = joined.asks()
        began = time.monotonic()
        answers = await self._answers(connection, asks)
        self._committed(time.monotonic() - began)
        outcomes = [joined.read(answers)] if len(group) == 1 else joined.read(answers)
        for job, outcome in zip(group, outcomes, strict=True):
            self._answer(job, outcome)

    async def _answers(self, connection: Connection, asks: Sequence[Ask]) -> list[Rows]:
        self._warned = False
        async with asyncio.timeout(self._answer_seconds):
            answers = await _asked(connection, asks)
        if self._warned:
            raise Unreplicated
        return answers

    def _answer(self, job: _Job, outcome: Any) -> None:
        try:
            if job.committed is not None:
                job.committed(outcome)
        except Exception as problem:
            self._fail(job, problem)
            return
        if not job.future.done():
            job.future.set_result(outcome)

    def _fail(self, job: _Job, problem: Exception) -> None:
        if not job.future.done():
            job.future.set_exception(problem)

    # The connection.

    async def _connected(self) -> Connection:
        if self._connection is None:
            connection: Connection = await self._connect()
            connection.add_notice_handler(self._noticed)
            self._connection = connection
        if self._away_since is not None:
            self._reach.back()
            self._away_since = None
        return self._connection

    def _noticed(self, notice: psycopg.errors.Diagnostic) -> None:
        # A commit that was waiting for a standby and was told not to: it stands here and perhaps nowhere
        # else. Its words are in the server's language, its severity is not.
        self._warned = self._warned or notice.severity_nonlocalized == "WARNING"

    async def _broke(self, problem: Exception) -> None:
        self._unknown = True
        if self._away_since is None:
            self._away_since = time.monotonic()
            self._reach.lost(problem)
        await self._hang_up()
        self._drop_the_unwanted()
        await asyncio.sleep(self._rng.uniform(*_PAUSES) if self._gone(0.2) else self._rng.uniform(0, 0.1))

    def _drop_the_unwanted(self) -> None:
        """Those that have been given up take no room."""
        left = deque(job for job in self._jobs if job.wanted)
        self.waiting -= sum(job.work.weight for job in self._jobs) - sum(job.work.weight for job in left)
        self._jobs = left

    async def _hang_up(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            with contextlib.suppress(Exception):
                await connection.close()


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
