"""Any spelling of a moment to whole epoch seconds."""

from __future__ import annotations

from datetime import UTC, datetime

from router.lang import exact

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_YEAR_10000 = 253_402_300_800
_MILLIS_FROM = 10**11
_MICROS_FROM = 10**14
_LONGEST_TEXT = 64


def to_epoch_seconds(value: object) -> int | None:
    """Whole seconds since 1970, rounded down, of a number, a numeric text or an ISO 8601 text.

    Numbers tell their unit by size: below 1e11 seconds, below 1e14 milliseconds, else microseconds.
    None for what is no time, lies before 1970 or after the year 9999.
    """
    match value:
        case bool():
            return None
        case int() | float():
            return _by_magnitude(value)
        case str():
            number = exact.parse(value)
            return from_iso(value) if number is None else _by_magnitude(number)
    return None


def from_iso(text: str) -> int | None:
    """Whole seconds since 1970 of an ISO 8601 date or time; without an offset it is UTC."""
    try:
        moment = datetime.fromisoformat(text.upper()) if len(text) <= _LONGEST_TEXT else None
        return None if moment is None else _seconds(moment)
    except (ValueError, OverflowError):
        return None


def from_millis(number: float) -> int | None:
    """Whole seconds of a number of milliseconds, whatever its size."""
    return int(number // 1000) if 0 <= number < _YEAR_10000 * 1000 else None


def within_range(seconds: int) -> int | None:
    """The seconds themselves when they lie between 1970 and the year 9999."""
    return seconds if 0 <= seconds < _YEAR_10000 else None


def _by_magnitude(number: int | float) -> int | None:
    if not 0 <= number < _YEAR_10000 * 1_000_000:
        return None
    if number < _MILLIS_FROM:
        return int(number)
    return within_range(int(number) // (1000 if number < _MICROS_FROM else 1_000_000))


def _seconds(moment: datetime) -> int | None:
    aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    # A float of seconds would round 23:59:59.999999 up in far years.
    since = aware - _EPOCH
    return within_range(since.days * 86_400 + since.seconds)
