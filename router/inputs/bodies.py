"""Body to events, so that one bad event costs no other."""

from __future__ import annotations

import json
import math
from typing import Any, Final

import orjson

from router.inputs.brackets import containers, members, too_deep
from router.inputs.digits import may_have_long_integers
from router.inputs.request import BodyProblem, Fault
from router.settings import Limits

# Parsing takes some 65 to 230 bytes a container; ordinary events have 10 to 30.
_MOST_CONTAINERS: Final = 200_000
# Finding the events takes about 0.2 µs a comma, string or bracket, and nobody else is served meanwhile.
_MOST_TOKENS: Final = 500_000
_LONGEST_NUMBER = 400
_MOST_KEYS = 100
_BOM = b"\xef\xbb\xbf"

NOT_JSON: Final = Fault("not_json", "this is not JSON")
_TOO_DEEP = Fault("too_deep", "objects and lists nest too deep")
_TOO_LARGE = Fault("event_too_large", "the event is too large")
_NOT_UTF8 = Fault("not_utf8", "a text is not UTF-8")
_UNSURE = Fault("unsure", "fast parsing is not enough")
NO_BODY = BodyProblem("not_json", "the body is not JSON")


def read_body(body: bytes, *, lines: bool, batch_key: str | None, limits: Limits) -> list[Any] | BodyProblem:
    """The events of a body: decoded JSON, or a `Fault` in the place of an event that cannot be read.

    `lines` says that the sender declared NDJSON; an undeclared one is recognised by a first line that is an
    object of its own. With `batch_key` an object that has a list under that key stands for the list's events.
    """
    text = text_of(body)
    if isinstance(text, BodyProblem):
        return text
    if lines:
        return _read_lines(text, limits)
    value = read_fast(text, limits.depth)
    if isinstance(value, Fault):
        return _read_carefully(text, batch_key, limits)
    events = _events_of(value, batch_key)
    return count_checked(events, limits) or (
        _single(value, text, limits) if events is None else sized(events, text, limits)
    )


def not_json(body: bytes) -> BodyProblem:
    """Where a body ceases to be JSON: column, and line if it has several, from 1. It quotes nothing of it."""
    try:
        orjson.loads(body.removeprefix(_BOM).decode("utf-8"))
    except orjson.JSONDecodeError as problem:
        line = f"line {problem.lineno}, " if b"\n" in body.strip() else ""
        place = f"{NO_BODY.reason}: {line}column {problem.colno}"
        return BodyProblem(NO_BODY.code, place) if body.strip() else NO_BODY
    except UnicodeDecodeError:
        return NO_BODY
    return NO_BODY


def text_of(body: bytes) -> bytes | BodyProblem:
    """The JSON text of a body that may be parsed at all."""
    text = body.removeprefix(_BOM).strip()
    if not text:
        return BodyProblem("not_json", "the body is empty")
    if len(text) > _MOST_CONTAINERS and containers(text) > _MOST_CONTAINERS:
        return BodyProblem("too_many_values", "the body has too many objects and lists")
    return text


def too_many_values(text: bytes) -> BodyProblem | None:
    """Why a text cannot be taken apart: it has so many values that all others would wait."""
    if containers(text) + text.count(b",") + text.count(b'"') // 2 > _MOST_TOKENS:
        return BodyProblem("too_many_values", "the body has too many values")
    return None


def _events_of(value: Any, batch_key: str | None) -> list[Any] | None:
    """The list of a body with many events; None for a body that is a single one."""
    if isinstance(value, dict) and batch_key:
        value = value.get(batch_key)
    return value if isinstance(value, list) else None


def count_checked(events: list[Any] | None, limits: Limits) -> BodyProblem | None:
    """Why a body cannot be taken that has this list of events, if it has one."""
    if events is None or len(events) <= limits.events:
        return None
    return BodyProblem("too_many_events", f"the body has more than {limits.events} events")


def _single(event: Any, text: bytes, limits: Limits) -> list[Any] | BodyProblem:
    if len(text) > limits.body_bytes:
        reason = f"the body of a single event may have {limits.body_bytes} bytes"
        return BodyProblem("body_too_large", reason)
    return [_TOO_LARGE if len(text) > limits.event_bytes else event]


