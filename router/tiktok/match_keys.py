"""What a payload has to match a person by: which fields, never their values."""

from __future__ import annotations

from typing import Final

import orjson

from router.tiktok.catalogue import ENTRIES

_PARENT: Final = "user."
MATCH_KEYS: Final = tuple(
    path.removeprefix(_PARENT) for path in ENTRIES if path.startswith(_PARENT) and path != "user.att_status"
)
"""Fields of `user`, in the catalogue's order; a permission to track tells nobody who it is (H: DOC-REF)."""


def match_keys_of(payload: bytes) -> tuple[str, ...]:
    """The match keys of a finished payload that have a value."""
    user = orjson.loads(payload).get("user") or {}
    return tuple(key for key in MATCH_KEYS if user.get(key))
