"""Bodies whose events share what stands around them: an object with a list of events, or a list of such."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from router.inputs.bodies import (
    NO_BODY,
    NOT_JSON,
    count_checked,
    read_fast,
    read_one,
    read_sized,
    sized,
    text_of,
    too_many_values,
)
from router.inputs.brackets import members
from router.inputs.reading import NOT_AN_OBJECT
from router.inputs.request import BodyProblem, Fault
from router.settings import Limits

_MOST_MEMBERS: Final = 200
_NO_EVENTS: Final = Fault("missing_events", "the batch has no list of events")


@dataclass(frozen=True, slots=True)
class Batch:
    """What stands around the list, and what is in it: decoded JSON, or a `Fault` in the place of an event."""

    outer: dict[str, Any]
    events: list[Any]


Batches = list[Batch | Fault]
"""A `Fault` stands for a batch without events."""


def read_batches(body: bytes, key: str, limits: Limits) -> Batches | BodyProblem:
    """The batches of a body, one or a list; `key` names the list of events in each.

    An event that cannot be read costs no other. What cannot be read around a list costs all events of it.
    """
    text = text_of(body)
    if isinstance(text, BodyProblem):
        return text
    value = read_fast(text, limits.depth)
    if isinstance(value, Fault):
        found = _read_carefully(text, key, limits)
    else:
        found = [_batch(each, key, text, limits) for each in (value if isinstance(value, list) else [value])]
    return found if isinstance(found, BodyProblem) else _counted(found, limits)


def _batch(value: Any, key: str, text: bytes, limits: Limits) -> Batch | Fault:
    if not isinstance(value, dict):
        return NOT_AN_OBJECT
    events = value.pop(key, None)
    return Batch(value, sized(events, text, limits)) if isinstance(events, list) else _NO_EVENTS


def _counted(found: Batches, limits: Limits) -> Batches | BodyProblem:
    events = [event for each in found for event in (each.events if isinstance(each, Batch) else [each])]
    return count_checked(events, limits) or found


def _read_carefully(text: bytes, key: str, limits: Limits) -> Batches | BodyProblem:
    """Batch by batch, and event by event."""
    texts = members(text, limits.events) if text[:1] == b"[" else [text]
    # An empty list would not have needed a second look.
    if not texts:
        return NO_BODY
    problem = too_many_values(text) or count_checked(texts, limits)
    if problem is not None:
        return problem
    found: Batches = []
    for each in texts:
        batch = _read_batch(each.strip(), key, limits)
        if isinstance(batch, BodyProblem):
            return batch
        found.append(batch)
    return found


def _read_batch(text: bytes, key: str, limits: Limits) -> Batch | Fault | BodyProblem:
    parts = members(text, _MOST_MEMBERS) if text[:1] == b"{" else None
    if parts is None:
        return NO_BODY if read_one(text, limits.depth) is NOT_JSON else NOT_AN_OBJECT
    if len(parts) > _MOST_MEMBERS:
        return BodyProblem("too_many_values", f"a batch has more than {_MOST_MEMBERS} members")
    listed = [part for part in parts if _is_list(part, key)]
    outer = read_one(b"{" + b",".join(part for part in parts if part not in listed) + b"}", limits.depth)
    if outer is NOT_JSON:
        return NO_BODY
    return _read_events(outer, listed[-1].partition(b":")[2], limits) if listed else _NO_EVENTS


def _is_list(part: bytes, key: str) -> bool:
    name, _, value = part.partition(b":")
    return name.strip() == f'"{key}"'.encode() and value.lstrip()[:1] == b"["


def _read_events(outer: Any, listed: bytes, limits: Limits) -> Batch | BodyProblem:
    parts = members(listed.strip(), limits.events)
    if parts is None or (not parts and read_one(listed, limits.depth) is NOT_JSON):
        return NO_BODY
    events = [read_sized(part, limits) for part in parts]
    if any(event is NOT_JSON for event in events):
        return NO_BODY
    return Batch({}, [outer for _ in events]) if isinstance(outer, Fault) else Batch(outer, events)
