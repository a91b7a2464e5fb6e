"""What the spool needs every minute: its clock checked, and what has had its time removed."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import structlog

from router.delivery.drift import Drift, drifted, jumped
from router.delivery.entry import CLAIM_SECONDS
from router.delivery.retry import DAY
from router.delivery.spool import SpoolBroken, SpoolFull
from router.delivery.surroundings import Surroundings

log = structlog.get_logger()

SECONDS = 60.0
PURGE_STEP = 1_000


class Housekeeping:
    """Runs until cancelled; raises nothing but `SpoolBroken`. `moved`: due times may have changed."""

    def __init__(self, around: Surroundings, moved: Callable[[], None]) -> None:
        self._around = around
        self._moved = moved
        self.evicted = 0
        """Dead letters that had to go for others."""
        self._drift: Drift | None = None
        self._checking = asyncio.Lock()
        self._wall = around.clock.now()
        self._monotonic = around.clock.monotonic()

    async def run(self) -> None:
        while True:
            try:
                drift = await self.check_clock()
                await self._purge(drift.lag)
                await self._evict()
                await self._forget(drift.lag)
            except SpoolBroken:
                raise
            except SpoolFull as later:
                log.warning("housekeeping_put_off", reason=later.reason)
            except Exception as problem:
                log.error("housekeeping_failed", error=type(problem).__name__)  # noqa: TRY400
            await self._around.clock.sleep(SECONDS)

    async def check_clock(self) -> Drift:
        """Compare the clocks; what a jump means for claims and due times is in force when this returns."""
        async with self._checking:
            return await self._compare_clocks()

    async def _compare_clocks(self) -> Drift:
        clock, policy, spool = self._around.clock, self._around.policy, self._around.spool
        known = await spool.drift() if self._drift is None else self._drift
        wall, monotonic = clock.now(), clock.monotonic()
        passed = monotonic - self._monotonic
        jump = jumped(wall - self._wall, passed)
        drift = drifted(known, jump, passed, policy.drift_hold)
        if jump:
            log.warning("clock_jumped", seconds=round(jump))
        # Also at the start: the clock may have been set back while nothing ran.
        if jump or drift != known or self._drift is None:
            await spool.adjust(drift, wall + 2 * policy.backoff_cap)
            self._moved()
        self._drift, self._wall, self._monotonic = drift, wall, monotonic
        return drift

    async def _purge(self, lag: float) -> None:
        policy, spool = self._around.policy, self._around.spool
        now = self._around.clock.now()
        before = now - lag - policy.dead_seconds
        remember = max(0, policy.outcome_seconds - CLAIM_SECONDS)
        await _in_steps(lambda: spool.purge(now, dead_before=before, remember=remember, limit=PURGE_STEP))

    async def _evict(self) -> None:
        policy, spool, now = self._around.policy, self._around.spool, self._around.clock.now()
        evicted = await _in_steps(lambda: spool.evict(policy.dead_bytes, now, limit=PURGE_STEP))
        if evicted:
            self.evicted += evicted
            self._around.observer.evicted(evicted)
            log.warning("dead_letters_evicted", count=evicted)

    async def _forget(self, lag: float) -> None:
        policy, archive = self._around.policy, self._around.spool.archive
        now = self._around.clock.now() - lag
        records = now - policy.outcome_seconds
        # A settlement is told of for as long as the claim that it ended.
        settlements = now - max(policy.outcome_seconds, policy.drift_hold) - DAY
        await _in_steps(
            lambda: archive.forget(records, settlements, most=policy.outcome_rows, limit=PURGE_STEP)
        )


async def _in_steps(remove: Callable[[], Awaitable[int]]) -> int:
    """Step by step, so that no request waits long for the disk; how many went in all."""
    removed = 0
    while step := await remove():
        removed += step
        if step < PURGE_STEP:
            break
    return removed
