"""Test blocks through the rules: one run each."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from time import monotonic

from router.assets import asset
from router.lang import tree as t
from router.lang.program import Program
from router.lang.route import route
from router.lang.trace import Trace
from router.testing.expect import judge
from router.testing.given import Arranged, arrange
from router.testing.observed import Observed
from router.testing.verdict import Verdict

Clock = Callable[[], float]


@dataclass(frozen=True, slots=True)
class Run:
    """A test that ran: what it gave, how it ended, and what of the rules it went through."""

    arranged: Arranged
    verdict: Verdict
    trace: Trace


def run_tests(program: Program) -> list[Verdict]:
    """Every test block of the program, in the order of files and lines."""
    return [each.verdict for each in runs(program, program.tests)]


def runs(
    program: Program,
    tests: Iterable[t.Test],
    *,
    paths: Mapping[str, Path] | None = None,
    clock: Clock = monotonic,
) -> list[Run]:
    """Run some tests of a program, in the order of files and lines.

    `paths` are the files behind source names, where a name is not one itself. `clock` counts seconds.
    """
    known = paths or {}
    ordered = sorted(tests, key=lambda each: each.span.sort_key)
    return [_run(program, arrange(program, each, _file(each, known)), clock) for each in ordered]


def _file(test: t.Test, known: Mapping[str, Path]) -> Path:
    """Shipped files are shown as `rules/…` wherever they are installed."""
    name = test.span.source.name
    return known.get(name) or (path if (path := Path(name)).is_file() else asset(name))


def _run(program: Program, arranged: Arranged, clock: Clock) -> Run:
    started = clock()
    trace = Trace(behind_gates=False)
    failures = arranged.problems
    if not failures:
        result = route(program, arranged.arrival, trace=trace)
        failures = tuple(judge(arranged.test, Observed(program, result, trace)))
    test = arranged.test
    return Run(arranged, Verdict(test.name.text, test.span.place, failures, clock() - started), trace)


def notices(program: Program, arranged: Arranged) -> bool:
    """Would this test fail with these rules?"""
    result = route(program, arranged.arrival)
    return next(judge(arranged.test, Observed(program, result, None)), None) is not None
