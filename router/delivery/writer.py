"""One thread, one connection, natural group commit: what waits is committed together, with one fsync."""

from __future__ import annotations

import asyncio
import contextlib
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from operator import attrgetter
from typing import Any, Final, Generic, Protocol, TypeVar

from router.delivery.spool import SpoolBroken, SpoolError

GROUP_MAX = 2_000
IDLE_SECONDS = 30.0
LAST = 9


class Store(Protocol):
    """A transactional store that is opened, used and closed by the writer's thread alone."""

    def begin(self) -> None: ...

    def finish(self) -> None:
        """Do what the jobs left to be done together."""

    def commit(self) -> None: ...

    def rollback(self) -> None: ...

    def meaning(self, problem: Exception) -> SpoolError | None:
        """What a failure of the store means to callers; None when it is a bug of the job."""
        ...

    def tidy(self) -> None:
        """Nothing has been asked for a while."""

    def close(self) -> None: ...


S = TypeVar("S", bound=Store)
T = TypeVar("T")


@dataclass(slots=True, eq=False)
class _Job(Generic[S]):
    run: Callable[[S], Any]
    weight: int
    turn: int
    future: asyncio.Future[Any]
    committed: Callable[[Any], None] | None


_TURN: Final = attrgetter("turn")


@dataclass(frozen=True, slots=True)
class _Failed:
    problem: Exception


def unheard(_seconds: float) -> None:
    """Nobody wants to know how long a commit took."""


class Writer(Generic[S]):
    """Runs jobs against a store in its thread, whatever waits as one transaction.

    The jobs of a group run by their turn: nobody has an answer yet who could expect another order. What a job
    returns may still be filled in by `Store.finish`.

    A job that fails is taken out and the others of its group are done again without it. After a failure
    that leaves the disk's content unknown every job gets `SpoolBroken`.
    """

    def __init__(
        self,
        open_store: Callable[[], S],
        *,
        idle_seconds: float = IDLE_SECONDS,
        committed: Callable[[float], None] = unheard,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._open_store = open_store
        self._committed = committed
        self._monotonic = monotonic
        self._idle_seconds = idle_seconds
        self._jobs: deque[_Job[S]] = deque()
        self._untidy: list[asyncio.Future[None]] = []
        self._worked = True
        self._tidied = monotonic()
        self._ready = threading.Condition()
        self._closing = False
        self._broken: SpoolBroken | None = None
        self.waiting = 0
        """Weight of the jobs that are not yet answered."""

    async def start(self) -> None:
        """Open the store in the writer's thread; raises what opening raises."""
        self._loop = asyncio.get_running_loop()
        self._ended = self._loop.create_future()
        started: asyncio.Future[None] = self._loop.create_future()
        threading.Thread(target=self._run, args=(started,), name="spool-writer", daemon=True).start()
        await started

    async def do(
        self,
        run: Callable[[S], T],
        *,
        weight: int = 1,
        turn: int = LAST,
        committed: Callable[[T], None] | None = None,
    ) -> T:
        """Run a job, wait for its commit. `committed` is called in the event loop, even when nobody waits."""
        if self._broken or self._closing:
            raise self._broken or SpoolBroken("the spool is closed")
        job = _Job(run, weight, turn, self._loop.create_future(), committed)
        self.waiting += weight
        with self._ready:
            self._jobs.append(job)
            self._ready.notify()
        result: T = await job.future
        return result

    async def tidy(self) -> None:
        """Have the store tidied between two groups, now rather than when idle."""
        if self._closing:
            # Closing tidies.
            await asyncio.shield(self._ended)
            return
        done = self._loop.create_future()
        with self._ready:
            self._untidy.append(done)
            self._ready.notify()
        await done

    async def stop(self) -> None:
        """Finish what waits, close the store, end the thread."""
        with self._ready:
            self._closing = True
            self._ready.notify()
        await asyncio.shield(self._ended)

    # In the writer's thread.

    def _run(self, started: asyncio.Future[None]) -> None:
        try:
            store = self._open_store()
        except Exception as problem:
            self._tell(_resolve, started, _Failed(problem))
            return
        self._tell(_resolve, started, None)
        while (group := self._take(store)) is not None:
            self._tell(self._answer, list(zip(group, self._transact(store, group), strict=True)))
        with contextlib.suppress(Exception):
            store.close()
        self._tell(_resolve, self._ended, None)

    def _take(self, store: S) -> list[_Job[S]] | None:
        with self._ready:
            self._tidy(store)
            while not self._jobs:
                if self._closing:
                    return None
                self._ready.wait(self._idle_seconds)
                self._tidy(store)
            self._worked = True
            return self._group()

    def _tidy(self, store: S) -> None:
        """When asked to; and when nothing waits, for the first time in a while."""
        asked, self._untidy = self._untidy, []
        due = self._worked and not self._jobs and self._monotonic() - self._tidied >= self._idle_seconds
        if not (asked or due):
            return
        with contextlib.suppress(Exception):
            store.tidy()
        self._worked, self._tidied = False, self._monotonic()
        for each in asked:
            self._tell(_resolve, each, None)

    def _group(self) -> list[_Job[S]]:
        group = [self._jobs.popleft()]
        weight = group[0].weight
        while self._jobs and weight + self._jobs[0].weight <= GROUP_MAX:
            weight += self._jobs[0].weight
            group.append(self._jobs.popleft())
        group.sort(key=_TURN)
        return group

    def _transact(self, store: S, jobs: list[_Job[S]]) -> list[Any]:
        if self._broken:
            return [_Failed(self._broken)] * len(jobs)
        try:
            store.begin()
            results = [job.run(store) for job in jobs]
            store.finish()
            began = self._monotonic()
            store.commit()
        except Exception as problem:
            return self._failed(store, jobs, problem)
        self._committed(self._monotonic() - began)
        return results

    def _failed(self, store: S, jobs: list[_Job[S]], problem: Exception) -> list[Any]:
        meaning = store.meaning(problem)
        try:
            store.rollback()
        except Exception:
            meaning = SpoolBroken("a failed transaction could not be rolled back")
        if isinstance(meaning, SpoolBroken):
            self._broken = meaning
        if meaning is not None or len(jobs) == 1:
            return [_Failed(meaning or problem)] * len(jobs)
        return [outcome for job in jobs for outcome in self._transact(store, [job])]

    def _tell(self, call: Callable[..., None], *args: Any) -> None:
        # A loop that is gone has nobody left to tell.
        with contextlib.suppress(RuntimeError):
            self._loop.call_soon_threadsafe(call, *args)

    # In the event loop again.

    def _answer(self, outcomes: list[tuple[_Job[S], Any]]) -> None:
        for job, outcome in outcomes:
            self.waiting -= job.weight
            try:
                if job.committed is not None and not isinstance(outcome, _Failed):
                    job.committed(outcome)
            except Exception as problem:
                outcome = _Failed(problem)
            _resolve(job.future, outcome)


def _resolve(future: asyncio.Future[Any], outcome: Any) -> None:
    if future.done():
        return
    if isinstance(outcome, _Failed):
        future.set_exception(outcome.problem)
    else:
        future.set_result(outcome)
