"""What may be posted with a key: events beyond it are rejected one by one."""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Callable
from dataclasses import replace
from functools import lru_cache
from itertools import count
from typing import Final

import structlog

from router.inputs import Decoded, Rejection
from router.keyring import Grant
from router.lang.outcome import Arrival

_LOG = structlog.get_logger()
OUT_OF_SCOPE: Final = "out_of_scope"
_LONGEST_NAME: Final = 1000

SourceOf = Callable[[Arrival], str | None]
"""The event source that the rules in force give an event; None when they give none."""


def unknown_source(_arrival: Arrival) -> str | None:
    """Where nobody can tell, no event is of the source that a key asks for."""
    return None


def within(grant: Grant | None, decoded: Decoded, source_of: SourceOf) -> Decoded:
    """The events that may be posted with the key, and all others rejected."""
    if grant is None or not (grant.events or grant.sources):
        return decoded
    arrivals: list[Arrival] = []
    rejections = list(decoded.rejections)
    rejected = {each.index for each in rejections}
    indexes = (index for index in count() if index not in rejected)
    for index, arrival in zip(indexes, decoded.arrivals, strict=False):
        reason = _objection(grant, arrival, source_of)
        if reason is None:
            arrivals.append(arrival)
        else:
            rejections.append(Rejection(index, OUT_OF_SCOPE, reason))
    rejections.sort(key=lambda each: each.index)
    return replace(decoded, arrivals=tuple(arrivals), rejections=tuple(rejections))


def _objection(grant: Grant, arrival: Arrival, source_of: SourceOf) -> str | None:
    name = arrival.event.get("event_name")
    if grant.events and not (isinstance(name, str) and _names(grant.events, name)):
        return "the write key is not for events of this name"
    if grant.sources and _source(arrival, source_of) not in grant.sources:
        return "the write key is not for events of this source"
    return None


def _source(arrival: Arrival, source_of: SourceOf) -> str | None:
    """Rules cannot raise; should they, the event is nobody's and its neighbours are taken."""
    try:
        return source_of(arrival)
    except Exception:
        _LOG.exception("source_failed")
        return None


def _names(patterns: tuple[str, ...], name: str) -> bool:
    return len(name) <= _LONGEST_NAME and _pattern(patterns).match(name) is not None


@lru_cache(maxsize=1024)
def _pattern(patterns: tuple[str, ...]) -> re.Pattern[str]:
    return re.compile("|".join(map(fnmatch.translate, patterns)))
