"""Orders that come again under another event id: two senders report the same sale, and TikTok counts both."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import orjson
from cachetools import LRUCache

from router.lang.outcome import Arrival, Send
from router.tiktok.payload import Finished

_ORDERS: Final = 20_000
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

    What the same sender repeats with the same event id is no finding: TikTok drops that.
    """

    def __init__(self, orders: int = _ORDERS) -> None:
        self._seen: LRUCache[int, tuple[int, int, str]] = LRUCache(orders)
        self.repeated: Counter[Repeated] = Counter()
        """Orders by who reported them, since the start."""

    def note(self, send: Send, done: Finished, arrival: Arrival) -> bool:
        """Look at an event that is to be sent; is its order known under another event id?"""
        order = _order(done.payload)
        if order is None:
            return False
        key, event_id = hash((send.destination, done.key_event, order)), hash(done.dedup_id)
        sender = sender_of(arrival.event)
        first_id, latest_id, first = self._seen.setdefault(key, (event_id, event_id, sender))
        if event_id in (first_id, latest_id):
            return False
        self._seen[key] = (first_id, event_id, first)
        self._count(Repeated(send.destination, done.key_event, first, sender))
        return True

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


def _order(payload: bytes) -> str | None:
    if b'"order_id":' not in payload:
        return None
    order = orjson.loads(payload).get("properties", {}).get("order_id")
    return str(order) if order else None


def sender_of(event: Mapping[str, Any]) -> str:
    """Who sent an event: its format, and the name of its write key."""
    meta = event.get("meta")
    known = meta if isinstance(meta, dict) else {}
    named = [known.get("format") or "raw", known.get("source")]
    return "/".join(str(each) for each in named if each)
