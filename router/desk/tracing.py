"""What became of an event, after the fact."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from router.delivery.account import Record, event_ref
from router.delivery.archive import Archive, Fate, Route
from router.delivery.entry import dedup_key
from router.tiktok.catalogue import current_name


async def trace_of(archive: Archive, event_id: str) -> dict[str, Any]:
    """Every entry that went by this event id or was made of its event, and what the rules decided.

    An entry's claim is found by every way that entries have ever gone: no index of event ids is needed, and
    none is on the disk.
    """
    keys = keys_of(await archive.routes(), event_id)
    found = await archive.history(keys, event_ref(event_id))
    return {
        "event_id": event_id,
        "entries": [_entry(fate) for fate in found.fates],
        "decisions": [_decision(record) for record in found.records if record.key is None],
    }


def keys_of(routes: Iterable[Route], event_id: str) -> set[bytes]:
    """The dedup keys that an event id can have led to."""
    ways = {(route.source, route.source_id, current_name(route.event)) for route in routes}
    return {dedup_key(*way, event_id) for way in ways}


def _entry(fate: Fate) -> dict[str, Any]:
    route, settlement = fate.route, fate.settlement
    return {
        "state": fate.state,
        "row": fate.row,
        "destination": route.destination if route else None,
        "source": route.source if route else None,
        "source_id": route.source_id if route else None,
        "event": route.event if route else None,
        "rules": route.rules_version if route else None,
        "accepted_at": fate.accepted_at,
        "attempts": fate.attempts,
        "due": fate.due,
        "why": fate.why,
        "first_ambiguous_at": fate.first_ambiguous_at,
        "settled_at": settlement.at if settlement else None,
        "reason": settlement.reason if settlement else "",
        "code": settlement.code if settlement else "",
        "message": settlement.message if settlement else "",
        "request_id": settlement.request_id if settlement else "",
        "repeats_until": fate.repeats_until,
    }


def _decision(record: Record) -> dict[str, Any]:
    return {
        "at": record.at,
        "outcome": record.outcome,
        "reason": record.reason,
        "destination": record.destination or None,
        "event": record.event,
        "place": record.place,
        "rules": record.rules_version,
        "correlation": record.correlation,
    }
