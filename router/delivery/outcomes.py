"""Writes down what became of entries, and tells the observer once it is on disk."""

from __future__ import annotations

from collections.abc import Sequence

from router.delivery.entry import Queued
from router.delivery.retry import Moment, decide
from router.delivery.spool import Buried, Delivered, Rescheduled, SpoolFull, Step
from router.delivery.surroundings import Surroundings
from router.delivery.verdict import Batch, Retry, Verdict


class Outcomes:
    """Raises what the spool raises, but for `SpoolFull`: an outcome waits for the disk to have room."""

    def __init__(self, around: Surroundings) -> None:
        self._around = around

    async def conclude(self, batch: Batch, verdicts: Sequence[Verdict], started: float) -> None:
        """The verdicts of a request that was sent at `started`."""
        around = self._around
        at = Moment(started, around.clock.now(), around.rng.random())
        steps = [
            (row, decide(around.policy, row, verdict, at))
            for row, verdict in zip(batch.rows, verdicts, strict=True)
        ]
        await self.record(steps)
        for row, verdict, (_, step) in zip(batch.rows, verdicts, steps, strict=True):
            if isinstance(step, Rescheduled) and isinstance(verdict, Retry) and verdict.counts:
                around.observer.retried(row.entry, verdict.why, verdict.request_id)

    async def record(self, steps: Sequence[tuple[Queued, Step]]) -> None:
        around = self._around
        while True:
            try:
                await around.spool.settle([step for _, step in steps], around.clock.now())
                break
            except SpoolFull as full:
                await around.clock.sleep(full.retry_after)
        sent = [row.entry for row, step in steps if isinstance(step, Delivered)]
        if sent:
            around.observer.sent(sent[0].destination, sent)
        for row, step in steps:
            if isinstance(step, Buried):
                around.observer.died(row.entry, step.reason, step.code, step.request_id)
