"""A checked program to warnings about rules that are right by the language and probably not meant so."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from router.lang.diagnostics import Diagnostic
from router.lang.program import Program

Lint = Callable[[Program], Iterable[Diagnostic]]
"""Looks at a whole program, and finds one kind of thing."""

QUIET = {"W530", "W547"}
"""Codes that are shown on demand only, because they are about a choice that is sound today."""


def general_lints() -> tuple[Lint, ...]:
    """The lints of the language, whatever the target. Read on demand: `check` does without them."""
    from router.lang.lint import lines, names

    return (
        names.unused,
        names.unreachable,
        names.untested,
        lines.open_gates,
        lines.overwritten,
        lines.left_out,
        lines.sent_twice,
    )


def lint(program: Program, lints: Iterable[Lint]) -> list[Diagnostic]:
    """Everything that some lints find in a program."""
    return [problem for each in lints for problem in each(program)]
