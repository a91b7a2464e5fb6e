"""The target of a request: its path and its query."""

from __future__ import annotations

from functools import lru_cache
from urllib.parse import unquote

import httptools


def split_target(target: bytes) -> tuple[str, bytes] | None:
    """The path, its escapes resolved, and the query as it came; None where the target is none.

    A target is mostly a path; a proxy's has scheme and host before it. A fragment is no part of either.
    """
    if not target.startswith(b"/"):
        return _parsed(target)
    if not target.isascii():
        return None
    raw, _, query = target.partition(b"#")[0].partition(b"?")
    return _path(raw), query


def _parsed(target: bytes) -> tuple[str, bytes] | None:
    try:
        parsed = httptools.parse_url(target)
    except httptools.HttpParserInvalidURLError:
        return None
    return _path(parsed.path or b"/"), parsed.query or b""


@lru_cache(maxsize=256)
def _path(raw: bytes) -> str:
    path = raw.decode("latin-1")
    return unquote(path) if "%" in path else path
