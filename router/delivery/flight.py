"""A claimed batch on its way: sent, taken apart where it was refused whole, its outcomes written down."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import structlog

from router.delivery.attempt import class_of
from router.delivery.batch import split
from router.delivery.destination import Destination
from router.delivery.guard import REFUSED_ALIKE, Answered, Fault, Trial, fault_of
from router.delivery.outcomes import Outcomes
from router.delivery.spool import SpoolBroken
from router.delivery.surroundings import Surroundings
from router.delivery.verdict import Batch, Parked, Retry, Verdict

log = structlog.get_logger()

_PUT_BACK = Retry("put_back", after=0.0, counts=False)
_FAILED = Retry("sender_failed", ambiguous=True)


class Flight:
    """One batch. `stopping` says that nothing more may be sent, `in_flight` how many requests are open."""

    def __init__(
        self,
        batch: Batch,
        destination: Destination,
        around: Surroundings,
        *,
        probe: bool,
        stopping: Callable[[], bool],
        in_flight: Callable[[], int],
    ) -> None:
        self._work = [batch]
        self._trial = Trial(batch)
        self._destination = destination
        self._around = around
        self._outcomes = Outcomes(around)
        self._probe = probe
        self._stopping = stopping
        self._in_flight = in_flight

    async def work_off(self) -> None:
        """The parts from the first to the last. Raises nothing but `SpoolBroken`."""
        try:
            while self._work:
                self._work[-1:] = reversed(await self._deliver(self._work[-1]))
            await self._close()
        except SpoolBroken:
            raise
        except Exception as problem:
            # The type alone: a message may quote what was in hand.
            name = type(problem).__name__
            log.error("delivery_failed", destination=self._destination.name, error=name)  # noqa: TRY400
            await self._rescue()

    async def _deliver(self, part: Batch) -> list[Batch]:
        """Send and judge; or, when the part was refused whole, what to send instead."""
        if self._blocked() or not await self._its_turn():
            self._trial.put_back = True
            await self._outcomes.conclude(part, [_PUT_BACK] * len(part), self._around.clock.now())
            return []
        started = self._around.clock.now()
        verdicts = await self._send(part)
        if parts := split(part, verdicts):
            self._trial.divided(part, verdicts, parts)
            return parts
        await self._judge(Answered(part, verdicts, started))
        return []

    def _blocked(self) -> bool:
        return self._stopping() or (self._destination.paused() and not self._probe)

    async def _its_turn(self) -> bool:
        """Wait for the shared rate; whether the request may still go out then."""
        clock = self._around.clock
        wait = self._around.pace.take(clock.monotonic())
        if wait > 0:
            await clock.sleep(wait)
        return not self._blocked()

    async def _send(self, part: Batch) -> list[Verdict]:
        around, name = self._around, self._destination.name
        began = around.clock.monotonic()
        try:
            verdicts = await around.sender.send(part)
            if len(verdicts) != len(part):
                raise ValueError("not one verdict an entry")  # noqa: TRY301 - a bug of the sender, handled as one
        except Exception as problem:
            log.error("sender_failed", destination=name, error=type(problem).__name__)  # noqa: TRY400
            verdicts = [_FAILED] * len(part)
        seconds = around.clock.monotonic() - began
        around.observer.posted(name, len(part), seconds, class_of(verdicts))
        self._destination.timed(seconds, verdicts, self._in_flight())
        return verdicts

    async def _judge(self, answer: Answered) -> None:
        """Settle the part; and with it what was kept back, as soon as the guilty can be told apart."""
        if fault := self._destination.guard.judge(answer.part, answer.verdicts):
            await self._hold(fault, [answer])
            return
        self._destination.heard(answer.verdicts, probe=self._probe)
        if self._trial.undecided(answer):
            self._trial.kept.append(answer)
            return
        await self._settle([answer])

    async def _hold(self, fault: Fault, answers: Sequence[Answered]) -> None:
        parked = Parked(fault.code, REFUSED_ALIKE)
        self._destination.heard([parked], probe=self._probe)
        self._trial.kept = [_parked(each, parked) for each in self._trial.kept]
        await self._settle([_parked(each, parked) for each in answers])

    async def _settle(self, answers: Sequence[Answered]) -> None:
        """What was kept back, then `answers`."""
        for each in [*self._trial.kept, *answers]:
            await self._outcomes.conclude(each.part, each.verdicts, each.started)
        self._trial.kept.clear()

    async def _close(self) -> None:
        """All has been sent: what is still kept back was refused with everything else."""
        trial, guard = self._trial, self._destination.guard
        fault = trial.common_fault()
        if trial.put_back:
            trial.kept = [_replaced(each, _PUT_BACK) for each in trial.kept]
        elif fault is not None and trial.kept and not guard.proven(trial.batch):
            guard.blame(trial.batch, fault)
            await self._hold(fault, [])
        await self._settle([])

    async def _rescue(self) -> None:
        """What a failed delivery left behind is due again; rows that were settled are passed over."""
        now = self._around.clock.now()
        for part in [*self._work, *(each.part for each in self._trial.kept)]:
            await self._outcomes.conclude(part, [_FAILED] * len(part), now)


def _parked(answer: Answered, parked: Parked) -> Answered:
    """Refusals become the destination's fault; what else the answer says stands."""
    verdicts = [each if fault_of(each) is None else parked for each in answer.verdicts]
    return Answered(answer.part, verdicts, answer.started)


def _replaced(answer: Answered, verdict: Verdict) -> Answered:
    return Answered(answer.part, [verdict] * len(answer.part), answer.started)
