"""Mistakes by file, each once, however many rule sets a file is part of."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from router.editor.ruleset import RuleSet
from router.lang.diagnostics import Diagnostic, Help


def problems_by_file(sets: Iterable[RuleSet]) -> dict[Path, list[Diagnostic]]:
    """Every file of the rule sets with its problems, in order; an empty list for one without."""
    found: dict[Path, dict[object, Diagnostic]] = {}
    for rules in sets:
        for path in rules.paths.values():
            found.setdefault(path, {})
        for problem in rules.problems:
            span = problem.mark.span
            path = rules.paths.get(span.source, Path(span.source.name))
            found.setdefault(path, {}).setdefault((problem.code, span.start, span.end), problem)
    return {path: list(problems.values()) for path, problems in found.items()}


def wording(problem: Diagnostic) -> str:
    """The message as a few lines: what is wrong, then help and notes."""
    first = f"{problem.message}: {problem.mark.label}" if problem.mark.label else problem.message
    rest = (f"{'help' if isinstance(each, Help) else 'note'}: {each.text}" for each in problem.remarks)
    return "\n".join([first, *rest])
