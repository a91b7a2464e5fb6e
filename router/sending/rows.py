"""What a source of events is: rows one after the other, and what is known of all of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal

from router.inputs.request import Fault
from router.lang.outcome import Arrival

Unit = Literal["line", "row"]
NOT_TEXT: Final = Fault("not_utf8", "a text of the row is not in the encoding of the file")
TOO_LARGE: Final = Fault("event_too_large", "the row is too large")


class SourceUnusable(Exception):  # noqa: N818 - reads as the state it reports
    """The source cannot be opened; the message says what is wrong and never quotes a row."""


class SourceBroken(Exception):  # noqa: N818 - as above
    """Reading failed in the middle, after what was yielded; the message never quotes a row."""


@dataclass(frozen=True, slots=True)
class Row:
    """The events of one row, and why others cannot be taken.

    `place` is the line or row by which people find it, counted from 1. `size` is about how many bytes it has.
    """

    place: int
    arrivals: tuple[Arrival, ...] = field(default=(), repr=False)
    faults: tuple[Fault, ...] = ()
    size: int = 0


@dataclass(frozen=True, slots=True)
class Extent:
    """How much there is to read."""

    unit: Literal["bytes", "rows"]
    total: int


@dataclass(frozen=True, slots=True)
class Source:
    """Rows to be read once, in any one thread at a time; `rows` raises `SourceBroken`.

    `unit` is what `Row.place` counts. `columns` are the fields that every row may have, None where each row
    has its own. `fingerprint` is the same for the same content and reading, None for what comes only once or
    may come otherwise next time.
    """

    unit: Unit
    rows: Iterator[Row] = field(repr=False)
    columns: tuple[str, ...] | None = None
    fingerprint: str | None = None
    extent: Extent | None = None
    close: Callable[[], None] = field(default=lambda: None, repr=False)


def row_of(place: int, event: Mapping[str, Any], now: int, size: int = 0) -> Row:
    """A row that is one event: its cells by field, those that are missing left out."""
    return Row(
        place, (Arrival({name: cell for name, cell in event.items() if cell is not None}, now),), (), size
    )


def known_once(columns: list[str], what: str) -> tuple[str, ...]:
    """Names of columns. Raises `SourceUnusable` by number: without a header a name is somebody's data."""
    first: dict[str, int] = {}
    for number, name in enumerate(columns, 1):
        if name in first and name:
            raise SourceUnusable(f"columns {first[name]} and {number} of {what} have the same name")
        first.setdefault(name, number)
    return tuple(columns)


def is_text(text: str) -> bool:
    """Whether a text is Unicode: bytes that could not be decoded stand in it as half surrogate pairs."""
    if text.isascii():
        return True
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
