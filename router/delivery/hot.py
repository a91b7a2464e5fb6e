"""The hot end of the dedup claims in memory: it may only say "seen, already durable"."""

from __future__ import annotations

from cachetools import LRUCache


class HotKeys:
    """Claims that are known to be on disk, the least recently seen forgotten first."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._claims: LRUCache[bytes, float | None] = LRUCache(max(1, size))

    def seen(self, key: bytes, now: float) -> bool:
        """Whether `key` is claimed at `now`. False says nothing: the disk must be asked."""
        if key not in self._claims:
            return False
        expires = self._claims[key]
        return expires is None or expires > now

    def remember(self, key: bytes, expires: float | None) -> None:
        """A claim was committed; None has no end yet."""
        if self._size > 0:
            self._claims[key] = expires

    def ends(self, key: bytes, expires: float | None) -> None:
        """A claim got its end; one that is not hot stays so."""
        if key in self._claims:
            self._claims[key] = expires

    def clear(self) -> None:
        self._claims.clear()

    def forget(self, key: bytes) -> None:
        self._claims.pop(key, None)
