"""What stands under what: the `=` of neighbouring lines, the `->` of a match, the bars of a table."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import accumulate

from lark import Token, Tree

from router.lang.draw import columns
from router.lang.layout_shape import Shape, index_at
from router.lang.layout_tokens import Reading

_ALIGNED = {
    "assign": "EQUAL",
    "assign_each": "EQUAL",
    "setting": "EQUAL",
    "let": "EQUAL",
    "source": "EQUAL",
    "arm": "ARROW",
}
_OPTIONS = frozenset({"WITH", "WHEN"})
_ROWS = frozenset({"header", "row"})
_BEFORE_OPTIONS = 2
_BAR = " | "


@dataclass(frozen=True, slots=True)
class _Line:
    """A statement of the form `left sign right`, as indexes of pieces."""

    first: int
    sign: int
    last: int


@dataclass(frozen=True, slots=True)
class _Row:
    """A table row: the first piece of each cell, the first of its options, and where it ends."""

    cells: tuple[int, ...]
    options: int | None
    stop: int


def pads(reading: Reading, shape: Shape) -> dict[int, int]:
    """How many spaces stand before the pieces that line up with others, in terminal columns."""
    columns_of = _Columns(reading, shape)
    return {**columns_of.signs(), **columns_of.tables()}


class _Columns:
    def __init__(self, reading: Reading, shape: Shape) -> None:
        self.tree = reading.tree
        self.pieces = reading.pieces
        self.shape = shape
        self._at = index_at(reading.pieces)
        self._ends = {piece.end: index for index, piece in enumerate(reading.pieces)}
        opened = (index in shape.brackets.expanded for index in range(len(self.pieces)))
        self._opened = [0, *accumulate(opened)]

    def _range(self, node: Tree[Token]) -> tuple[int, int]:
        return self._at[node.meta.start_pos], self._ends[_end(node)]

    def _width(self, first: int, stop: int) -> int:
        """The columns of some pieces of one line, without the space before the first."""
        inside = sum(self.shape.spaced[first + 1 : stop])
        return inside + sum(columns(piece.text) for piece in self.pieces[first:stop])

    # -------------------------------------------------------------- signs

    def signs(self) -> dict[int, int]:
        pads: dict[int, int] = {}
        for run in self._runs():
            widths = [self._width(line.first, line.sign) for line in run]
            pads |= {line.sign: max(widths) - width + 1 for line, width in zip(run, widths, strict=True)}
        return pads

    def _runs(self) -> list[list[_Line]]:
        """Lines that follow one another; an empty line, a comment, a block, another statement ends a run."""
        runs: list[list[_Line]] = []
        open_runs: dict[int, list[_Line]] = {}
        for line in sorted(self._lines(), key=lambda line: line.first):
            run = open_runs.pop(line.first - 1, None) if self._follows(line) else None
            if run is not None and not self._has_block(run[-1]):
                run.append(line)
            else:
                run = [line]
                runs.append(run)
            open_runs[line.last] = run
        return runs

    def _lines(self) -> Iterator[_Line]:
        for node in self.tree.iter_subtrees():
            if sign := _ALIGNED.get(node.data):
                first, last = self._range(node)
                at = next(i for i in range(first, last) if self.pieces[i].kind == sign)
                if not any(piece.comments for piece in self.pieces[first + 1 : at + 1]):
                    yield _Line(first, at, last)

    def _follows(self, line: _Line) -> bool:
        piece = self.pieces[line.first]
        apart = piece.after_blank or not all(comment.trailing for comment in piece.comments)
        return piece.statement and not apart

    def _has_block(self, line: _Line) -> bool:
        return self._opened[line.last + 1] > self._opened[line.first]

    # -------------------------------------------------------------- tables

    def tables(self) -> dict[int, int]:
        pads: dict[int, int] = {}
        for node in self.tree.iter_subtrees():
            if node.data == "events":
                pads |= self._table(
                    [
                        self._row(each)
                        for each in node.children
                        if isinstance(each, Tree) and each.data in _ROWS
                    ]
                )
        return pads

    def _row(self, node: Tree[Token]) -> _Row:
        first, last = self._range(node)
        inside = range(first, last + 1)
        options = next((i for i in inside if self.pieces[i].kind in _OPTIONS), None)
        stop = last + 1 if options is None else options
        bars = [i for i in range(first, stop) if self.pieces[i].kind == "VBAR"]
        return _Row((first, *(bar + 1 for bar in bars)), options, stop)

    def _table(self, rows: list[_Row]) -> dict[int, int]:
        widths = [self._cell_widths(row) for row in rows]
        columns_ = [max(w[k] for w in widths if k < len(w)) for k in range(max(map(len, widths), default=0))]
        pads: dict[int, int] = {}
        for row, own in zip(rows, widths, strict=True):
            for cell, width, whole in zip(row.cells[1:], own, columns_, strict=False):
                pads[cell - 1] = whole - width + 1
            if row.options is not None:
                written = [*columns_[: len(own) - 1], own[-1]]
                pads[row.options] = _total(columns_) - _total(written) + _BEFORE_OPTIONS
        return pads

    def _cell_widths(self, row: _Row) -> list[int]:
        stops = [*(cell - 1 for cell in row.cells[1:]), row.stop]
        return [self._width(first, stop) for first, stop in zip(row.cells, stops, strict=True)]


def _total(widths: list[int]) -> int:
    return sum(widths) + len(_BAR) * (len(widths) - 1)


def _end(node: Tree[Token]) -> int:
    end: int = getattr(node.meta, "container_end_pos", node.meta.end_pos)
    return end
