"""The report as a picture: rectangles and lines of text, before anybody writes a file of them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, Literal

from router.account.matching.counting import Report, Row
from router.account.matching.keys import KEYS, Key

Anchor = Literal["start", "middle"]
_NAME_WIDTH: Final = 210
_CELL_WIDTH: Final = 118
_BAR_WIDTH: Final = 102
_ROW_HEIGHT: Final = 40
_BAR_HEIGHT: Final = 22
_TOP: Final = 86
_BOTTOM: Final = 46
_MARGIN: Final = 16
_MOST_ROWS: Final = 60
_INK, _FAINT, _TRACK, _FILL = "#1a1a1a", "#5f6368", "#e6e8eb", "#2f6f8f"
TITLE: Final = "Match keys of the events that are sent"
NO_SCORE: Final = (
    "Shares of events. TikTok's Event Match Quality is another figure, with weights nobody publishes."
)


@dataclass(frozen=True, slots=True)
class Box:
    """A filled rectangle; y grows downwards."""

    x: float
    y: float
    width: float
    height: float
    colour: str


@dataclass(frozen=True, slots=True)
class Words:
    """A line of text at its base line."""

    x: float
    y: float
    text: str
    size: float
    colour: str = _INK
    anchor: Anchor = "start"
    bold: bool = False


@dataclass(frozen=True, slots=True)
class Picture:
    """Sizes are in pixels."""

    width: int
    height: int
    parts: tuple[Box | Words, ...]


def picture_of(report: Report) -> Picture:
    """A row for each event and source, a bar for each key."""
    rows = report.rows[:_MOST_ROWS]
    height = _TOP + _ROW_HEIGHT * max(1, len(rows)) + _BOTTOM
    width = 2 * _MARGIN + _NAME_WIDTH + _CELL_WIDTH * len(KEYS)
    return Picture(width, height, tuple(_parts(rows, report, height)))


def _parts(rows: list[Row], report: Report, height: int) -> Iterator[Box | Words]:
    yield Words(_MARGIN, 30, TITLE, 17, bold=True)
    for number, key in enumerate(KEYS):
        yield Words(_left(number), _TOP - 14, key.label, 12.5, bold=True)
    if not rows:
        yield Words(_MARGIN, _TOP + 24, "no event was sent", 13, _FAINT)
    for number, row in enumerate(rows):
        yield from _row(row, _TOP + _ROW_HEIGHT * number)
    more = len(report.rows) - len(rows)
    yield Words(_MARGIN, height - 16, (f"{more} more rows. " if more else "") + NO_SCORE, 11.5, _FAINT)


def _row(row: Row, top: float) -> Iterator[Box | Words]:
    yield Words(_MARGIN, top + 14, row.event or "all events", 13)
    yield Words(_MARGIN, top + 29, f"{row.source}, {row.events} sent", 11, _FAINT)
    for number, key in enumerate(KEYS):
        yield from _cell(row, key, _left(number), top + 5)


def _cell(row: Row, key: Key, left: float, top: float) -> Iterator[Box | Words]:
    share = row.share(key)
    if share is None:
        yield Words(left, top + 15, "not for this source" if row.events else "-", 10.5, _FAINT)
        return
    yield Box(left, top, _BAR_WIDTH, _BAR_HEIGHT, _TRACK)
    if share:
        yield Box(left, top, _BAR_WIDTH * share, _BAR_HEIGHT, _FILL)
    inside = share > 0.6
    text = shown_share(share, at_most=key.name in row.at_most)
    place = left + (_BAR_WIDTH * share / 2 if inside else _BAR_WIDTH * share + (_BAR_WIDTH * (1 - share)) / 2)
    yield Words(place, top + 15.5, text, 11.5, "#ffffff" if inside else _INK, "middle")


def _left(number: int) -> float:
    return _MARGIN + _NAME_WIDTH + _CELL_WIDTH * number


def shown_share(share: float | None, *, at_most: bool = False) -> str:
    """A share for people; what is not nothing never reads 0 %, what is not all never 100 %."""
    if share is None:
        return "-"
    percent = 100 * share
    if 0 < percent < 1 or 99 < percent < 100:
        text = "< 1 %" if percent < 1 else "> 99 %"
    else:
        text = f"{percent:.0f} %"
    return f"≤ {text}" if at_most and share > 0 and text[0].isdigit() else text
