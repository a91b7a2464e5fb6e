"""SHA-256 as TikTok wants it: of UTF-8, in lower-case hexadecimal digits, never of a hash."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from importlib import import_module
from typing import Protocol

from router.lang.library import function, registry

_HEX = re.compile(r"[0-9a-fA-F]{64}")


class _Hash(Protocol):
    def hexdigest(self) -> str: ...


def _own_sha256() -> Callable[[bytes], _Hash]:
    """The interpreter's own, which for texts as short as these is faster than OpenSSL's; else that one."""
    for module in ("_sha2", "_sha256"):
        try:
            found: Callable[[bytes], _Hash] = import_module(module).sha256
        except ImportError:
            continue
        return found
    return hashlib.sha256


sha256 = _own_sha256()


def sha256_hex(text: str) -> str | None:
    """The SHA-256 of a text; None when it holds half of a surrogate pair, which no UTF-8 can say."""
    try:
        return sha256(text.encode()).hexdigest()
    except UnicodeEncodeError:
        return None


def existing_hash(text: str) -> str | None:
    """The text itself in lower case when it is a SHA-256 already."""
    return text.lower() if len(text) == 64 and _HEX.fullmatch(text) else None


@function(
    "hashed(value: each text) -> hashed",
    (
        'hashed("848A771458438FC2EC420560D769FB9B9B86851EE338EC56517BAABD79D3BB4F")',
        "848a771458438fc2ec420560d769fb9b9b86851ee338ec56517baabd79d3bb4f",
    ),
    ('hashed("ada@example.com")', None),
    keeps_pii=False,
)
def hashed(value: str) -> str | None:
    """A SHA-256 that the sender made, in lower case; anything else is missing and never hashed here."""
    return existing_hash(value.strip())


DIGEST = registry(hashed)
