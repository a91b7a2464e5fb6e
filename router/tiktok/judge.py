"""An independent opinion on a finished request body: would TikTok take it, and count it as it was meant?"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import orjson

from router.lang.suggest import closest
from router.tiktok.catalogue import LIMITS, RENAMED_KEYS, REQUEST_ENTRIES, SOURCES
from router.tiktok.finding import Finding, Findings, below, error, warning
from router.tiktok.judge_events import dedup_key, judge_event
from router.tiktok.judge_fields import no_value
from router.tiktok.judge_types import json_kind, wrong_type

__all__ = ["Finding", "judge", "judge_member", "judge_request", "parse"]


def judge(body: bytes | str | Any, now: int | None = None) -> list[Finding]:
    """What is wrong with a request body: bytes or text are JSON, all else is JSON that was parsed.

    What concerns the request stands before what concerns its events. No error means that TikTok would take
    it, as far as is known. With `now` (epoch seconds) events that are old or in the future are warned about.
    """
    value, broken = parse(body) if isinstance(body, bytes | bytearray | str) else (body, None)
    return [broken] if broken else judge_request(value, now)


def judge_request(value: Any, now: int | None = None) -> list[Finding]:
    """What is wrong with a request body that was parsed already."""
    return list(_request(value, now))


def judge_member(member: Any, source: str, now: int | None = None, at: str = "") -> list[Finding]:
    """What is wrong with a single member of `data[]`, for one event source; it stands at `at`."""
    return list(judge_event(member, at, source, now))


def parse(text: bytes | bytearray | str) -> tuple[Any, Finding | None]:
    """A body as JSON, or why it is none."""
    try:
        return orjson.loads(text), None
    except (orjson.JSONDecodeError, UnicodeError) as problem:
        return None, error("", "not_json", f"the body is not JSON: {_where(problem)}")


def _where(problem: ValueError) -> str:
    match problem:
        case orjson.JSONDecodeError():
            what = problem.msg.partition(": ")[0]
            return f"{what} (line {problem.lineno}, column {problem.colno})"
        case _:
            return "it is not UTF-8"


def _request(value: Any, now: int | None) -> Findings:
    if not isinstance(value, dict):
        yield error(
            "", "not_object", f"the body must be an object, this is {json_kind(value)}", _member_hint(value)
        )
        return
    yield from event_source_is_one_of_four(value)
    yield from event_source_id_is_text(value)
    yield from optional_texts_are_texts(value)
    yield from keys_are_known(value)
    yield from data_holds_events(value, now)


def _member_hint(value: Any) -> str:
    return "put the events into `data`" if isinstance(value, list) else ""


def event_source_is_one_of_four(body: Mapping[str, Any]) -> Findings:
    """The event source is one of four words (DOC-REF, H)."""
    source = body.get("event_source")
    if "event_source" not in body:
        yield error("event_source", "missing_field", f"is missing, it must be one of {', '.join(SOURCES)}")
    elif not isinstance(source, str) or source not in SOURCES:
        fix = closest(source, SOURCES) if isinstance(source, str) else None
        message = f"must be one of {', '.join(SOURCES)}"
        yield error("event_source", "event_source", message, f'did you mean "{fix}"?' if fix else "")


def event_source_id_is_text(body: Mapping[str, Any]) -> Findings:
    """The id is a string (STAPE#33, H); on the web it is the pixel code (DOC-REF, H)."""
    if "event_source_id" not in body:
        yield error(
            "event_source_id", "missing_field", "is missing: the pixel code, TikTok App ID or event set id"
        )
        return
    yield from _text(body, "event_source_id")
    source_id = body["event_source_id"]
    if body.get("event_source") == "web" and isinstance(source_id, str) and source_id.isdecimal():
        message = "is a number, as pixel ids are; web events take the pixel code"
        yield warning("event_source_id", "pixel_id", message, "copy the code from Events Manager")


def optional_texts_are_texts(body: Mapping[str, Any]) -> Findings:
    """The test code (DOC-VERIFY, H) and the partner name (SDK, M) are strings."""
    for key in ("test_event_code", "partner_name"):
        if key in body:
            yield from _text(body, key)


def _text(body: Mapping[str, Any], key: str) -> Findings:
    entry, value = REQUEST_ENTRIES[key], body[key]
    yield from [*no_value(entry, value, key), *wrong_type("string", value, key)][:1]


def keys_are_known(body: Mapping[str, Any]) -> Findings:
    """TikTok takes keys it does not know in silence (MEAS, H)."""
    for key in body:
        if key in REQUEST_ENTRIES:
            continue
        near = closest(key, REQUEST_ENTRIES)
        fix = f"did you mean `{near}`?" if near else ""
        if key in RENAMED_KEYS:
            fix = f"version 1.x; now {RENAMED_KEYS[key]}"
        yield warning(below("", key), "unknown_key", "TikTok ignores it", fix)


def data_holds_events(body: Mapping[str, Any], now: int | None) -> Findings:
    """A request holds at least one event (DOC-REF, H)."""
    data = body.get("data")
    if "data" not in body:
        yield error(
            "data", "missing_field", "is missing: the list of events", "a single event is a list of one"
        )
    elif not isinstance(data, list):
        yield error(
            "data", "wrong_type", f"must be an array, this is {json_kind(data)}", "put the event in [ ]"
        )
    elif not data:
        yield error("data", "no_events", "holds no event")
    else:
        yield from batch_is_small_enough(data)
        yield from _members(body, data[: LIMITS.events_per_request], now)


def batch_is_small_enough(data: list[Any]) -> Findings:
    """More than 1000 events refuse the request (DOC-REF, H)."""
    if len(data) > LIMITS.events_per_request:
        message = f"holds {len(data)} events, TikTok takes {LIMITS.events_per_request} in one request"
        yield error("data", "too_many_events", message, "split it")


def _members(body: Mapping[str, Any], data: list[Any], now: int | None) -> Findings:
    named = body.get("event_source")
    source = named if isinstance(named, str) and named in SOURCES else None
    for index, member in enumerate(data):
        yield from judge_event(member, f"data[{index}]", source, now)
    yield from ids_are_used_once(data)


def ids_are_used_once(data: list[Any]) -> Findings:
    """Repeats are counted once (DOC-DEDUP, H)."""
    first: Final[dict[tuple[str, str], int]] = {}
    for index, member in enumerate(data):
        key = dedup_key(member)
        if key and first.setdefault(key, index) != index:
            message = f"repeats event and id of data[{first[key]}], TikTok counts one of them"
            yield warning(f"data[{index}].event_id", "repeated_event_id", message)
