"""A spool's content as a sequence of plain rows, whichever engine holds it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

_ENTRY: Final = (
    "id", "key", "destination", "source", "source_id", "event", "event_time", "accepted_at", "rules_version",
    "claim_seconds", "claim_until", "resend_seconds", "attempts", "first_ambiguous_at", "correlation",
    "payload", "kept",
)  # fmt: skip
TABLES: Final[Mapping[str, Sequence[str]]] = {
    "route": ("id", "destination", "source", "source_id", "event", "rules_version"),
    "settlement": ("id", "at", "reason", "code", "message", "request_id"),
    "delivery": (*_ENTRY, "state", "due", "claimed_at", "crashes", "why"),
    "dead": (*_ENTRY, "reason", "code", "message", "request_id", "died_at"),
    "dedup": ("key", "state", "expires", "delivery_id", "route", "accepted_at", "attempts", "settlement"),
    "posting": ("destination", "what", "why", "count"),
    "record": (
        "ref", "at", "outcome", "reason", "destination", "event", "place", "rules_version", "correlation",
        "key",
    ),
    "drift": ("lag", "remaining"),
}  # fmt: skip
"""Columns by table, in the order of copying. A row that was being sent is so in the copy: it counts as
perhaps sent when the copy is first used."""
