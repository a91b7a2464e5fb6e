"""Whether a destination takes requests: OPEN, THROTTLED or HELD, and how verdicts move it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal, TypeVar

from router.delivery.retry import Policy, throttle_pause
from router.delivery.verdict import Accepted, Parked, Refused, Throttled, Verdict

T = TypeVar("T", Parked, Throttled)
State = Literal["open", "throttled", "held"]


@dataclass(frozen=True, slots=True)
class Condition:
    """`until` is when the next request may go out; a held destination then gets a single entry to try.

    `strikes` counts throttles in a row.
    """

    state: State = "open"
    reason: str = ""
    code: str = ""
    until: float = 0.0
    strikes: int = 0

    def released(self, now: float) -> Condition:
        """Somebody says that the fault may be gone: try at once. A throttle's pause stands."""
        return replace(self, until=min(self.until, now)) if self.state == "held" else self


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
    answered = any(isinstance(each, Accepted | Refused) for each in verdicts)
    return OPEN if answered else condition


def _first(verdicts: Sequence[Verdict], kind: type[T]) -> T | None:
    return next((each for each in verdicts if isinstance(each, kind)), None)
