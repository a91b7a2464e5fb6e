"""Orders that come again under another event id: two senders report the same sale, and TikTok counts both."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from cachetools import LRUCache

_ORDERS: Final = 10_000
_MOST_PAIRS: Final = 100


@dataclass(frozen=True, slots=True)
class Repeated:
    """Who reported orders of this event first, and who again; a sender is format and write key."""

    destination: str
    event: str
    first: str
    again: str


class OrderWatch:
    """Remembers the latest orders of each destination and event, as numbers that cannot be turned back.

    `told` hears destination and event of each that was repeated. What the same sender repeats with the same
    event id is no finding: TikTok drops that.
    """

    def __init__(
        self, told: Callable[[str, str], None] = lambda _destination, _event: None, orders: int = _ORDERS
    ) -> None:
        self._told = told
        self._seen: LRUCache[int, tuple[int, int, str]] = LRUCache(orders)
        self.repeated: Counter[Repeated] = Counter()
        """Orders by who reported them, since the start."""

    def note(self, destination: str, event: str, order: str, event_id: str, sender: str) -> None:
        """Look at an event that is to be sent: is its order known under another event id?"""
        key, own = hash((destination, event, order)), hash(event_id)
        first_id, latest_id, first = self._seen.setdefault(key, (own, own, sender))
        if own in (first_id, latest_id):
            return
        self._seen[key] = (first_id, own, first)
        self._count(Repeated(destination, event, first, sender))
        self._told(destination, event)

    def status(self) -> list[dict[str, Any]]:
        """The most frequent first."""
        return [
            {
                "destination": each.destination,
                "event": each.event,
                "first": each.first,
                "again": each.again,
                "orders": count,
            }
            for each, count in self.repeated.most_common()
        ]

    def _count(self, found: Repeated) -> None:
        if found in self.repeated or len(self.repeated) < _MOST_PAIRS:
            self.repeated[found] += 1


def sender_of(event: Mapping[str, Any]) -> str:
    """Who sent an event: its format, and the name of its write key."""
    meta = event.get("meta")
    known = meta if isinstance(meta, dict) else {}
    name, source = known.get("format") or "raw", known.get("source")
    return f"{name}/{source}" if source else str(name)
