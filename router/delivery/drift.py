"""The wall clock against the monotonic one: what a jump means for claims and due times."""

from __future__ import annotations

from dataclasses import dataclass

JUMP_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Drift:
    """After the wall clock jumped ahead, claims are seen `lag` seconds younger than it says.

    This ends when `remaining` seconds have been observed to pass, not merely been jumped over. So no claim
    ends early, whether by a purge or by a repeat that comes in.
    """

    lag: float = 0.0
    remaining: float = 0.0


def jumped(wall: float, passed: float) -> float:
    """Seconds that the wall clock jumped, while `wall` went by on it and `passed` in truth; 0 is no jump."""
    jump = wall - passed
    return jump if abs(jump) > JUMP_SECONDS else 0.0


def drifted(drift: Drift, jump: float, passed: float, hold: float) -> Drift:
    """The drift after `passed` seconds and a jump; one ahead is made up for during `hold` seconds."""
    remaining = max(0.0, drift.remaining - passed)
    lag = max(0.0, (drift.lag if remaining else 0.0) + jump)
    if jump > 0:
        return Drift(lag, hold)
    return Drift(lag, remaining) if lag and remaining else Drift()