def sized(events: list[Any], text: bytes, limits: Limits) -> list[Any]:
    """The events of a text, with a `Fault` in the place of each that is too large."""
    if len(text) <= limits.event_bytes:
        return events
    return [_TOO_LARGE if len(orjson.dumps(event)) > limits.event_bytes else event for event in events]


def _read_lines(text: bytes, limits: Limits) -> list[Any] | BodyProblem:
    lines = [line for line in text.split(b"\n") if line and not line.isspace()]
    return count_checked(lines, limits) or [read_sized(line, limits) for line in lines]


def _read_carefully(text: bytes, batch_key: str | None, limits: Limits) -> list[Any] | BodyProblem:
    """Event by event: something in the text is too deep, not JSON, or more than fast parsing takes."""
    if problem := too_many_values(text):
        return problem
    first, _, rest = text.partition(b"\n")
    if rest and first[:1] == b"{" and read_one(first, limits.depth) is not NOT_JSON:
        return _read_lines(text, limits)
    listed = text if text[:1] == b"[" else _member(text, batch_key)
    parts = members(listed, limits.events) if listed else None
    if parts is None:
        return _read_single(text, limits)
    return count_checked(parts, limits) or _read_members(parts, limits)


def _read_single(text: bytes, limits: Limits) -> list[Any] | BodyProblem:
    event = read_one(text, limits.depth)
    no_json = event is NOT_JSON or (event is _NOT_UTF8 and text[:1] != b"{")
    return NO_BODY if no_json else _single(event, text, limits)


def _read_members(parts: list[bytes], limits: Limits) -> list[Any] | BodyProblem:
    events = [read_sized(part, limits) for part in parts]
    return NO_BODY if any(event is NOT_JSON for event in events) else events


def _member(text: bytes, key: str | None) -> bytes | None:
    """The unparsed list under a key of the outermost object."""
    if key is None or text[:1] != b"{":
        return None
    for part in members(text, _MOST_KEYS) or ():
        name, colon, value = part.partition(b":")
        if colon and name.strip() == f'"{key}"'.encode() and value.lstrip()[:1] == b"[":
            return value.strip()
    return None


def read_sized(text: bytes, limits: Limits) -> Any:
    """One event, decoded, or the `Fault` for which it cannot be taken."""
    return _TOO_LARGE if len(text) > limits.event_bytes else read_one(text, limits.depth)


def read_one(text: bytes, depth: int) -> Any:
    """One value, decoded, or the `Fault` for which it cannot be read."""
    value = read_fast(text, depth)
    return _read_exactly(text) if value is _UNSURE else value


def read_fast(text: bytes, depth: int) -> Any:
    """One value, decoded, or a `Fault` when it is worth or needs a second look."""
    if too_deep(text, depth):
        return _TOO_DEEP
    # orjson makes a float of whatever is beyond 64 bits.
    if may_have_long_integers(text):
        return _UNSURE
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        return _UNSURE


class _UnusableNumberError(Exception):
    """A number that JSON or its receivers do not have."""


def _finite(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise _UnusableNumberError
    return value


def _exact(text: str) -> int:
    if len(text) > _LONGEST_NUMBER:
        raise _UnusableNumberError
    return int(text)


def _refuse(_name: str) -> None:
    raise _UnusableNumberError


_EXACT = json.JSONDecoder(parse_float=_finite, parse_int=_exact, parse_constant=_refuse)


def _read_exactly(text: bytes) -> Any:
    """One value with integers of any length, and the reason if it is unusable."""
    try:
        value = _EXACT.decode(text.decode("utf-8").strip())
        if b"\\u" in text:
            json.dumps(value, ensure_ascii=False).encode("utf-8")
    except UnicodeEncodeError:
        return Fault("lone_surrogate", "a text has half of a surrogate pair")
    except UnicodeDecodeError:
        return _NOT_UTF8
    except _UnusableNumberError:
        return Fault("unusable_number", "a number is not finite or far too long")
    except (json.JSONDecodeError, RecursionError):
        return NOT_JSON
    return value
