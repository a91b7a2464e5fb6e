"""The write key that a body shows, for trackers that can set no header."""

from __future__ import annotations

import orjson

from router.inputs.brackets import members, too_deep
from router.inputs.wire import Format
from router.settings import Limits

_MOST_MEMBERS = 200


def body_key(chosen: Format, body: bytes, limits: Limits) -> str | None:
    """The text under the format's `key_member` in the outermost object of a JSON body. Never raises."""
    if chosen.key_member is None or not body:
        return None
    name = f'"{chosen.key_member}"'.encode()
    if name not in body:
        return None
    text = body.strip()
    parts = members(text, _MOST_MEMBERS) if text[:1] == b"{" else None
    for part in parts or ():
        found, colon, value = part.partition(b":")
        if colon and found.strip() == name:
            return _text(value.strip(), limits)
    return None


def _text(value: bytes, limits: Limits) -> str | None:
    try:
        key = None if too_deep(value, limits.depth) else orjson.loads(value)
    except orjson.JSONDecodeError:
        return None
    return key if isinstance(key, str) else None
