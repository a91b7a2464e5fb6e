"""`# allow W530: reason`: warnings that an author means, with why."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from router.lang.diagnostics import CODES, Diagnostic
from router.lang.layout import Layout
from router.lang.messages import lints as say
from router.lang.source import Source, Span

_PIECE = re.compile(r'"""(?:.|\n)*?"""|"(?:[^"\\\n]|\\.)*"|(?P<comment>#[^\n]*)')
_ALLOW = re.compile(
    r"#+[ \t]*allow[ \t]+(?P<codes>[A-Z]\d+(?:[ \t]*,[ \t]*[A-Z]\d+)*)[ \t]*(?::(?P<reason>.*))?"
)
_CODE = re.compile(r"[A-Z]\d+")
_NOTHING_BUT_COMMENT = re.compile(r"[ \t]*(#[^\n]*)?(\n|\Z)")


@dataclass(frozen=True, slots=True)
class Allowance:
    """One code of an allow comment, and the stretch of text in which it holds."""

    code: str
    span: Span
    start: int
    end: int
    reason: str

    def covers(self, problem: Diagnostic) -> bool:
        """Holds for warnings only: a rule set with errors is never used, whatever a comment says."""
        span = problem.mark.span
        here = span.source is self.span.source and self.start <= span.start <= self.end
        return here and problem.code == self.code and problem.severity == "warning" and bool(self.reason)


def allowances(source: Source) -> list[Allowance]:
    """Every allowance of a file."""
    if "allow" not in source.text:
        return []
    layout = Layout(source.text)
    return [each for comment in _comments(source.text) for each in _of_comment(source, layout, comment)]


def _comments(text: str) -> Iterator[re.Match[str]]:
    return (piece for piece in _PIECE.finditer(text) if piece["comment"])


def _of_comment(source: Source, layout: Layout, comment: re.Match[str]) -> Iterator[Allowance]:
    found = _ALLOW.match(source.text, *comment.span())
    if found is None:
        return
    start, end = _covered(layout, comment.start())
    for each in _CODE.finditer(source.text, *found.span("codes")):
        span = Span(source, *each.span())
        yield Allowance(each.group(), span, start, end, (found["reason"] or "").strip())


def _covered(layout: Layout, at: int) -> tuple[int, int]:
    """The statement that the comment stands behind or above, with the block that its line opens."""
    text, line = layout.text, layout.line_start(at)
    if not text[line:at].strip():
        line = layout.line_end(at) + 1
        while line < len(text) and (blank := _NOTHING_BUT_COMMENT.match(text, line)):
            line = blank.end()
    start, end = layout.statement(min(line, len(text)))
    block = layout.block_opened_in(start, end)
    return start, end if block is None or block.close is None else layout.line_end(block.close)


def without_allowed(
    problems: Iterable[Diagnostic], sources: Iterable[Source], *, complete: bool
) -> list[Diagnostic]:
    """The problems that no comment allows. With `complete`, all lints ran, and bad comments show."""
    given = [each for source in sources for each in allowances(source)]
    used: set[Span] = set()
    left: list[Diagnostic] = []
    for problem in problems:
        by = [each for each in given if each.covers(problem)]
        used |= {each.span for each in by}
        if not by:
            left.append(problem)
    return [*left, *(_complaints(given, used) if complete else ())]


def _complaints(given: Iterable[Allowance], used: set[Span]) -> Iterator[Diagnostic]:
    for each in given:
        if each.code not in CODES or each.code.startswith("E"):
            yield say.not_allowable(each.span, sorted(code for code in CODES if code.startswith("W")))
        elif not each.reason:
            yield say.no_reason(each.span)
        elif each.span not in used:
            yield say.unused_allowance(each.span)
