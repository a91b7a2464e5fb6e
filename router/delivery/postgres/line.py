"""One connection and what waits for it: whatever has gathered goes as one transaction, in one round trip."""

from __future__ import annotations

import asyncio
import math
import random
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from router.delivery.postgres.trouble import Meaning, SpoolAway, meaning
from router.delivery.postgres.wire import Connect, Connection, Reach, Wire
from router.delivery.postgres.work import InTurn, Together, Weighed, Work
from router.delivery.spool import SpoolBroken, SpoolFull

GROUP_MAX: Final = 1_000
ANSWER_SECONDS: Final = 15.0
RETRIES: Final = 8
CLOSING_SECONDS: Final = 5.0
_PAUSES: Final = (0.05, 1.0)


@dataclass(slots=True, eq=False)
class _Job:
    work: Weighed
    future: asyncio.Future[Any]
    committed: Callable[[Any], None] | None
    binding: bool

    @property
    def wanted(self) -> bool:
        return self.binding or not self.future.done()

    def answer(self, outcome: Any) -> None:
        try:
            if self.committed is not None:
                self.committed(outcome)
        except Exception as problem:
            self.fail(problem)
            return
        if not self.future.done():
            self.future.set_result(outcome)

    def fail(self, problem: Exception) -> None:
        if not self.future.done():
            self.future.set_exception(problem)


class Line:
    """Runs works in its own task, in the order of asking. Reconnects by itself.

    `together` joins what has gathered; `lost` is asked for a work that comes before anything else on a new
    connection, after one that broke. A transaction that the database undid is tried again, and so is one
    whose outcome is unknown: works can bear that. One that `gives_up` does so for all that waits when the
    database has been away for so many seconds. It begins with `connection`, if there is one.
    """

    def __init__(
        self,
        connect: Connect,
        reach: Reach,
        *,
        together: Together = InTurn,
        lost: Callable[[], Work[Any] | None] = lambda: None,
        committed: Callable[[float], None] = lambda _: None,
        rng: random.Random | None = None,
        answer_seconds: float = ANSWER_SECONDS,
        gives_up: float = math.inf,
        connection: Connection | None = None,
    ) -> None:
        self._wire = Wire(connect, reach, answer_seconds)
        if connection is not None:
            self._wire.adopt(connection)
        self._together = together
        self._lost = lost
        self._committed = committed
        self._rng = rng or random.SystemRandom()
        self._gives_up = gives_up
        self._jobs: deque[_Job] = deque()
        self._ready = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._closing = False
        self._unknown = False
        self.waiting = 0
        """Weight of the works that are not yet answered."""

    async def do(
        self,
        work: Weighed,
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
        if self._gone(self._gives_up if patience is None else patience):
            raise self.away()
        if self._task is None:
            self._task = asyncio.create_task(self._serve())
        job = _Job(work, asyncio.get_running_loop().create_future(), committed, binding)
        self.waiting += work.weight
        self._jobs.append(job)
        self._ready.set()
        if patience is None:
            return await job.future
        try:
            async with asyncio.timeout(patience):
                return await job.future
        except TimeoutError:
            raise self.away() from None

    def _gone(self, patience: float) -> bool:
        """Whether it has been away for so long that nobody need wait to find out."""
        away = self._wire.away_seconds
        return away is not None and away > patience

    def away(self) -> SpoolAway:
        return SpoolAway(self._rng.uniform(1, 5), "the database does not answer")

    async def close(self) -> None:
        """Finish what waits, if the database answers soon."""
        self._closing = True
        self._ready.set()
        if self._task is not None:
            await asyncio.wait({self._task}, timeout=CLOSING_SECONDS)
            if not self._task.done():
                self.abandon()
                await asyncio.wait({self._task}, timeout=CLOSING_SECONDS)
        await self._wire.hang_up()

    def abandon(self) -> None:
        """As if the process had ended: nothing is finished, nobody is told."""
        self._closing = True
        if self._task is not None:
            self._task.cancel()
        self._wire.cut()

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
                    job.fail(problem)
            finally:
                self.waiting -= sum(job.work.weight for job in group)

    async def _until_asked(self) -> None:
        """While the database is away nobody need ask: whoever did would be refused."""
        if self._wire.away_seconds is None:
            await self._ready.wait()
            return
        try:
            await self._wire.look()
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
                    if self._closing or self._gone(self._gives_up):
                        self._give_up(group)
                        return
                elif (undone := undone + 1) > RETRIES:
                    for job in group:
                        job.fail(SpoolAway(1.0, "the database undid it again and again"))
                    return
            await asyncio.sleep(self._rng.uniform(0, min(1.0, 0.02 * 2**undone)))

    async def _apart(self, group: Sequence[_Job], problem: Exception, what: Meaning) -> None:
        """The one whose fault it is alone bears it."""
        if len(group) > 1:
            for job in group:
                await self._run([job])
            return
        group[0].fail(SpoolFull(10.0, "the database has no room") if what is Meaning.FULL else problem)

    def _give_up(self, group: Sequence[_Job]) -> None:
        closed = SpoolBroken("the spool was closed while the database was away")
        for job in (*group, *self._jobs):
            job.fail(closed if self._closing else self.away())
        self.waiting -= sum(job.work.weight for job in self._jobs)
        self._jobs.clear()

    async def _transact(self, group: Sequence[_Job]) -> None:
        if self._unknown and (work := self._lost()) is not None:
            await self._wire.answers(work.asks())
        self._unknown = False
        joined = self._together([job.work for job in group])
        asks = joined.asks()
        began = time.monotonic()
        answers = await self._wire.answers(asks)
        self._committed(time.monotonic() - began)
        for job, outcome in zip(group, joined.read(answers), strict=True):
            job.answer(outcome)

    async def _broke(self, problem: Exception) -> None:
        self._unknown = True
        await self._wire.lost(problem)
        self._drop_the_unwanted()
        await asyncio.sleep(self._rng.uniform(*_PAUSES) if self._gone(0.2) else self._rng.uniform(0, 0.1))

    def _drop_the_unwanted(self) -> None:
        """Those that have been given up take no room."""
        left = deque(job for job in self._jobs if job.wanted)
        self.waiting -= sum(job.work.weight for job in self._jobs) - sum(job.work.weight for job in left)
        self._jobs = left
