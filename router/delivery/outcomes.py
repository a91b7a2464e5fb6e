"""Writes down what became of entries, and tells the observer once it is on disk."""

from __future__ import annotations

from collections.abc import Sequence

from router.delivery.entry import Queued
from router.delivery.retry import Moment, decide
from router.delivery.spool import Buried, Delivered, Rescheduled, SpoolFull, Step
from router.delivery.surroundings import Surroundings
from router.delivery.verdict import Accepted, Batch, Retry, Verdict


class Outcomes:
    """Raises what the spool raises, but for `SpoolFull`: an outcome waits for the disk to have room."""

    def __init__(self, around: Surroundings) -> None:
        self._around = around

    async def conclude(self, batch: Batch, verdicts: Sequence[Verdict], started: float) -> None:
        """The verdicts of a request that was sent at `started`."""
        around = self._around
        taken = _all_taken(verdicts)
        if taken is not None:
            await self._settle([Delivered(row.id, taken.request_id) for row in batch.rows])
            around.observer.sent(batch.destination, batch.entries)
            return
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
        await self._settle([step for _, step in steps])
        sent = [row.entry for row, step in steps if isinstance(step, Delivered)]
        if sent:
            around.observer.sent(sent[0].destination, sent)
        for row, step in steps:
            if isinstance(step, Buried):
                around.observer.died(row.entry, step.reason, step.code, step.request_id)

    async def _settle(self, steps: Sequence[Step]) -> None:
        around = self._around
        while True:
            try:
                await around.spool.settle(steps, around.clock.now())
                return
            except SpoolFull as full:
                await around.clock.sleep(full.retry_after)


def _all_taken(verdicts: Sequence[Verdict]) -> Accepted | None:
    """What the destination said, if it took all of a batch in the same words, as it does nearly always."""
    first = verdicts[0] if verdicts else None
    if isinstance(first, Accepted) and all(each is first for each in verdicts):
        return first
    return None
