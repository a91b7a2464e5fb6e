"""Diagnostics as workflow commands of GitHub Actions, which shows them beside the lines of a change."""

from __future__ import annotations

from collections.abc import Iterable

from router.lang.diagnostics import Diagnostic

_DATA = str.maketrans({"%": "%25", "\r": "%0D", "\n": "%0A"})
_PROPERTY = str.maketrans({"%": "%25", "\r": "%0D", "\n": "%0A", ":": "%3A", ",": "%2C"})


def github(problems: Iterable[Diagnostic]) -> str:
    """A line for each problem."""
    return "\n".join(map(_line, problems))


def _line(problem: Diagnostic) -> str:
    span = problem.mark.span
    end_line, end_column = span.source.position(span.end)
    properties = {
        "file": span.source.name,
        "line": span.line,
        "endLine": end_line,
        "col": span.column,
        "endColumn": end_column,
        "title": problem.code,
    }
    shown = ",".join(f"{name}={str(value).translate(_PROPERTY)}" for name, value in properties.items())
    text = "\n".join([problem.message, *(remark.text for remark in problem.remarks)])
    return f"::{problem.severity} {shown}::{text.translate(_DATA)}"
