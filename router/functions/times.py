"""Functions on time, which is whole seconds since 1970 in UTC."""

from __future__ import annotations

from router.lang import instants
from router.lang.library import Context, function, registry
from router.lang.outcome import Arrival


def _now(arrival: Arrival) -> int:
    return arrival.now


@function("now() -> time", ("now()", 1795253223), context=True, quick=lambda _: _now)
def now(context: Context) -> int:
    """The moment at which the router took the event; the same in every rule and every repetition.

    It is never missing.
    """
    return context.arrival.now


@function(
    "from_millis(value: number) -> time",
    ("from_millis(1795253223740)", 1795253223),
    ("from_millis(-1)", None),
)
def from_millis(value: float) -> int | None:
    """A number of milliseconds since 1970 as time, whatever its size."""
    return instants.from_millis(value)


@function(
    "from_iso(value: text) -> time",
    ('from_iso("2026-11-21T10:07:03Z")', 1795255623),
    ('from_iso("2026-11-21T11:07:03.9+01:00")', 1795255623),
    ('from_iso("yesterday")', None),
)
def from_iso(value: str) -> int | None:
    """A date or time in ISO 8601 as time; without an offset it is UTC, fractions of a second are cut off."""
    return instants.from_iso(value)


@function("unix(value: time) -> number", ("unix(1795253223)", 1795253223), ("unix(missing)", None))
def unix(value: int) -> int:
    """A time as a number of seconds since 1970."""
    return value


TIMES = registry(now, from_millis, from_iso, unix)
