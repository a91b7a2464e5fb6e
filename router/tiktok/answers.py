"""TikTok's answer to a batch, as one verdict an entry."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from typing import Any, assert_never

import orjson

from router.delivery.verdict import (
    Accepted,
    Parked,
    Refused,
    Retry,
    Spoiled,
    Throttled,
    Verdict,
)
from router.tiktok.codes import Meaning, by_code, classify
from router.tiktok.redaction import redact

_ENVELOPE = re.compile(r"\b(?:event_source|event_source_id|test_event_code)\b")
_INDEX = re.compile(r"\b(?:data|batch)(?:\[(\d{1,4})\]|\.(\d{1,4})\b)", re.IGNORECASE)
_REQUEST_ID = re.compile(r"[A-Za-z0-9-]{1,64}")
_LONGEST_PAUSE = 900.0
_MINUTE_QUOTA = 300.0
_DAY = 86_400


@dataclass(frozen=True, slots=True)
class Reply:
    """A whole HTTP answer; `is_json`: its body was a JSON object, `code`: and had an integer of that name."""

    status: int
    is_json: bool
    code: int | None = None
    message: str = field(default="", repr=False)
    request_id: str = ""
    data: Any = field(default=None, repr=False)
    retry_after: str = ""


def read(status: int, body: bytes, retry_after: str = "") -> Reply:
    """Anything at all into a reply."""
    try:
        found = orjson.loads(body)
    except orjson.JSONDecodeError:
        found = None
    if not isinstance(found, dict):
        return Reply(status, is_json=False, retry_after=retry_after)
    code, message, request_id = (found.get(name) for name in ("code", "message", "request_id"))
    return Reply(
        status,
        True,
        code if type(code) is int else None,
        message if isinstance(message, str) else "",
        request_id if isinstance(request_id, str) and _REQUEST_ID.fullmatch(request_id) else "",
        found.get("data"),
        retry_after,
    )


def verdicts(reply: Reply, size: int, secrets: Sequence[str], now: float) -> list[Verdict]:
    """What the reply to a batch of `size` says of each entry. `secrets` are the values that it may echo."""
    code = str(reply.code if reply.code is not None else f"http_{reply.status}")
    meaning = classify(reply.status, reply.code, is_json=reply.is_json)
    one: Verdict
    match meaning:
        case Meaning.OK:
            one = Accepted(reply.request_id)
        case Meaning.PARTIAL:
            return _partial(reply, size, secrets)
        case Meaning.PAYLOAD:
            one = _refusal(reply, code, size, secrets)
        case Meaning.AUTH | Meaning.PERMISSION | Meaning.CONFIG:
            one = Parked(code, meaning.value, request_id=reply.request_id)
        case Meaning.THROTTLE:
            one = Throttled(code, _pause(reply, now), reply.request_id)
        case Meaning.SERVER | Meaning.GARBAGE:
            one = Retry(f"{meaning.value}:{code}", ambiguous=True, request_id=reply.request_id)
        case Meaning.UNKNOWN:
            one = Parked(code, "unknown_code", ambiguous=True, request_id=reply.request_id)
        case _:
            assert_never(meaning)
    return [one] * size


def _refusal(reply: Reply, code: str, size: int, secrets: Sequence[str]) -> Verdict:
    """Batches are all or nothing, and the message names the first offender (M: HT, NUMU, SH)."""
    index = _index(reply.message)
    if index is None and _ENVELOPE.search(reply.message):
        return Parked(code, "envelope", request_id=reply.request_id)
    why = redact(reply.message, secrets)
    if size == 1:
        return Refused(code, why, reply.request_id)
    return Spoiled(code, why, index, reply.request_id)


def _index(message: str) -> int | None:
    found = _INDEX.search(message)
    return int(found[1] or found[2]) if found else None


def _partial(reply: Reply, size: int, secrets: Sequence[str]) -> list[Verdict]:
    """20001: what the body names is settled, the rest is an unknown outcome. Undocumented (M)."""
    told: list[Verdict] = [Retry("partial", ambiguous=True, request_id=reply.request_id)] * size
    for item in _items(reply.data):
        index, code = item.get("index"), item.get("code")
        if type(index) is int and 0 <= index < size and type(code) is int:
            told[index] = _item(code, item.get("message"), reply.request_id, secrets)
    return told


def _item(code: int, message: Any, request_id: str, secrets: Sequence[str]) -> Verdict:
    meaning = by_code(code)
    if meaning is Meaning.OK:
        return Accepted(request_id)
    if meaning is Meaning.PAYLOAD:
        return Refused(str(code), redact(message if isinstance(message, str) else "", secrets), request_id)
    return Retry("partial", ambiguous=True, request_id=request_id)


def _items(data: Any) -> list[dict[str, Any]]:
    lists = [data, *data.values()] if isinstance(data, dict) else [data]
    return [item for each in lists if isinstance(each, list) for item in each if isinstance(item, dict)]


def _pause(reply: Reply, now: float) -> float | None:
    """Seconds that TikTok asks for: Retry-After, else what its quotas call for (H: DOC-RATE), else None."""
    asked = _asked(reply.retry_after, now)
    if asked is not None:
        return min(max(asked, 1.0), _LONGEST_PAUSE)
    words = set(re.findall(r"[a-z]+", reply.message.lower()))
    if words & {"day", "daily", "qpd"}:
        return _DAY - now % _DAY
    return _MINUTE_QUOTA if words & {"minute", "qpm"} else None


def _asked(header: str, now: float) -> float | None:
    if header.isascii() and header.isdigit():
        return float(header[:9])
    try:
        return parsedate_to_datetime(header).timestamp() - now
    except (ValueError, OverflowError):
        return None
