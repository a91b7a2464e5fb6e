"""Values of tables and databases as JSON says them, so that rules read them as they read events."""

from __future__ import annotations

from datetime import date, time
from decimal import Decimal
from math import isfinite
from typing import Any

from router.lang import exact


def plain(value: Any) -> Any:
    """JSON for a cell; None for what stands for nothing: NULL, NaN, infinities.

    Decimals become the number with the same digits, or text where no double has them; times ISO 8601; bytes
    their text, or hexadecimal where they are none; what JSON lacks otherwise the text it shows itself as.
    """
    match value:
        case None | str() | bool() | int():
            return value
        case float():
            return value if isfinite(value) else None
        case Decimal():
            return _number(value)
        case date() | time():
            return value.isoformat()
        case bytes() | bytearray() | memoryview():
            return _text(bytes(value))
        case dict():
            return {str(name): plain(each) for name, each in value.items()}
        case list() | tuple():
            return [plain(each) for each in value]
    return str(value)


def _number(value: Decimal) -> int | float | str | None:
    if not value.is_finite():
        return None
    written = format(value, "f")
    number = exact.parse(written)
    return written if number is None else number


def _text(value: bytes) -> str:
    """Older writers keep texts as bytes; what has control characters is a hash or a key."""
    try:
        text = value.decode()
    except UnicodeDecodeError:
        return value.hex()
    return text if text.isprintable() else value.hex()
