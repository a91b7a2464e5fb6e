"""What the brackets of a JSON text tell before it is parsed: how deep it is, and where its members begin."""

from __future__ import annotations

import re

# An unclosed string runs to the end, and nothing is tried twice: both patterns take linear time on any bytes.
_ESCAPE = re.compile(rb"\\.", re.DOTALL)
_TOKEN = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"?|[\[\]{},]', re.DOTALL)
# In a longer text there are more brackets than levels, so that counting them tells nothing.
_FEW_BYTES = 4096
_AS_BRACES = bytes.maketrans(b"[]", b"{}")
_ALL_BUT_BRACKETS_AND_QUOTES = bytes(sorted(set(range(256)) - set(b'[]{}"')))


def containers(text: bytes) -> int:
    """How many objects and lists there can be at most."""
    return text.count(b"{") + text.count(b"[")


def too_deep(text: bytes, limit: int) -> bool:
    """Whether objects and lists nest deeper than the limit.

    Text whose brackets do not pair is left to the parser.
    """
    if len(text) <= _FEW_BYTES and containers(text) <= limit:
        return False
    rest = _braces(text)
    for _ in range(limit):
        fewer = rest.replace(b"{}", b"")
        if len(fewer) == len(rest):
            return False
        rest = fewer
    return b"{}" in rest


def _braces(text: bytes) -> bytes:
    """The brackets outside strings, square ones as braces."""
    if b"\\" in text:
        text = _ESCAPE.sub(b"", text)
    # Two neighbouring quotes change nothing about what is inside a string, whichever strings they belong to.
    rest = text.translate(_AS_BRACES, _ALL_BUT_BRACKETS_AND_QUOTES).replace(b'""', b"")
    return b"".join(rest.split(b'"')[::2]) if b'"' in rest else rest


def members(text: bytes, most: int) -> list[bytes] | None:
    """The members of the outermost list or object, unparsed; None when the text is not one.

    Of more than `most` members it gives one more than that, and looks no further.
    """
    parts: list[bytes] = []
    depth, start = 0, 1
    for found in _TOKEN.finditer(text):
        token = found[0]
        if token in (b"{", b"["):
            depth += 1
        elif token in (b"}", b"]"):
            depth -= 1
            if depth == 0:
                return None if text[found.end() :].strip() else _with_last(parts, text[start : found.start()])
        elif token == b"," and depth == 1:
            parts.append(text[start : found.start()])
            start = found.end()
            if len(parts) > most:
                return parts
    return None


def _with_last(parts: list[bytes], last: bytes) -> list[bytes]:
    return [*parts, last] if parts or last.strip() else []
