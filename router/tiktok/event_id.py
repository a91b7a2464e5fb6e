"""The id of an event: its own, or one derived from its content, and how long each is good for."""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any

import orjson

from router.lang.instants import to_epoch_seconds
from router.tiktok.catalogue import LIMITS

# An hour less than TikTok remembers an id, so that no resend can come too late.
RESEND_MARGIN = 3600
_DEEPEST = 64
_MOST_NODES = 5000


@dataclass(frozen=True, slots=True)
class EventId:
    """`sent` goes to TikTok, `dedup` into the router's own key; times in seconds.

    `claim_seconds` counts from the confirmed send; `claim_until`, an epoch second, ends the claim instead.
    `resend_seconds` is how long after a first unclear attempt a repetition cannot count twice.
    """

    sent: str | None
    dedup: str
    claim_seconds: int
    claim_until: int | None
    resend_seconds: int


def own(event_id: str) -> EventId:
    """The id that the event brought: TikTok drops its repetitions for 48 hours (DOC-DEDUP, H)."""
    return EventId(event_id, event_id, LIMITS.dedup_window, None, LIMITS.dedup_window - RESEND_MARGIN)


def derived(event: Mapping[str, Any], event_time: int, arrival_now: int) -> EventId:
    """An id from the event's content, the same for every repetition of the event.

    When nothing in the event tells its time, it counts as a repetition only within five minutes of the first,
    and the id that is sent holds the time of acceptance too.
    """
    content = content_id(event)
    if tells_its_time(event, event_time):
        return own(content)
    window = LIMITS.fallback_window
    return EventId(
        f"{content}-{arrival_now}",
        content,
        window,
        arrival_now + window,
        LIMITS.dedup_window - RESEND_MARGIN,
    )


def omitted(event: Mapping[str, Any], event_time: int, arrival_now: int) -> EventId:
    """No id for TikTok, which then compares pixel, event and `_ttp` for five minutes (DOC-DEDUP, H)."""
    known = derived(event, event_time, arrival_now)
    return EventId(None, known.dedup, known.claim_seconds, known.claim_until, LIMITS.fallback_window)


def content_id(event: Mapping[str, Any]) -> str:
    """A short hash of the event without what the router added; the order of keys does not matter."""
    return "auto-" + blake2b(_canonical(_sent_part(event)), digest_size=12).hexdigest()


def tells_its_time(event: Mapping[str, Any], event_time: int) -> bool:
    """Whether the event has a timestamp of its own, or another value in it reads as `event_time`."""
    context = event.get("context")
    if isinstance(context, dict) and to_epoch_seconds(context.get("event_timestamp")) is not None:
        return True
    return any(to_epoch_seconds(value) == event_time for value in _scalars(_sent_part(event)))


def _sent_part(event: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in event.items() if key != "meta"}


def _canonical(event: dict[str, Any]) -> bytes:
    try:
        return orjson.dumps(event, option=orjson.OPT_SORT_KEYS)
    except TypeError:
        return json.dumps(_plain(event, _DEEPEST), sort_keys=True).encode()


def _plain(value: object, depth: int) -> object:
    match value:
        case dict() | list() if depth == 0:
            return "…"
        case dict():
            return {str(key): _plain(each, depth - 1) for key, each in value.items()}
        case list():
            return [_plain(each, depth - 1) for each in value]
        case bool() | str() | float() | None:
            return value
    # Decimal digits of a very long integer are refused by the interpreter.
    return hex(value) if isinstance(value, int) else repr(type(value))


def _scalars(event: dict[str, Any]) -> Iterator[int | float | str]:
    waiting: deque[object] = deque((event,))
    for _ in range(_MOST_NODES):
        if not waiting:
            return
        match waiting.popleft():
            case dict() as inside:
                waiting.extend(inside.values())
            case list() as inside:
                waiting.extend(inside)
            case bool():
                pass
            case str() as text if text[:1].isdigit():
                yield text
            case int() | float() as number:
                yield number
