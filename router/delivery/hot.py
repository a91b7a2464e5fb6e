"""The hot end of the dedup claims in memory: it may only say "seen, already durable"."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Sequence

from router.delivery.entry import Entry


class HotKeys:
    """Claims that are known to be on disk, the least recently seen forgotten first."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._claims: OrderedDict[bytes, float | None] = OrderedDict()

    def seen(self, entries: Sequence[Entry], lag: float) -> set[int]:
        """The places of those that are claimed, by a clock that lags. Of others the disk must be asked."""
        known = [place for place, entry in enumerate(entries) if entry.key in self._claims]
        return {place for place in known if self._is_claimed(entries[place], lag)}

    def _is_claimed(self, entry: Entry, lag: float) -> bool:
        self._claims.move_to_end(entry.key)
        expires = self._claims[entry.key]
        return expires is None or expires > entry.accepted_at - lag

    def remember(self, entries: Iterable[Entry]) -> None:
        """Their claims were committed; those without a fixed end have none yet."""
        self._claims.update([(entry.key, entry.claim_until) for entry in entries])
        while len(self._claims) > self._size:
            self._claims.popitem(last=False)

    def ends(self, claims: Iterable[tuple[bytes, float | None]]) -> None:
        """Claims got their end; those that are not hot stay so."""
        for key, expires in claims:
            if key in self._claims:
                self._claims[key] = expires

    def clear(self) -> None:
        self._claims.clear()

    def forget(self, key: bytes) -> None:
        self._claims.pop(key, None)
