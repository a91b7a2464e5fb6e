"""What TikTok would count: repeats found by its deduplication rules, early ones merged, late ones dropped."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any, Literal

from router.tiktok.catalogue import LIMITS, current_name

Fate = Literal["counted", "merged", "dropped"]
_Key = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Envelope:
    """What a request says of all its events."""

    event_source: str
    event_source_id: str
    test_event_code: str | None


@dataclass(slots=True)
class Counted:
    """An event that counts, with what its early copies added. Times are epoch seconds of arrival."""

    envelope: Envelope
    payload: dict[str, Any]
    first_at: float
    copies: int = 1
    merged: list[str] = field(default_factory=list)

    def shown(self) -> dict[str, Any]:
        """As JSON for people and tests; `counted_as` is the name in TikTok's reports."""
        return {
            "event": self.payload["event"],
            "counted_as": current_name(self.payload["event"]),
            "event_source": self.envelope.event_source,
            "event_source_id": self.envelope.event_source_id,
            "test_event_code": self.envelope.test_event_code,
            "event_id": self.payload.get("event_id"),
            "event_time": self.payload["event_time"],
            "first_at": self.first_at,
            "copies": self.copies,
            "merged": list(self.merged),
            "payload": deepcopy(self.payload),
        }


class Ledger:
    """The events counted so far.

    The key is event source id, current event name and event id: the first is kept, a copy within 5 minutes
    fills its gaps, a later one is dropped, and after 48 hours it counts again (DOC-DEDUP, H). Without an
    event id it is event source id, event name and `_ttp`, for 5 minutes, and copies are dropped (DOC-DEDUP,
    H). That renamed events share a key is our reading (L). Test events are kept apart from the others.
    """

    def __init__(self) -> None:
        self.counted: list[Counted] = []
        self._first: dict[_Key, Counted] = {}

    def take(self, envelope: Envelope, payload: dict[str, Any], now: float) -> Fate:
        """Count an event that passed the judge, or treat it as the copy that it is."""
        key, window, merges = _identity(envelope, payload)
        first = self._first.get(key) if key else None
        if first is None or now - first.first_at >= window:
            self._count(key, Counted(envelope, payload, now))
            return "counted"
        first.copies += 1
        if not merges or now - first.first_at >= LIMITS.merge_window:
            return "dropped"
        first.merged += fill_gaps(first.payload, payload)
        return "merged"

    def _count(self, key: _Key | None, new: Counted) -> None:
        self.counted.append(new)
        if key:
            self._first[key] = new


def _identity(envelope: Envelope, payload: dict[str, Any]) -> tuple[_Key | None, int, bool]:
    """The key, its window in seconds and whether copies are merged."""
    scope = (envelope.event_source_id, envelope.test_event_code or "", current_name(payload["event"]))
    if event_id := payload.get("event_id"):
        return ("id", *scope, event_id), LIMITS.dedup_window, True
    ttp = payload.get("user", {}).get("ttp")
    return (("ttp", *scope, ttp) if ttp else None), LIMITS.fallback_window, False


def fill_gaps(first: dict[str, Any], copy: dict[str, Any], at: str = "") -> list[str]:
    """Add to `first` what only `copy` has, and say where."""
    filled: list[str] = []
    for key, value in copy.items():
        mine = first.setdefault(key, value)
        if mine is value:
            filled.append(f"{at}{key}")
        elif isinstance(mine, dict) and isinstance(value, dict):
            filled += fill_gaps(mine, value, f"{at}{key}.")
    return filled
