"""How many requests a destination gets at once: as many as it answers in steady time."""

from __future__ import annotations

from dataclasses import dataclass, replace

WEIGHT = 0.4
TOLERANCE = 2.5
LESS = 0.9


@dataclass(frozen=True, slots=True)
class Concurrency:
    """`level` requests at once, rounded down; `mean` and `deviation` of round trips in seconds."""

    level: float = 1.0
    mean: float | None = None
    deviation: float = 0.0

    @property
    def limit(self) -> int:
        return int(self.level)


def adapted(now: Concurrency, seconds: float, *, throttled: bool, busy: bool, cap: int) -> Concurrency:
    """After a request of `seconds`: one more if it was steady and all were in use, a tenth less if not."""
    slow = now.mean is not None and seconds > now.mean + TOLERANCE * now.deviation
    if throttled or slow:
        level = max(1.0, now.level * LESS)
    else:
        level = min(float(cap), now.level + 1.0) if busy else now.level
    return replace(_averaged(now, seconds), level=level)


def _averaged(now: Concurrency, seconds: float) -> Concurrency:
    """Exponentially weighted; the first round trip starts with a deviation of its half, as TCP does."""
    if now.mean is None:
        return replace(now, mean=seconds, deviation=seconds / 2)
    gap = seconds - now.mean
    deviation = (1 - WEIGHT) * now.deviation + WEIGHT * abs(gap)
    return replace(now, mean=now.mean + WEIGHT * gap, deviation=deviation)
