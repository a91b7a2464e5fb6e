"""Text of rule files, and where things stand in it."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass, field
from functools import cached_property

from router.lang.outcome import Place


@dataclass(frozen=True, eq=False)
class Source:
    """One rule file: the name that messages show, and its text with line ends as `\\n`."""

    name: str
    text: str

    @cached_property
    def _starts(self) -> list[int]:
        starts = [0]
        for offset, char in enumerate(self.text):
            if char == "\n":
                starts.append(offset + 1)
        return starts

    @cached_property
    def lines(self) -> list[str]:
        return self.text.split("\n")

    def position(self, offset: int) -> tuple[int, int]:
        """Line and column of an offset, both from 1, in characters."""
        line = bisect_right(self._starts, offset)
        return line, offset - self._starts[line - 1] + 1

    def line_span(self, line: int) -> Span:
        """The whole text of a line, without its end."""
        start = self._starts[line - 1]
        return Span(self, start, start + len(self.lines[line - 1]))


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of a source, as two offsets."""

    source: Source = field(repr=False)
    start: int
    end: int

    @property
    def text(self) -> str:
        return self.source.text[self.start : self.end]

    @property
    def line(self) -> int:
        return self.source.position(self.start)[0]

    @property
    def column(self) -> int:
        return self.source.position(self.start)[1]

    @property
    def place(self) -> Place:
        return Place(self.source.name, self.line)

    @property
    def sort_key(self) -> tuple[str, int, int]:
        return self.source.name, self.start, self.end

    def to(self, other: Span) -> Span:
        """From the start of this span to the end of the other."""
        return Span(self.source, self.start, other.end)
