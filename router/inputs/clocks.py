"""A tracker's times by the router's clock."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Final

from router.lang import exact
from router.lang.instants import to_epoch_seconds

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MILLIS_FROM: Final = 10**11
_MICROS_FROM: Final = 10**14


def corrected(original: object, sent_at: object, received_at: float) -> object:
    """received_at - (sent_at - original) in milliseconds, as Segment computes it.

    `original` itself where one of both is no time, or the result is none that numbers tell as milliseconds.
    """
    then, sent = _millis(original), _millis(sent_at)
    if then is None or sent is None:
        return original
    by_our_clock = int(received_at * 1000) - (sent - then)
    return by_our_clock if _MILLIS_FROM <= by_our_clock < _MICROS_FROM else original


def _millis(value: object) -> int | None:
    """Milliseconds since 1970; what counts as a time and how units are told is the language's business."""
    if to_epoch_seconds(value) is None:
        return None
    number = exact.parse(value) if isinstance(value, str) else value
    if number is None:
        return _millis_of_text(str(value))
    assert isinstance(number, int | float)  # noqa: S101 (what else is a time)
    if number < _MILLIS_FROM:
        return int(number * 1000)
    return int(number) if number < _MICROS_FROM else int(number) // 1000


def _millis_of_text(text: str) -> int:
    moment = datetime.fromisoformat(text.upper())
    aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return (aware - _EPOCH) // timedelta(milliseconds=1)
