"""What is known of one destination: its condition, and what its answers taught."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import structlog

from router.delivery.company import News
from router.delivery.concurrency import Concurrency, adapted
from router.delivery.condition import OPEN, Condition, after
from router.delivery.guard import Guard
from router.delivery.surroundings import Surroundings
from router.delivery.verdict import Throttled, Verdict

log = structlog.get_logger()

_SHARED = frozenset({"held", "throttled"})


@dataclass(frozen=True, slots=True)
class Allowance:
    """How many entries may be claimed now; if none, how long to wait unless nudged."""

    limit: int
    wait: float | None = None


class Destination:
    """Changed by every answer; all times are of the monotonic clock."""

    def __init__(self, name: str, around: Surroundings) -> None:
        self.name = name
        self.condition: Condition = OPEN
        self.concurrency = Concurrency()
        self.guard = Guard(around.settings.guard_least)
        self._around = around

    def allowance(self, in_flight: int) -> Allowance:
        condition, settings = self.condition, self._around.settings
        now = self._around.clock.monotonic()
        if condition.until > now:
            return Allowance(0, condition.until - now)
        most = min(self.concurrency.limit, settings.in_flight) if condition.state == "open" else 1
        if in_flight >= most:
            return Allowance(0)
        return Allowance(1 if condition.on_trial else settings.batch_max)

    def paused(self) -> bool:
        """Whether no request may go out now, but for a probe."""
        return self.condition.until > self._around.clock.monotonic()

    def release(self) -> None:
        """Try at once if it is held."""
        self.condition = self.condition.released(self._around.clock.monotonic())

    def probing(self) -> None:
        """A probe is on its way; a hold whose probe gets no answer waits for the next."""
        around = self._around
        if self.condition.state == "held":
            until = around.clock.monotonic() + around.settings.probe_seconds
            self.condition = replace(self.condition, until=until)

    def timed(self, seconds: float, verdicts: Sequence[Verdict], in_flight: int) -> None:
        """A request took so long, while `in_flight` were open."""
        self.concurrency = adapted(
            self.concurrency,
            seconds,
            throttled=any(isinstance(each, Throttled) for each in verdicts),
            busy=in_flight >= self.concurrency.limit,
            cap=self._around.settings.in_flight,
        )
        self._around.observer.adapted(self.name, self.concurrency.limit)

    def heard(self, verdicts: Sequence[Verdict], *, probe: bool) -> None:
        """A request was answered, or failed."""
        around, before = self._around, self.condition
        self.condition = after(
            before,
            verdicts,
            probe=probe,
            policy=around.policy,
            probe_seconds=around.settings.probe_seconds,
            now=around.clock.monotonic(),
            draw=around.rng.random(),
        )
        self._changed(before)
        self._share(before)

    def told(self, news: News) -> bool:
        """What another router heard from the destination; whether that changes anything here.

        Failures stay each router's own: its way to the destination may be what failed.
        """
        before = self.condition
        if news.state == "open" and before.state not in _SHARED:
            return False
        until = self._around.clock.monotonic() + news.seconds if news.state != "open" else 0.0
        self.condition = Condition(news.state, news.reason, news.code, until, news.strikes)
        self._changed(before)
        return self.condition != before

    def _changed(self, before: Condition) -> None:
        now = self.condition
        if (now.state, now.reason, now.code) != (before.state, before.reason, before.code):
            tell = log.info if now.state == "open" else log.warning
            tell("destination", destination=self.name, state=now.state, reason=now.reason, code=now.code)
            self._around.observer.changed(self.name, now.state, now.reason, now.code)

    def _share(self, before: Condition) -> None:
        """What the destination said concerns every router that delivers to it."""
        now = self.condition
        if now == before or not {now.state, before.state} & _SHARED or now.state == "failing":
            return
        seconds = max(0.0, now.until - self._around.clock.monotonic())
        self._around.company.tell(News(self.name, now.state, now.reason, now.code, seconds, now.strikes))
