"""Whether a destination takes requests: OPEN, THROTTLED, FAILING or HELD, and how verdicts move it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal, TypeVar

from router.delivery.retry import Policy, breaker_pause, throttle_pause
from router.delivery.verdict import Accepted, Parked, Refused, Retry, Spoiled, Throttled, Verdict

T = TypeVar("T", Parked, Throttled)
State = Literal["open", "throttled", "failing", "held"]


@dataclass(frozen=True, slots=True)
class Condition:
    """`until` is when the next request may go out, on the monotonic clock.

    A held or failing destination then gets a single entry to try. `strikes` counts throttles in a row,
    `failures` requests in a row that failed.
    """

    state: State = "open"
    reason: str = ""
    code: str = ""
    until: float = 0.0
    strikes: int = 0
    failures: int = 0

    @property
    def on_trial(self) -> bool:
        """Whether the next request is a single entry whose answer decides."""
        return self.state in ("held", "failing")

    def released(self, now: float) -> Condition:
        """Somebody says that the fault may be gone: try at once. A throttle's pause stands."""
        return replace(self, until=min(self.until, now)) if self.on_trial else self


OPEN = Condition()


def after(
    condition: Condition,
    verdicts: Sequence[Verdict],
    *,
    probe: bool,
    policy: Policy,
    probe_seconds: float,
    now: float,
    draw: float,
) -> Condition:
    """The condition after a request. Only a probe's answer can lift a hold."""
    if parked := _first(verdicts, Parked):
        return Condition("held", parked.why, parked.code, now + probe_seconds)
    if condition.state == "held" and not probe:
        return condition
    if throttled := _first(verdicts, Throttled):
        strikes = condition.strikes + 1
        pause = throttle_pause(policy, strikes, draw) if throttled.after is None else throttled.after
        return Condition("throttled", throttled.why, "", now + pause, strikes)
    if any(isinstance(each, Accepted | Refused | Spoiled) for each in verdicts):
        return OPEN
    return _failed(condition, verdicts, probe, policy, now)


def _failed(
    condition: Condition, verdicts: Sequence[Verdict], probe: bool, policy: Policy, now: float
) -> Condition:
    """The breaker: enough failures in a row, or a failed probe, stop all requests for a while."""
    why = next((each.why for each in verdicts if isinstance(each, Retry) and each.counts), None)
    if why is None or condition.state == "held" or (condition.state == "failing" and not probe):
        return condition
    failures = condition.failures + 1
    if failures < policy.breaker_failures:
        return replace(condition, failures=failures)
    pause = breaker_pause(policy, failures)
    return Condition("failing", why, "", now + pause, condition.strikes, failures)


def _first(verdicts: Sequence[Verdict], kind: type[T]) -> T | None:
    return next((each for each in verdicts if isinstance(each, kind)), None)
