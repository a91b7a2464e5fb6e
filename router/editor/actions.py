"""Quick fixes: the corrections that messages show, as edits."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from router.lang.diagnostics import Diagnostic, Fix, Help


@dataclass(frozen=True, slots=True)
class QuickFix:
    """One correction of one problem. A sure one may be applied without asking."""

    title: str
    fix: Fix
    problem: Diagnostic


def quick_fixes(problems: Iterable[Diagnostic], start: int, end: int) -> list[QuickFix]:
    """The fixes of the problems that touch a stretch of their file."""
    touched = [each for each in problems if each.mark.span.start <= end and start <= each.mark.span.end]
    return [
        QuickFix(_title(remark.text, remark.fix), remark.fix, problem)
        for problem in touched
        for remark in problem.remarks
        if isinstance(remark, Help) and remark.fix is not None
    ]


def _title(text: str, fix: Fix) -> str:
    """The help's own words; long ones give way to what is written."""
    return text if len(text) <= 80 else f"write {' '.join(fix.replacement.split())[:60]}"
