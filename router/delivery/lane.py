"""One destination's deliverer: claims what is due, sends it, records what was said."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import structlog

from router.delivery.batch import batches, linger, split
from router.delivery.clock import Clock, within
from router.delivery.condition import OPEN, Condition, after
from router.delivery.entry import Queued
from router.delivery.observer import Observer
from router.delivery.retry import Moment, Policy, backoff, decide, expiry
from router.delivery.spool import Buried, Delivered, Rescheduled, Spool, SpoolBroken, SpoolFull, Step
from router.delivery.verdict import Batch, Retry, Sender, Verdict

log = structlog.get_logger()

_PUT_BACK = Retry("put_back", after=0.0, counts=False)
_FAILED = Retry("sender_failed", ambiguous=True)


@dataclass(frozen=True, slots=True)
class LaneSettings:
    """Batches of at most `batch_max` entries and `batch_bytes`, `in_flight` at once; times in seconds."""

    batch_max: int = 50
    batch_bytes: int = 1_000_000
    in_flight: int = 2
    linger: float = 0.05
    probe_seconds: float = 300.0


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What every lane works with."""

    spool: Spool
    sender: Sender
    clock: Clock
    observer: Observer
    policy: Policy = field(default_factory=Policy)
    settings: LaneSettings = field(default_factory=LaneSettings)
    rng: random.Random = field(default_factory=random.SystemRandom)


