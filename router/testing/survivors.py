"""Mutants through the tests that pass over their place: which of them does no test notice?"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from router.lang.outcome import Place
from router.testing.mutants import Mutant, mutants, touched
from router.testing.runner import Run, notices
from router.testing.suite import Spot, Suite, file_name

DEFAULT_LIMIT = 500

Key = tuple[Spot, str]
Progress = Callable[[Sequence[Key]], Iterable[Key]]


@dataclass(frozen=True, slots=True)
class Survivor:
    """A change of the rules that every test agrees with; `covered` is whether any goes through its place."""

    at: Place
    what: str
    covered: bool


@dataclass(frozen=True, slots=True)
class Mutation:
    """How many mutants there are, how many were tried, and those that survived."""

    possible: int
    tried: int
    survivors: tuple[Survivor, ...]

    @property
    def killed(self) -> int:
        return self.tried - len(self.survivors)

    def below(self, percent: float) -> bool:
        return self.killed * 100 < percent * self.tried


@dataclass(frozen=True, slots=True)
class _Tests:
    """The passing tests of a suite by the places that they go through."""

    runs: tuple[tuple[Run, frozenset[Hashable]], ...]
    places: frozenset[Hashable]

    def about(self, mutant: Mutant) -> list[Run]:
        """Those that go through the nearest place around the change that any test goes through."""
        if not mutant.inside:
            return [run for run, _ in self.runs]
        nearest = next((each for each in mutant.inside if each in self.places), None)
        return [run for run, places in self.runs if nearest in places]


def mutation(
    suites: Iterable[Suite],
    files: frozenset[Path] | None,
    *,
    limit: int = DEFAULT_LIMIT,
    progress: Progress = lambda keys: keys,
) -> Mutation:
    """Try at most `limit` mutants of some files, evenly spread; None are all files.

    A mutant counts as noticed when a test of any suite that has its place notices it.
    """
    found: dict[Key, list[tuple[_Tests, Mutant]]] = {}
    for suite in suites:
        tests = _tests(suite)
        for mutant in mutants(suite.program):
            if suite.is_in(mutant.at, files):
                found.setdefault((suite.spot(mutant.at), mutant.what), []).append((tests, mutant))
    chosen = _spread(sorted(found), limit)
    survivors = [each for key in progress(chosen) if (each := _survivor(found[key]))]
    return Mutation(len(found), len(chosen), tuple(survivors))


def _tests(suite: Suite) -> _Tests:
    runs = tuple((run, touched(run.trace)) for run in suite.runs if run.verdict.passed)
    return _Tests(runs, frozenset().union(*(places for _, places in runs)))


def _spread(keys: list[Key], limit: int) -> list[Key]:
    if len(keys) <= limit:
        return keys
    edges = (number * len(keys) // limit for number in range(limit + 1))
    return [keys[start] for start, _ in pairwise(edges)]


def _survivor(places: list[tuple[_Tests, Mutant]]) -> Survivor | None:
    covered = False
    for tests, mutant in places:
        program = mutant.program()
        for run in tests.about(mutant):
            covered = True
            if notices(program, run.arranged):
                return None
    _, mutant = places[0]
    return Survivor(Place(file_name(mutant.at), mutant.at.line), mutant.what, covered)
