"""One destination's deliverer: claims what is due, and lets it fly."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Sequence

import structlog

from router.delivery.batch import batches, linger
from router.delivery.clock import within
from router.delivery.company import News
from router.delivery.destination import Destination
from router.delivery.entry import Queued
from router.delivery.flight import Flight
from router.delivery.outcomes import Outcomes
from router.delivery.retry import backoff, expiry
from router.delivery.spool import Buried, SpoolBroken
from router.delivery.surroundings import Surroundings
from router.delivery.verdict import Batch

log = structlog.get_logger()


class Lane:
    """Runs until `stop`; nothing that happens here reaches another lane, except a broken spool."""

    def __init__(self, destination: str, around: Surroundings) -> None:
        self.destination = Destination(destination, around)
        self._around = around
        self._nudge = asyncio.Event()
        self._flights: set[asyncio.Task[None]] = set()
        self._slots = asyncio.Semaphore(around.settings.in_flight)
        self._hurry = asyncio.Event()
        self._launched = -math.inf
        self._stop = asyncio.Event()
        self._was_full = False
        self._broken: SpoolBroken | None = None

    @property
    def in_flight(self) -> int:
        return len(self._flights)

    def nudge(self) -> None:
        """Something may have to be sent."""
        self._nudge.set()

    def release(self) -> None:
        """Try a held destination at once."""
        self.destination.release()
        self._hurry.set()
        self.nudge()

    def told(self, news: News) -> None:
        """Another router heard something of the destination."""
        if self.destination.told(news):
            self.nudge()

    def stop(self) -> None:
        """Claim no more; `run` ends when the requests in flight are answered."""
        self._stop.set()
        self._hurry.set()
        self.nudge()

    async def run(self) -> None:
        """Raises nothing but `SpoolBroken`. When cancelled, open requests are left to `recover`."""
        failures = 0
        try:
            while not self._stop.is_set():
                failures = failures + 1 if await self._failed() else 0
                if failures:
                    await self._rest(backoff(self._around.policy, failures, self._around.rng.random()))
            if self._flights:
                await asyncio.wait(self._flights)
        finally:
            for flight in self._flights:
                flight.cancel()
            await asyncio.gather(*self._flights, return_exceptions=True)
        if self._broken:
            raise self._broken

    async def _failed(self) -> bool:
        try:
            await self._turn()
        except SpoolBroken as broken:
            self._break(broken)
        except Exception as problem:
            # The type alone: a message may quote what was in hand.
            log.error("lane_failed", destination=self.destination.name, error=type(problem).__name__)  # noqa: TRY400
            return True
        return False

    def _break(self, broken: SpoolBroken) -> None:
        self._broken = broken
        self.stop()

    async def _turn(self) -> None:
        self._nudge.clear()
        await self._gather()
        allowed = self.destination.allowance(self.in_flight)
        if self._stop.is_set() or not allowed.limit:
            await self._rest(allowed.wait)
            return
        probe = self.destination.condition.on_trial
        now = self._around.clock.now()
        claimed = await self._around.spool.claim(self.destination.name, allowed.limit, now)
        self._was_full = len(claimed.rows) == allowed.limit
        if claimed.rows:
            await self._launch(claimed.rows, now, probe)
        else:
            await self._rest(None if claimed.next_due is None else max(0.0, claimed.next_due - now))

    async def _gather(self) -> None:
        """Soon after a request, wait a moment for more entries."""
        self._hurry.clear()
        since = self._around.clock.monotonic() - self._launched
        pause = linger(since, self._was_full, self._around.settings.linger)
        if pause and self.destination.condition.state == "open":
            await within(self._around.clock, pause, self._hurry.wait())

    async def _rest(self, seconds: float | None) -> None:
        await within(self._around.clock, seconds, self._nudge.wait())

    async def _launch(self, rows: Sequence[Queued], now: float, probe: bool) -> None:
        around = self._around
        reasons = {row.id: expiry(around.policy, row, now) for row in rows}
        stale = [(row, Buried(row.id, reason)) for row in rows if (reason := reasons[row.id]) is not None]
        if stale:
            await Outcomes(around).record(stale)
        fresh = [row for row in rows if reasons[row.id] is None]
        if probe and fresh:
            self.destination.probing()
        for batch in batches(fresh, around.settings.batch_max, around.settings.batch_bytes):
            self._fly(batch, probe)

    def _fly(self, batch: Batch, probe: bool) -> None:
        self._launched = self._around.clock.monotonic()
        flight = Flight(
            batch, self.destination, self._around, probe=probe,
            stopping=self._stop.is_set, in_flight=lambda: self.in_flight,
        )  # fmt: skip
        task = asyncio.create_task(self._land(flight))
        self._flights.add(task)
        task.add_done_callback(self._landed)

    def _landed(self, flight: asyncio.Task[None]) -> None:
        self._flights.discard(flight)
        self.nudge()

    async def _land(self, flight: Flight) -> None:
        async with self._slots:
            try:
                await flight.work_off()
            except SpoolBroken as broken:
                self._break(broken)
