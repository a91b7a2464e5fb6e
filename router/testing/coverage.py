"""How much of the rules the tests go through, a file and a kind of place at a time."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import get_args

from router.lang.outcome import Place
from router.testing.goals import Aspect, goals, reached
from router.testing.suite import Spot, Suite, file_name


@dataclass(frozen=True, slots=True)
class Ratio:
    """Covered of all; nothing to cover is covered."""

    covered: int
    total: int

    @property
    def tenths(self) -> int:
        """Tenths of a percent, rounded down, so that only all of them are 100.0 %."""
        return self.covered * 1000 // self.total if self.total else 1000

    def below(self, percent: float) -> bool:
        return self.covered * 100 < percent * self.total

    def __str__(self) -> str:
        return f"{self.tenths // 10}.{self.tenths % 10} %"


@dataclass(frozen=True, slots=True)
class Uncovered:
    """A way through the rules that no test takes."""

    at: Place
    aspect: Aspect
    missing: str


@dataclass(frozen=True, slots=True)
class FileCoverage:
    """A rule file: all its goals, those of each aspect that it has, and what no test covers."""

    name: str
    ratio: Ratio
    aspects: tuple[tuple[Aspect, Ratio], ...]
    uncovered: tuple[Uncovered, ...]


@dataclass(slots=True)
class _Found:
    at: Place
    spot: Spot
    aspect: Aspect
    missing: str
    covered: bool


def coverage(suites: Iterable[Suite], files: frozenset[Path] | None = None) -> list[FileCoverage]:
    """What the tests of all suites together cover of some files; None are all.

    A file that belongs to several rule sets counts once: covered is what any of them covers.
    """
    found: dict[tuple[Spot, str], _Found] = {}
    for suite in suites:
        seen = {key for run in suite.runs for key in reached(run.trace)}
        for goal in goals(suite.program):
            if suite.is_in(goal.at, files):
                spot = suite.spot(goal.at)
                place = Place(file_name(goal.at), goal.at.line)
                new = _Found(place, spot, goal.aspect, goal.missing, covered=False)
                each = found.setdefault((spot, goal.missing), new)
                each.covered = each.covered or goal.key in seen
    by_file: dict[Path, list[_Found]] = {}
    for each in found.values():
        by_file.setdefault(each.spot[0], []).append(each)
    return [_file(each) for each in by_file.values()]


def _file(found: list[_Found]) -> FileCoverage:
    found.sort(key=lambda each: each.spot[1:])
    aspects = [(each, [one for one in found if one.aspect == each]) for each in get_args(Aspect)]
    return FileCoverage(
        found[0].at.file,
        _ratio(found),
        tuple((each, _ratio(some)) for each, some in aspects if some),
        tuple(Uncovered(each.at, each.aspect, each.missing) for each in found if not each.covered),
    )


def _ratio(found: list[_Found]) -> Ratio:
    return Ratio(sum(each.covered for each in found), len(found))
