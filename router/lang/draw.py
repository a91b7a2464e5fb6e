"""A diagnostic as text: the fact, the author's own lines with carets, the corrected line, the notes."""

from __future__ import annotations

import textwrap
import unicodedata
from collections.abc import Iterable, Iterator

from router.lang.diagnostics import Diagnostic, Fix, Help, Mark, Note
from router.lang.source import Source

_WIDTH = 86
_LONGEST_LINE = 160
_COLOURS = {"error": "1;31", "warning": "1;33", "place": "1;34", "help": "1;32"}


def draw(problem: Diagnostic, *, colour: bool = False) -> str:
    """The message as it is shown to its author, without a trailing newline."""
    return "\n".join(_lines(problem, _Paint(colour)))


class _Paint:
    def __init__(self, on: bool) -> None:
        self.on = on

    def __call__(self, what: str, text: str) -> str:
        return f"\x1b[{_COLOURS[what]}m{text}\x1b[0m" if self.on else text


def _lines(problem: Diagnostic, paint: _Paint) -> Iterator[str]:
    span = problem.mark.span
    marks = [problem.mark, *problem.others]
    here = [mark for mark in marks if mark.span.source is span.source]
    gutter = len(str(max(mark.span.line for mark in here)))
    bar = paint("place", " " * gutter + " |")
    yield paint(problem.severity, f"{problem.severity}[{problem.code}]") + f": {problem.message}"
    yield f"{' ' * gutter}{paint('place', '-->')} {span.source.name}:{span.line}:{span.column}"
    yield bar
    yield from _snippet(span.source, problem.mark, here, gutter, bar, paint, problem.severity)
    for remark in problem.remarks:
        yield from _remark(remark, gutter, bar, paint)


def _snippet(
    source: Source, primary: Mark, marks: list[Mark], gutter: int, bar: str, paint: _Paint, severity: str
) -> Iterator[str]:
    previous = None
    for line in sorted({mark.span.line for mark in marks}):
        yield from _gap(source, previous, line, gutter, paint)
        on_line = sorted((m for m in marks if m.span.line == line), key=lambda m: m.span.start)
        shown = _Cut(source.lines[line - 1], (primary if primary in on_line else on_line[0]).span.column - 1)
        yield _numbered(shown.text, line, gutter, paint)
        for mark in on_line:
            pointer = _pointer(shown, mark, "^" if mark is primary else "-")
            yield f"{bar} " + (paint(severity, pointer) if mark is primary else paint("place", pointer))
        previous = line


def _gap(source: Source, previous: int | None, line: int, gutter: int, paint: _Paint) -> Iterator[str]:
    """One skipped line is shown; more are three dots."""
    if previous is None or line - previous < 2:
        return
    if line - previous == 2:
        yield _numbered(_Cut(source.lines[line - 2], 0).text, line - 1, gutter, paint)
    else:
        yield " " * gutter + paint("place", "...")


def _numbered(text: str, line: int, gutter: int, paint: _Paint) -> str:
    return (paint("place", f"{line:>{gutter}} |") + f" {_plain(text)}").rstrip()


def _plain(text: str) -> str:
    return "".join(" " if char == "\t" or unicodedata.category(char) == "Cc" else char for char in text)


class _Cut:
    """A line as it is shown: one that no terminal could hold is cut around the place that matters."""

    def __init__(self, line: str, at: int) -> None:
        self.text = line
        self.start = 0
        if len(line) > _LONGEST_LINE:
            self.start = max(0, min(at - _LONGEST_LINE // 2, len(line) - _LONGEST_LINE))
            kept = line[self.start : self.start + _LONGEST_LINE]
            left = "…" if self.start else kept[:1]
            right = "…" if self.start + _LONGEST_LINE < len(line) else kept[-1:]
            self.text = left + kept[1:-1] + right

    def column(self, at: int) -> int:
        """Where an offset of the line stands in what is shown, its edge for what was cut off."""
        return max(0, min(at - self.start, len(self.text)))


def _pointer(shown: _Cut, mark: Mark, sign: str) -> str:
    text = shown.text
    first = mark.span.column - 1
    start = shown.column(first)
    end = max(start + 1, shown.column(first + mark.span.end - mark.span.start))
    signs = sign * max(1, columns(text[start:end]))
    return " " * columns(text[:start]) + f"{signs} {mark.label}".rstrip()


def columns(text: str) -> int:
    """How many columns a terminal gives the text: wide glyphs count two, combining marks none."""
    return sum(
        0 if unicodedata.combining(char) else 2 if unicodedata.east_asian_width(char) in "WF" else 1
        for char in text
    )


def _remark(remark: Help | Note, gutter: int, bar: str, paint: _Paint) -> Iterator[str]:
    kind = "help" if isinstance(remark, Help) else "note"
    lead = " " * gutter + f" = {kind}: "
    first, *rest = textwrap.wrap(remark.text, _WIDTH, break_long_words=False, break_on_hyphens=False)
    yield lead.replace(f"{kind}:", paint("help", f"{kind}:")) + first
    yield from (" " * len(lead) + line for line in rest)
    if isinstance(remark, Help) and remark.fix:
        yield bar
        yield from _corrected(remark.fix, gutter, paint)


def _corrected(fix: Fix, gutter: int, paint: _Paint) -> Iterator[str]:
    """The whole corrected line or lines."""
    source = fix.span.source
    first, last = fix.span.line, source.position(fix.span.end)[0]
    start, end = source.line_span(first).start, source.line_span(last).end
    text = source.text[start : fix.span.start] + fix.replacement + source.text[fix.span.end : end]
    at = fix.span.column - 1
    for number, line in enumerate(text.split("\n"), first):
        yield _numbered(_Cut(line, at).text, number, gutter, paint)


def apply_fixes(text: str, fixes: Iterable[Fix]) -> str:
    """The text with the fixes made, last first; one that overlaps a later one is left for the next round."""
    limit = len(text) + 1
    for fix in sorted(fixes, key=lambda each: (each.span.start, each.span.end), reverse=True):
        if fix.span.end <= limit:
            text = text[: fix.span.start] + fix.replacement + text[fix.span.end :]
            limit = fix.span.start
    return text
