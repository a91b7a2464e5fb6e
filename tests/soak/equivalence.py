"""Walker and compiled rules on very many events: python -m tests.soak.equivalence [--events N] [--seed N]

Ends with 1 at the first difference, and says which seed shows it again.
"""

from __future__ import annotations

import argparse
import random
import sys
import time
from collections.abc import Iterator
from itertools import islice

from router.lang.program import Program

from ..lang.equivalence import (
    Different,
    Seen,
    compare_many,
    damaged,
    random_programs,
    sample_events,
    shipped,
)

_EACH_SHIPPED = 0.5
_EVENTS_OF_OTHERS = 100
_DAMAGED_OF_EACH = 60


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.soak.equivalence", description=__doc__)
    parser.add_argument("--events", type=int, default=200_000, metavar="N", help="200000 when not given")
    parser.add_argument("--seed", type=int, default=1, metavar="N")
    asked = parser.parse_args()
    seen, before = Seen(), time.monotonic()
    for name, program, count, seed in _work(asked.events, asked.seed):
        try:
            compare_many(program, seed, count, seen, sample_events())
        except Different as difference:
            print(f"{name}, seed {seed}:\n{difference}")
            return 1
        if seen.events % 10_000 < count:
            print(f"{seen.events:>9,} events  {time.monotonic() - before:6.0f} s  {name}", flush=True)
    report(seen)
    return 0


def _work(events: int, seed: int) -> Iterator[tuple[str, Program, int, int]]:
    """Half of the events for the rule files as they are, the rest for changed ones and for random ones."""
    files = shipped()
    for name, program in files.items():
        yield name, program, round(events * _EACH_SHIPPED / len(files)) + 1, seed
    left = round(events * (1 - _EACH_SHIPPED)) // _EVENTS_OF_OTHERS
    made = ((f"random {number}", each) for number, each in enumerate(random_programs(seed)))
    others = [*islice(_others(files, seed), left // 2), *islice(made, left - left // 2)]
    for number, (name, program) in enumerate(others):
        yield name, program, _EVENTS_OF_OTHERS, seed + number


def _others(files: dict[str, Program], seed: int) -> Iterator[tuple[str, Program]]:
    chance = random.Random(seed)  # noqa: S311 - to be repeated
    found = [
        (f"{name}, changed", each)
        for name, program in files.items()
        for each in damaged(program, chance, _DAMAGED_OF_EACH)
    ]
    chance.shuffle(found)
    yield from found


def report(seen: Seen) -> None:
    print(f"\n{seen.events:,} events, no difference and no exception")
    for kind, count in seen.outcomes.most_common():
        print(f"  {count:>9,}  {kind}")
    print(f"  {seen.long_ways:>9,}  events that the walker decided")
    print(f"  {len(seen.walked):>9,}  rules that the walker decides")


if __name__ == "__main__":
    sys.exit(main())
