"""What becomes of an entry after a verdict: pure policy, the clock and the dice are parameters."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import assert_never

from router.delivery.entry import CLAIM_SECONDS, HOUR, Queued
from router.delivery.spool import Buried, Delivered, Rescheduled, Step
from router.delivery.verdict import Accepted, Parked, Refused, Retry, Spoiled, Throttled, Verdict

DAY = 24 * HOUR
MAX_EVENT_AGE: Mapping[str, int] = MappingProxyType({"offline": 28 * DAY, "crm": 28 * DAY})


@dataclass(frozen=True, slots=True)
class Policy:
    """Delays and ages in seconds. `max_event_age` by event source, the others have `event_age`.

    An event may lie `future_seconds` ahead, None sends it however far it does. What became of an event is
    known for `outcome_seconds`, of those that were not sent for the latest `outcome_rows`. `drift_hold` is
    how long a jump of the wall clock is made up for.
    """

    backoff_base: float = 1.0
    backoff_cap: float = 300.0
    backoff_floor: float = 0.05
    throttle_first: float = 5.0
    throttle_cap: float = 300.0
    breaker_failures: int = 5
    breaker_first: float = 5.0
    breaker_cap: float = 60.0
    event_age: int = 7 * DAY
    max_event_age: Mapping[str, int] = field(default_factory=lambda: MAX_EVENT_AGE)
    future_seconds: float | None = 600.0
    dead_seconds: int = 14 * DAY
    dead_bytes: int = 1024**3
    outcome_seconds: int = 7 * DAY
    outcome_rows: int = 5_000_000
    drift_hold: float = CLAIM_SECONDS


@dataclass(frozen=True, slots=True)
class Moment:
    """When the attempt began, when its verdict came, and a number of [0, 1) drawn once a batch.

    One draw a batch keeps its entries together for the next attempt.
    """

    started: float
    now: float
    draw: float


def backoff(policy: Policy, attempts: int, draw: float) -> float:
    """Full jitter: anything between the floor and a ceiling that doubles with each attempt."""
    ceiling = min(policy.backoff_cap, policy.backoff_base * 2.0 ** min(attempts, 64))
    return max(policy.backoff_floor, draw * ceiling)


def throttle_pause(policy: Policy, strikes: int, draw: float) -> float:
    """Doubles with each strike in a row; the upper half is jitter, so that nodes come back apart."""
    ceiling = min(policy.throttle_cap, policy.throttle_first * 2.0 ** min(strikes - 1, 64))
    return ceiling * (0.5 + draw / 2)


def breaker_pause(policy: Policy, failures: int) -> float:
    """How long nothing is sent after so many failures in a row: doubles with each failed probe."""
    beyond = max(0, failures - policy.breaker_failures)
    return min(policy.breaker_cap, policy.breaker_first * 2.0 ** min(beyond, 64))


def expiry(policy: Policy, row: Queued, now: float) -> str | None:
    """Why the row must not be sent at `now`, if so: `ambiguous_expired`, `too_old` or `clock_skew`."""
    if row.first_ambiguous_at is not None and now > row.first_ambiguous_at + row.entry.resend_seconds:
        return "ambiguous_expired"
    # Against the time of acceptance as well: our own clock may have been set back since.
    ahead = row.entry.event_time - max(now, row.entry.accepted_at)
    if policy.future_seconds is not None and ahead > policy.future_seconds:
        return "clock_skew"
    oldest = now - policy.max_event_age.get(row.entry.source, policy.event_age)
    return "too_old" if row.entry.event_time < oldest else None


def decide(policy: Policy, row: Queued, verdict: Verdict, at: Moment) -> Step:
    """The step that a verdict calls for."""
    match verdict:
        case Accepted(request_id):
            return Delivered(row.id, request_id)
        case Retry():
            return _again(policy, row, verdict, at)
        case Throttled(why):
            return Rescheduled(row.id, at.now, row.first_ambiguous_at, counted=False, why=why)
        case Parked(code, why, ambiguous):
            reason = f"{why} {code}".strip()
            return Rescheduled(row.id, at.now, _doubt(row, ambiguous, at), counted=False, why=reason)
        case Refused(code, why, request_id):
            return Buried(row.id, "refused", code, why, request_id)
        case Spoiled(code, why):
            # Only a batch of one ends here; larger ones are split first.
            return Buried(row.id, "refused", code, why, verdict.request_id)
        case _:
            assert_never(verdict)


def _again(policy: Policy, row: Queued, verdict: Retry, at: Moment) -> Step:
    doubt = _doubt(row, verdict.ambiguous, at)
    delay = backoff(policy, row.attempts, at.draw) if verdict.after is None else verdict.after
    due = at.now + delay
    if doubt is not None and due > doubt + row.entry.resend_seconds:
        return Buried(row.id, "ambiguous_expired", verdict.why)
    return Rescheduled(row.id, due, doubt, counted=verdict.counts, why=verdict.why)


def _doubt(row: Queued, ambiguous: bool, at: Moment) -> float | None:
    return at.started if ambiguous and row.first_ambiguous_at is None else row.first_ambiguous_at
