"""Rule files as `check` and `lint` see them: errors, warnings to a depth, and what comments allow."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from router.lang import tree as t
from router.lang.diagnostics import Diagnostic, has_errors, ordered
from router.lang.lint import QUIET, Lint, general_lints, lint
from router.lang.lint.allow import without_allowed
from router.lang.program import Program
from router.lang.source import Source
from router.rulebook import ENVIRONMENT, Reading

Depth = Literal["check", "lint", "all"]
"""`check` finds errors and the surest warnings, `lint` everything but what is quiet by default."""


@dataclass(frozen=True, slots=True)
class Inspection:
    """What was found, and the texts of the files that were named, by their resolved paths."""

    problems: tuple[Diagnostic, ...]
    named: Mapping[Path, Source]


def inspect_rules(
    paths: Sequence[Path], depth: Depth, drafts: Mapping[Path, str] | None = None
) -> Inspection:
    """Inspect files as one rule set. Raises OSError for a named file that cannot be opened.

    `drafts` are texts by resolved path that stand for what is on disk. Lints look at the named files only:
    those of a file that is merely used belong to whoever keeps it.
    """
    reading = _Drafts(drafts or {})
    for path in paths:
        reading.root(path)
    book = reading.book(ENVIRONMENT)
    named = {path: reading.sources[path] for path in _resolved(paths) if path in reading.sources}
    found = [*book.problems, *_lints(book.program, depth, named)]
    complete = depth != "check" and not has_errors(found)
    left = without_allowed(found, reading.sources.values(), complete=complete)
    shown = [each for each in left if _shown(each, depth, named)]
    return Inspection(tuple(ordered(shown)), named)


class _Drafts(Reading):
    """Reads drafts before files, and keeps every text that was parsed."""

    def __init__(self, drafts: Mapping[Path, str]) -> None:
        super().__init__()
        self.drafts = drafts
        self.sources: dict[Path, Source] = {}

    def text(self, path: Path) -> str:
        return self.drafts[path] if path in self.drafts else super().text(path)

    def parsed(self, path: Path, name: str, text: str) -> tuple[t.File, list[Diagnostic]]:
        file, problems = super().parsed(path, name, text)
        self.sources[path] = file.span.source
        return file, problems


def _resolved(paths: Sequence[Path]) -> Iterator[Path]:
    return (path.resolve() for path in paths)


def _lints(program: Program | None, depth: Depth, named: Mapping[Path, Source]) -> list[Diagnostic]:
    if program is None or depth == "check":
        return []
    return [each for each in lint(program, _every_lint()) if each.mark.span.source in named.values()]


def _every_lint() -> tuple[Lint, ...]:
    """Imported when they are needed: `check` starts without them."""
    from router.tiktok.lints import LINTS

    return (*general_lints(), *LINTS)


def _shown(problem: Diagnostic, depth: Depth, named: Mapping[Path, Source]) -> bool:
    if problem.code in ("W505", "W506", "W507") and problem.mark.span.source not in named.values():
        return False
    return depth == "all" or problem.code not in QUIET
