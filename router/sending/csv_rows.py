"""CSV to rows: one broken row costs no other."""

from __future__ import annotations

import csv
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Final, TextIO

from router.inputs.request import Fault
from router.lang.outcome import Arrival
from router.sending.lines import lines_of
from router.sending.rows import NOT_TEXT, TOO_LARGE, Row, SourceBroken, SourceUnusable, is_text, known_once

BAD_QUOTES: Final = Fault("bad_quotes", "quotes open or close where they must not, or never close")
RAGGED: Final = Fault("ragged_row", "the row has more or fewer cells than the header")
_OTHER_DELIMITERS: Final = {";": "';'", "\t": "'\\t'", "|": "'|'"}


@dataclass(frozen=True, slots=True)
class _Record:
    line: int
    cells: list[str] | Fault
    size: int


class _Broken(Exception):  # noqa: N818 - a signal inside this module, not an error
    def __init__(self, fault: Fault) -> None:
        self.fault = fault


@dataclass(slots=True)
class _Lines:
    """Hands out lines and keeps those of the record at hand: all but the first of a broken one come again."""

    lines: Iterator[str | None]
    most: int
    number: int = 0
    size: int = 0
    _record: list[str | None] = field(default_factory=list)
    _again: deque[str | None] = field(default_factory=deque)

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        line = self._again.popleft() if self._again else next(self.lines)
        self.number += 1
        self._record.append(line)
        self.size += len(line or "")
        if line is None or self.size > self.most:
            raise _Broken(TOO_LARGE if len(self._record) == 1 else BAD_QUOTES)
        return line

    def begin(self) -> None:
        self._record.clear()
        self.size = 0

    def give_back(self) -> None:
        rest = self._record[1:]
        self._again.extendleft(reversed(rest))
        self.number -= len(rest)


def csv_rows(
    stream: TextIO, delimiter: str, most: int, now: Callable[[], int]
) -> tuple[tuple[str, ...], Iterator[Row]]:
    """The columns of a CSV file and its rows, found by line.

    The first row is the header; a column without a name is passed over. A row may have `most` characters.
    Raises `SourceUnusable` for a header that is none.
    """
    csv.field_size_limit(max(csv.field_size_limit(), most))
    records = _records(_Lines(lines_of(stream.readline, most), most), delimiter)
    try:
        columns = _header(next(records, None), delimiter)
    except SourceBroken as problem:
        raise SourceUnusable(f"the file cannot be read: {problem}") from None
    return columns, (_row(record, columns, now()) for record in records)


def _records(lines: _Lines, delimiter: str) -> Iterator[_Record]:
    while True:
        lines.begin()
        line = lines.number + 1
        cells: list[str] | Fault
        try:
            cells = next(csv.reader(lines, delimiter=delimiter, strict=True))
        except StopIteration:
            return
        except csv.Error:
            cells = BAD_QUOTES
        except _Broken as broken:
            cells = broken.fault
        if isinstance(cells, Fault):
            lines.give_back()
        if cells:
            yield _Record(line, cells, lines.size)


def _header(record: _Record | None, delimiter: str) -> tuple[str, ...]:
    if record is None:
        raise SourceUnusable("the file is empty; its first row must name the columns")
    if isinstance(record.cells, Fault):
        raise SourceUnusable(f"the header cannot be read: {record.cells.reason}")
    names = [name.strip() for name in record.cells]
    if not all(map(is_text, names)):
        raise SourceUnusable("the header is not UTF-8\n  fix: name the file's encoding with --encoding")
    if len(names) == 1:
        for other, shown in _OTHER_DELIMITERS.items():
            if other != delimiter and other in names[0]:
                raise SourceUnusable(f"the header has a single column\n  fix: --delimiter {shown}")
    return known_once(names, "the header")


def _row(record: _Record, columns: tuple[str, ...], now: int) -> Row:
    cells = record.cells
    if isinstance(cells, Fault):
        return Row(record.line, faults=(cells,), size=record.size)
    if len(cells) != len(columns):
        return Row(record.line, faults=(RAGGED,), size=record.size)
    if not is_text("".join(cells)):
        return Row(record.line, faults=(NOT_TEXT,), size=record.size)
    event = {name: cell for name, cell in zip(columns, cells, strict=True) if cell and name}
    return Row(record.line, (Arrival(event, now),), (), record.size)
