"""A token bucket: how long the next request has to wait."""

from __future__ import annotations


class Pace:
    """At most `rate` requests a second, and a tenth of that in one burst, shared by all who take from it."""

    def __init__(self, rate: float) -> None:
        self._whole = rate
        self._rate = rate
        self._burst = max(1.0, rate / 10)
        self._tokens = self._burst
        self._at: float | None = None

    def share(self, nodes: int) -> None:
        """So many take from the same rate, each its part of it."""
        self._rate = self._whole / max(1, nodes)
        self._burst = max(1.0, self._rate / 10)

    def take(self, now: float) -> float:
        """Take the next token; the seconds from `now`, on a monotonic clock, until it may be used."""
        passed = 0.0 if self._at is None else now - self._at
        self._at = now
        self._tokens = min(self._burst, self._tokens + passed * self._rate) - 1
        return max(0.0, -self._tokens / self._rate)
