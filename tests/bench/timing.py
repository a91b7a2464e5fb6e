"""Times that compare on a noisy machine: cases side by side in rounds, medians, ratios of one round."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from statistics import median


@dataclass(frozen=True, slots=True)
class Measured:
    """Microseconds of one operation, and how many times the floor of the same round that is."""

    us: float
    x_floor: float
    best_us: float

    def as_json(self) -> dict[str, float]:
        return {"us": round(self.us, 3), "x_floor": round(self.x_floor, 3), "best_us": round(self.best_us, 3)}


Case = Callable[[int], object]
"""Does one part of its operations."""

Timed = Callable[[int], float]
"""Does one part of its operations, and says how many seconds it took."""


def side_by_side(
    cases: Mapping[str, Case], floor: str, each: int, rounds: int, parts: int = 1
) -> dict[str, Measured]:
    """Every case in turn, part by part, in rounds; a part is `each` operations.

    Parts are short, so that most are not interrupted, and a ratio is of two that ran one after the other.
    Garbage is collected as always, but what the cases were built of is set apart: the collector would go
    through the rule sets of all cases in the time of one.
    """
    found = in_turn({name: clocked(run) for name, run in cases.items()}, rounds, parts)
    return {name: measured(times, found[floor], each) for name, times in found.items()}


def clocked(run: Case, clock: Callable[[], float] = time.perf_counter) -> Timed:
    """Of a case of this process."""

    def timed(part: int) -> float:
        before = clock()
        run(part)
        return clock() - before

    return timed


def all_of(run: Case, parts: int, times: int) -> Case:
    """All parts of a case, so often, as its only part."""

    def run_all(_part: int) -> None:
        for _ in range(times):
            for part in range(parts):
                run(part)

    return run_all


def in_turn(cases: Mapping[str, Timed], rounds: int, parts: int = 1) -> dict[str, list[float]]:
    """The seconds of every part of each case, in the order of the rounds; the first go is not counted."""
    times: dict[str, list[float]] = {name: [] for name in cases}
    for run in cases.values():
        run(0)
    gc.collect()
    gc.freeze()
    for turn in range(rounds * parts):
        for name, run in cases.items():
            times[name].append(run(turn % parts))
    gc.unfreeze()
    return times


def measured(found: list[float], floor: list[float], each: int) -> Measured:
    """What seconds of parts mean, where a part is `each` operations."""
    us = [seconds / each * 1e6 for seconds in found]
    return Measured(median(us), ratio(found, floor), min(us))


def ratio(found: list[float], base: list[float]) -> float:
    """How many times the base of the same turn something takes."""
    return median(one / other for one, other in zip(found, base, strict=True))
