"""The trace that a request says it belongs to (W3C Trace Context)."""

from __future__ import annotations

import re
from typing import Final

_TRACEPARENT: Final = re.compile(r"(?!ff)[0-9a-f]{2}-([0-9a-f]{32})-([0-9a-f]{16})-[0-9a-f]{2}(-.*)?")


def trace_id_of(traceparent: str) -> str | None:
    """The trace id of a valid `traceparent` header, as 32 digits."""
    found = _TRACEPARENT.fullmatch(traceparent.strip())
    if found is None or not int(found[1], 16) or not int(found[2], 16):
        return None
    return None if found[3] and traceparent.startswith("00") else found[1]
