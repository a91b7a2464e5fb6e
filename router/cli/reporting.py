"""Diagnostics on the screen, and as lines of JSON."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterable
from typing import Any

import click

from router.lang.diagnostics import Diagnostic, Help, Note
from router.lang.draw import draw


def wants_colour(*, err: bool = False) -> bool:
    """Colour only on a terminal, and never under `NO_COLOR`."""
    return (sys.stderr if err else sys.stdout).isatty() and not os.environ.get("NO_COLOR")


def show(problems: Iterable[Diagnostic], *, err: bool = False) -> None:
    """Each problem as its author reads it, an empty line between two; on standard error with `err`."""
    for problem in problems:
        click.echo(draw(problem, colour=wants_colour(err=err)) + "\n", err=err)


def as_json(problem: Diagnostic) -> str:
    """One line; lines and columns count from 1, offsets from 0."""
    span, fix = problem.mark.span, problem.fix
    end_line, end_column = span.source.position(span.end)
    shape: dict[str, Any] = {
        "code": problem.code,
        "severity": problem.severity,
        "file": span.source.name,
        "line": span.line,
        "column": span.column,
        "end_line": end_line,
        "end_column": end_column,
        "message": problem.message,
        "label": problem.mark.label,
        "help": [each.text for each in problem.remarks if isinstance(each, Help)],
        "notes": [each.text for each in problem.remarks if isinstance(each, Note)],
        "suggestion": fix
        and {"start": fix.span.start, "end": fix.span.end, "text": fix.replacement, "sure": fix.sure},
    }
    return json.dumps(shape, ensure_ascii=False)


def tally(problems: Iterable[Diagnostic]) -> str:
    """`2 errors, 1 warning`, or `no problems`."""
    severities = [problem.severity for problem in problems]
    parts = [counted(severities.count(each), each) for each in ("error", "warning") if each in severities]
    return ", ".join(parts) or "no problems"


def counted(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
