"""TikTok's messages without the values that they echo."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any

import orjson

GONE = "…"
LONGEST = 300
_SHORTEST_VALUE = 3
_FIELD = re.compile(
    r"(?:event_source|event_source_id|test_event_code|partner_name|data(?:\[\d+\]|\.\d+)[\w.\[\]]*)"
)
_QUOTED = re.compile(r"\"([^\"]*)\"|'([^']*)'|`([^`]*)`|“([^”]*)”|‘([^’]*)’")
_PATTERNS = (
    re.compile(r"https?://\S+"),
    re.compile(r"\S+@\S+"),
    re.compile(r"\b(?:\d{1,3}\.){3}\d{1,3}\b|\b(?:[0-9a-fA-F]{0,4}:){3,7}[0-9a-fA-F]{0,4}\b"),
    re.compile(r"\b[0-9a-fA-F]{16,}\b"),
    re.compile(r"\+?\d[\d ().-]{4,}\d"),
    # Opaque ids: long words with a digit in them, and longer ones without.
    re.compile(r"(?<![\w.\[-])(?=[\w-]*\d)[\w-]{12,}"),
    re.compile(r"[\w-]{32,}"),
)


def redact(message: str, values: Iterable[str] = ()) -> str:
    """What can be shown: `values` go wherever they stand, then what is quoted or looks like personal data.

    Names of fields stay, quoted or not. (M: messages echo field values, SH.)
    """
    text = message[: 4 * LONGEST]
    for value in sorted(set(values), key=len, reverse=True):
        if len(value) >= _SHORTEST_VALUE:
            text = text.replace(value, GONE)
    text = _QUOTED.sub(_unquote, text)
    for pattern in _PATTERNS:
        text = pattern.sub(GONE, text)
    return text[:LONGEST]


def _unquote(found: re.Match[str]) -> str:
    content = next((group for group in found.groups() if group is not None), "")
    return found[0] if _FIELD.fullmatch(content) else f"{found[0][0]}{GONE}{found[0][-1]}"


def texts_of(payloads: Iterable[bytes]) -> Iterator[str]:
    """Every text in these JSON documents that is a value, not a name."""
    for payload in payloads:
        yield from _texts(orjson.loads(payload))


def _texts(value: Any) -> Iterator[str]:
    match value:
        case str():
            yield value
        case dict():
            for each in value.values():
                yield from _texts(each)
        case list():
            for each in value:
                yield from _texts(each)
