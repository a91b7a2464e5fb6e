"""Diagnostics as SARIF 2.1.0, the format that code hosts show beside the lines of a change."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from pathlib import PurePath
from typing import Any
from urllib.parse import quote

from router import __version__
from router.explanations import as_markdown, as_text, page
from router.lang.diagnostics import Diagnostic, Fix, Help, Mark
from router.lang.source import Span

_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"


def sarif(problems: Sequence[Diagnostic]) -> str:
    """One log with one run: a rule for each code that occurs, a result for each problem."""
    codes = sorted({problem.code for problem in problems})
    driver = {"name": "TagWright", "version": __version__, "rules": [_rule(code) for code in codes]}
    run = {
        "tool": {"driver": driver},
        "columnKind": "unicodeCodePoints",
        "results": [_result(problem, codes.index(problem.code)) for problem in problems],
    }
    return json.dumps({"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}, indent=2, ensure_ascii=False)


def _rule(code: str) -> dict[str, Any]:
    shown = page(code)
    return {
        "id": code,
        "shortDescription": {"text": shown.title},
        "fullDescription": {"text": shown.cause or shown.why},
        "help": {"text": "\n".join(as_text(shown)), "markdown": "\n".join(as_markdown(shown))},
        "defaultConfiguration": {"level": "warning" if shown.is_lint else "error"},
    }


def _result(problem: Diagnostic, index: int) -> dict[str, Any]:
    result: dict[str, Any] = {
        "ruleId": problem.code,
        "ruleIndex": index,
        "level": problem.severity,
        "message": {"text": "\n".join([problem.message, *(each.text for each in problem.remarks)])},
        "locations": [{"physicalLocation": _place(problem.mark.span)}],
    }
    if problem.others:
        result["relatedLocations"] = [_related(number, mark) for number, mark in enumerate(problem.others)]
    fixes = [_fix(each.text, each.fix) for each in _offers(problem) if each.fix]
    if fixes:
        result["fixes"] = fixes
    return result


def _offers(problem: Diagnostic) -> Iterable[Help]:
    return (each for each in problem.remarks if isinstance(each, Help))


def _related(number: int, mark: Mark) -> dict[str, Any]:
    return {
        "id": number,
        "message": {"text": mark.label or "see here"},
        "physicalLocation": _place(mark.span),
    }


def _fix(text: str, fix: Fix) -> dict[str, Any]:
    replacement = {
        "deletedRegion": _region(fix.span),
        "insertedContent": {"text": fix.replacement},
    }
    change = {"artifactLocation": _artifact(fix.span), "replacements": [replacement]}
    return {"description": {"text": text}, "artifactChanges": [change]}


def _place(span: Span) -> dict[str, Any]:
    return {"artifactLocation": _artifact(span), "region": _region(span)}


def _artifact(span: Span) -> dict[str, str]:
    path = PurePath(span.source.name)
    uri = quote(path.as_posix())
    return {"uri": f"file://{uri}" if path.is_absolute() else uri}


def _region(span: Span) -> dict[str, int]:
    """Lines and columns from 1; the end column is the one behind the last character."""
    end_line, end_column = span.source.position(span.end)
    return {
        "startLine": span.line,
        "startColumn": span.column,
        "endLine": end_line,
        "endColumn": end_column,
    }