class Lane:
    """Runs until `stop`; nothing that happens here reaches another lane, except a broken spool."""

    def __init__(self, destination: str, around: Surroundings) -> None:
        self.destination = destination
        self.condition: Condition = OPEN
        self._around = around
        self._nudge = asyncio.Event()
        self._flights: set[asyncio.Task[None]] = set()
        self._slots = asyncio.Semaphore(around.settings.in_flight)
        self._hurry = asyncio.Event()
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
        self.condition = self.condition.released(self._around.clock.now())
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
            log.error("lane_failed", destination=self.destination, error=type(problem).__name__)  # noqa: TRY400
            return True
        return False

    def _break(self, broken: SpoolBroken) -> None:
        self._broken = broken
        self.stop()

    async def _turn(self) -> None:
        self._nudge.clear()
        await self._gather()
        around = self._around
        now = around.clock.now()
        limit, wait = self._allowance(now)
        if self._stop.is_set() or not limit:
            await self._rest(wait)
            return
        probe = self.condition.state == "held"
        claimed = await around.spool.claim(self.destination, limit, now)
        self._was_full = len(claimed.rows) == limit
        if claimed.rows:
            await self._launch(claimed.rows, now, probe)
        else:
            await self._rest(None if claimed.next_due is None else max(0.0, claimed.next_due - now))

    async def _gather(self) -> None:
        """While requests are open, wait a moment for more entries, or for one of the requests to end."""
        self._hurry.clear()
        pause = linger(self.in_flight, self._was_full, self._around.settings.linger)
        if pause and not self._stop.is_set():
            await within(self._around.clock, pause, self._hurry.wait())

    def _allowance(self, now: float) -> tuple[int, float | None]:
        """How many entries may be claimed now, and if none, how long to wait unless nudged."""
        condition, settings = self.condition, self._around.settings
        if condition.until > now:
            return 0, condition.until - now
        most = settings.in_flight if condition.state == "open" else 1
        if self.in_flight >= most:
            return 0, None
        return (1 if condition.state == "held" else settings.batch_max), None

    async def _rest(self, seconds: float | None) -> None:
        await within(self._around.clock, seconds, self._nudge.wait())

    async def _launch(self, rows: Sequence[Queued], now: float, probe: bool) -> None:
        around = self._around
        reasons = {row.id: expiry(around.policy, row, now) for row in rows}
        stale = [(row, Buried(row.id, reason)) for row in rows if (reason := reasons[row.id]) is not None]
        if stale:
            await self._record(stale)
        fresh = [row for row in rows if reasons[row.id] is None]
        if probe and fresh:
            self.condition = replace(self.condition, until=now + around.settings.probe_seconds)
        for batch in batches(fresh, around.settings.batch_max, around.settings.batch_bytes):
            flight = asyncio.create_task(self._fly(batch, probe))
            self._flights.add(flight)
            flight.add_done_callback(self._landed)

    def _landed(self, flight: asyncio.Task[None]) -> None:
        self._flights.discard(flight)
        self._hurry.set()
        self.nudge()

    async def _fly(self, batch: Batch, probe: bool) -> None:
        async with self._slots:
            try:
                await self._work_off([batch], probe)
            except SpoolBroken as broken:
                self._break(broken)

    async def _work_off(self, work: list[Batch], probe: bool) -> None:
        """The batches from the last to the first; each may leave parts in its place."""
        try:
            while work:
                parts = await self._deliver(work[-1], probe)
                work[-1:] = reversed(parts)
        except SpoolBroken:
            raise
        except Exception as problem:
            log.error("delivery_failed", destination=self.destination, error=type(problem).__name__)  # noqa: TRY400
            await self._rescue([row for part in work for row in part.rows])

    async def _deliver(self, batch: Batch, probe: bool) -> list[Batch]:
        """Send and record; or, when the batch was refused whole, the parts to send instead."""
        around = self._around
        started = around.clock.now()
        if self._stop.is_set() or (self.condition.until > started and not probe):
            await self._conclude(batch, [_PUT_BACK] * len(batch), started)
            return []
        verdicts = await self._send(batch)
        if parts := split(batch, verdicts):
            return parts
        self._react(verdicts, probe)
        await self._conclude(batch, verdicts, started)
        return []

    async def _send(self, batch: Batch) -> list[Verdict]:
        around = self._around
        began = around.clock.monotonic()
        try:
            verdicts = await around.sender.send(batch)
            if len(verdicts) != len(batch):
                raise ValueError("not one verdict an entry")  # noqa: TRY301 - a bug of the sender, handled as one
        except Exception as problem:
            log.error("sender_failed", destination=self.destination, error=type(problem).__name__)  # noqa: TRY400
            verdicts = [_FAILED] * len(batch)
        around.observer.posted(self.destination, len(batch), around.clock.monotonic() - began)
        return verdicts

    def _react(self, verdicts: Sequence[Verdict], probe: bool) -> None:
        around, before = self._around, self.condition
        self.condition = after(
            before,
            verdicts,
            probe=probe,
            policy=around.policy,
            probe_seconds=around.settings.probe_seconds,
            now=around.clock.now(),
            draw=around.rng.random(),
        )
        now = self.condition
        if (now.state, now.reason, now.code) != (before.state, before.reason, before.code):
            tell = log.info if now.state == "open" else log.warning
            facts = {"state": now.state, "reason": now.reason, "code": now.code}
            tell("destination", destination=self.destination, **facts)
            around.observer.changed(self.destination, now.state, now.reason)

    async def _conclude(self, batch: Batch, verdicts: Sequence[Verdict], started: float) -> None:
        around = self._around
        at = Moment(started, around.clock.now(), around.rng.random())
        steps = [
            (row, decide(around.policy, row, verdict, at))
            for row, verdict in zip(batch.rows, verdicts, strict=True)
        ]
        await self._record(steps)
        for row, verdict, (_, step) in zip(batch.rows, verdicts, steps, strict=True):
            if isinstance(step, Rescheduled) and isinstance(verdict, Retry) and verdict.counts:
                around.observer.retried(row.entry, verdict.why)

    async def _record(self, steps: Sequence[tuple[Queued, Step]]) -> None:
        """Write the outcomes down, however long the disk takes to have room for them."""
        around = self._around
        while True:
            try:
                await around.spool.settle([step for _, step in steps], around.clock.now())
                break
            except SpoolFull as full:
                await around.clock.sleep(full.retry_after)
        for row, step in steps:
            if isinstance(step, Delivered):
                around.observer.sent(row.entry)
            elif isinstance(step, Buried):
                around.observer.died(row.entry, step.reason, step.code)

    async def _rescue(self, rows: Sequence[Queued]) -> None:
        """What a failed delivery left behind is due again; rows that were settled are passed over."""
        around = self._around
        at = Moment(around.clock.now(), around.clock.now(), around.rng.random())
        await self._record([(row, decide(around.policy, row, _FAILED, at)) for row in rows])
