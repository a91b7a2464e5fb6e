"""Who a gtag hit is about: its user-provided data, `em=tv.1~em.<hash>~pn.<hash>`, and its language."""

from __future__ import annotations

import base64
import binascii
from typing import Any, Final

_HASHES: Final = {"em": "email", "pn": "phone"}
_SHA256_BYTES: Final = 32


def hashes_of(provided: str) -> dict[str, Any]:
    """The SHA-256 of e-mail addresses and phones in hexadecimal; the tag writes them in base64url.

    What is written otherwise is left out.
    """
    found: dict[str, Any] = {}
    for each in provided.split("~"):
        kind, _, value = each.partition(".")
        name, digest = _HASHES.get(kind.rstrip("0123456789")), _digest(value)
        if name and digest:
            found.setdefault(name, []).append(digest)
    return found


def _digest(text: str) -> str | None:
    try:
        raw = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        return None
    return raw.hex() if len(raw) == _SHA256_BYTES else None


def language_tag(text: str) -> str:
    """`en-us` as it is otherwise written, en-US: the tag sends lower case only."""
    language, dash, region = text.partition("-")
    return f"{language}-{region.upper()}" if dash and len(region) == 2 else text
