"""How often: token buckets, for no more of those who come than memory is set aside for."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Final

from cachetools import LRUCache

_MOST: Final = 20_000


class TokenBucket:
    """So many requests a second, and `burst` at once: by default as many as a second has, at least one."""

    __slots__ = ("_burst", "_rate", "_then", "_tokens")

    def __init__(self, rate: float, now: float, burst: float | None = None) -> None:
        self._rate = rate
        self._burst = max(1.0, rate if burst is None else burst)
        self._tokens = self._burst
        self._then = now

    def due(self, now: float) -> float:
        """Seconds until the next request may come; 0 when it may come now."""
        self._tokens = min(self._burst, self._tokens + max(0.0, now - self._then) * self._rate)
        self._then = now
        return 0.0 if self._tokens >= 1 else (1 - self._tokens) / self._rate

    def wait(self, now: float) -> float:
        """As `due`; a request that may come is counted."""
        due = self.due(now)
        if not due:
            self._tokens -= 1
        return due


class Buckets:
    """A bucket for each that comes. The least recent of very many are forgotten."""

    def __init__(self, most: int = _MOST) -> None:
        self._buckets: LRUCache[Hashable, TokenBucket] = LRUCache(most)

    def wait(self, who: Hashable, rate: float, now: float, burst: float | None = None) -> float:
        """Seconds until the next request of theirs may come; 0 when this one may, which is then counted."""
        bucket = self._buckets.get(who)
        if bucket is None:
            bucket = self._buckets[who] = TokenBucket(rate, now, burst)
        return bucket.wait(now)

    def due(self, who: Hashable, now: float) -> float:
        """The same without counting; 0 for those who have not come."""
        bucket = self._buckets.get(who)
        return bucket.due(now) if bucket else 0.0

    def __len__(self) -> int:
        return len(self._buckets)
