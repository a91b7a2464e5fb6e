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


def side_by_side(
    cases: Mapping[str, Case], floor: str, each: int, rounds: int, parts: int = 1
) -> dict[str, Measured]:
    """Every case in turn, part by part, in rounds; a part is `each` operations.

    Parts are short, so that most are not interrupted, and a ratio is of two that ran one after the other.
    Garbage is collected as always, but what the cases were built of is set apart: the collector would go
    through the rule sets of all cases in the time of one.
    """
    times: dict[str, list[float]] = {name: [] for name in cases}
    for run in cases.values():
        run(0)
    gc.collect()
    gc.freeze()
    for turn in range(rounds * parts):
        for name, run in cases.items():
            before = time.perf_counter()
            run(turn % parts)
            times[name].append((time.perf_counter() - before) / each * 1e6)
    gc.unfreeze()
    return {name: _measured(found, times[floor]) for name, found in times.items()}


def _measured(found: list[float], floor: list[float]) -> Measured:
    ratios = [one / base for one, base in zip(found, floor, strict=True)]
    return Measured(median(found), median(ratios), min(found))
