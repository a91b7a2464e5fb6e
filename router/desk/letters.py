"""Dead letters as an operator looks at them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from typing import Any, Final

import orjson

from router.delivery.archive import Archive, DeadQuery
from router.delivery.entry import DeadLetter
from router.delivery.sealing import is_sealed

PAGE: Final = 500
HIDDEN: Final = "(hidden)"
# What TikTok needs in clear, and what only it can read: both speak of a person.
_PERSONAL: Final = ("user", "page", "properties")


def dead_query(asked: Mapping[str, Any], now: float) -> DeadQuery:
    """The query that a command's options make; ages are seconds."""
    ids, older, newer = (asked.get(name) for name in ("ids", "older", "newer"))
    return DeadQuery(
        frozenset(ids) if ids else None,
        asked.get("reason"),
        asked.get("code"),
        asked.get("destination"),
        None if newer is None else now - newer,
        None if older is None else now - older,
    )


async def every(archive: Archive, query: DeadQuery) -> AsyncIterator[list[DeadLetter]]:
    """All that fit, page by page."""
    after = 0
    while page := await archive.dead(PAGE, after=after, query=query):
        yield page
        after = page[-1].id


def payload_of(letter: DeadLetter) -> dict[str, Any]:
    """The payload, decoded; empty when it cannot be opened."""
    if is_sealed(letter.entry.payload):
        return {}
    found = orjson.loads(letter.entry.payload)
    return found if isinstance(found, dict) else {}


def shown(letter: DeadLetter) -> dict[str, Any]:
    """A dead letter without its payload."""
    entry = letter.entry
    return {
        "id": letter.id,
        "destination": entry.destination,
        "source": entry.source,
        "source_id": entry.source_id,
        "event": entry.event,
        "event_id": payload_of(letter).get("event_id"),
        "event_time": entry.event_time,
        "accepted_at": entry.accepted_at,
        "died_at": letter.died_at,
        "reason": letter.reason,
        "code": letter.code,
        "message": letter.message,
        "request_id": letter.request_id,
        "attempts": letter.attempts,
        "first_ambiguous_at": letter.first_ambiguous_at,
        "rules": entry.rules_version,
        "correlation": entry.correlation,
    }


def shown_payload(letter: DeadLetter, *, reveal: bool) -> dict[str, Any]:
    """The payload; what may speak of a person only when asked for."""
    payload = payload_of(letter)
    return payload if reveal else {name: _masked(name, value) for name, value in payload.items()}


def _masked(name: str, value: Any) -> Any:
    return _hide(value) if name in _PERSONAL else value


def _hide(value: Any) -> Any:
    """The same shape without its values."""
    if isinstance(value, dict):
        return {name: _hide(each) for name, each in value.items()}
    if isinstance(value, list):
        return [_hide(each) for each in value]
    return HIDDEN
