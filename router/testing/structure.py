"""Results of tests as plain data for programs, the shape of `test --json`."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from router.testing.coverage import FileCoverage, Ratio
from router.testing.survivors import Mutation
from router.testing.verdict import Difference, Failure, Verdict


def verdict_data(verdict: Verdict) -> dict[str, Any]:
    """A test; `failures` is empty where it passed."""
    return {
        "name": verdict.name,
        "at": str(verdict.at),
        "passed": verdict.passed,
        "failures": [_failure(each) for each in verdict.failures],
    }


def _failure(failure: Failure) -> dict[str, Any]:
    data: dict[str, Any] = {"at": str(failure.at), "message": failure.message, "notes": list(failure.notes)}
    return data if failure.difference is None else data | _difference(failure.difference)


def _difference(found: Difference) -> dict[str, Any]:
    line = found.line
    return {
        "path": found.path,
        "expected": found.expected,
        "got": found.got,
        "set_at": line and str(line.at),
        "set_by": line and line.text,
        "choice": line and line.choice,
        "tried": [{"expression": each.text, "why": each.why} for each in line.tried] if line else [],
    }


def coverage_data(files: Iterable[FileCoverage]) -> list[dict[str, Any]]:
    """The files, with counts instead of percents."""
    return [
        {
            "file": each.name,
            **_counts(each.ratio),
            "kinds": {aspect: _counts(ratio) for aspect, ratio in each.aspects},
            "uncovered": [
                {"at": str(one.at), "kind": one.aspect, "missing": one.missing} for one in each.uncovered
            ],
        }
        for each in files
    ]


def _counts(ratio: Ratio) -> dict[str, int]:
    return {"covered": ratio.covered, "total": ratio.total}


def mutation_data(found: Mutation) -> dict[str, Any]:
    """Counts, and the mutants that no test noticed."""
    return {
        "possible": found.possible,
        "tried": found.tried,
        "noticed": found.killed,
        "survivors": [
            {"at": str(each.at), "change": each.what, "covered": each.covered} for each in found.survivors
        ],
    }
