"""What a payload has to match a person by: which fields, never their values."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any, Final

from router.tiktok.catalogue import ENTRIES

_PARENT: Final = "user."
MATCH_KEYS: Final = tuple(
    path.removeprefix(_PARENT) for path in ENTRIES if path.startswith(_PARENT) and path != "user.att_status"
)
"""Fields of `user`, in the catalogue's order; a permission to track tells nobody who it is (H: DOC-REF)."""


def match_keys_of(payload: Mapping[str, Any]) -> tuple[str, ...]:
    """The match keys of a finished payload, which has no field without a value."""
    user = payload.get("user")
    return _known(tuple(user)) if isinstance(user, dict) else ()


@lru_cache(maxsize=1024)
def _known(fields: tuple[str, ...]) -> tuple[str, ...]:
    # The payloads of a rule have few sets of fields.
    return tuple(key for key in MATCH_KEYS if key in fields)


def order_of(payload: Mapping[str, Any]) -> str | None:
    """The order that a finished payload speaks of."""
    properties = payload.get("properties")
    order = properties.get("order_id") if isinstance(properties, dict) else None
    return str(order) if order else None
