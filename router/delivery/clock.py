"""Time as a parameter: the machine's clock, and one that tests hold."""

from __future__ import annotations

import asyncio
import heapq
import time
from collections.abc import Awaitable
from itertools import count
from typing import Protocol


class Clock(Protocol):
    """Seconds. `now` is wall time since the epoch, `monotonic` never jumps."""

    def now(self) -> float: ...

    def monotonic(self) -> float: ...

    async def sleep(self, seconds: float) -> None: ...


class SystemClock:
    """The machine's clock."""

    def now(self) -> float:
        return time.time()

    def monotonic(self) -> float:
        return time.monotonic()

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


class ManualClock:
    """A clock that moves only when `advance` is called, waking who sleeps in the order of their times."""

    def __init__(self, now: float = 1_795_219_200.0) -> None:
        self._now = now
        self._set = 0.0
        self._order = count()
        self._sleepers: list[tuple[float, int, asyncio.Future[None]]] = []

    def now(self) -> float:
        return self._now + self._set

    def monotonic(self) -> float:
        return self._now

    def jump(self, seconds: float) -> None:
        """Somebody sets the wall clock; no time passes."""
        self._set += seconds

    async def sleep(self, seconds: float) -> None:
        if seconds <= 0:
            await asyncio.sleep(0)
            return
        waiter = asyncio.get_running_loop().create_future()
        heapq.heappush(self._sleepers, (self._now + seconds, next(self._order), waiter))
        await waiter

    async def advance(self, seconds: float) -> None:
        """Let `seconds` pass; what wakes meanwhile runs at its own time."""
        end = self._now + seconds
        await _settle()
        while self._sleepers and self._sleepers[0][0] <= end:
            self._now, _, waiter = heapq.heappop(self._sleepers)
            if not waiter.done():
                waiter.set_result(None)
                await _settle()
        self._now = end
        await _settle()


async def _settle() -> None:
    """Lets everything that can run without time passing run."""
    for _ in range(50):
        await asyncio.sleep(0)


async def within(clock: Clock, seconds: float | None, work: Awaitable[object]) -> bool:
    """Wait for `work` at most `seconds` (None: for ever), then cancel it; whether it was done in time."""
    tasks = [asyncio.ensure_future(work)]
    if seconds is not None:
        tasks.append(asyncio.ensure_future(clock.sleep(seconds)))
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        return tasks[0].done()
    finally:
        for task in tasks:
            task.cancel()
