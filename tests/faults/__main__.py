"""`python -m tests.faults SUITE`: tell the cases of a suite, with a seed each, and sum up."""

from __future__ import annotations

import argparse
import os
import random
import sys
import tempfile
import time
import traceback
from pathlib import Path

from .judge import Violation
from .processes import Launcher
from .registry import SUITES
from .suite import Suite
from .trial import Report, Trial

_COLUMNS = ("case", "trials", "accepted", "crashes", "lost", "copies", "bound", "violations")


def main() -> int:
    """Exit status 0: no violation. 1: some. 2: this machine cannot do it."""
    parser = argparse.ArgumentParser(prog="python -m tests.faults", description=__doc__)
    parser.add_argument("suite", choices=[*SUITES, "all"])
    parser.add_argument("--case", help="only this case")
    parser.add_argument("--trials", type=int, help="of each case")
    parser.add_argument("--seed", type=int, help="of the first trial; the next has the next number")
    parser.add_argument("--scale", type=float, default=1.0, help="how long or large a trial is; 1 by default")
    parser.add_argument("--keep", type=Path, help="keep the folders of the trials in this one")
    asked = parser.parse_args()
    suites = list(SUITES.values()) if asked.suite == "all" else [SUITES[asked.suite]]
    if any(each.root for each in suites) and os.geteuid() != 0:
        print("this suite mounts file systems and needs root", file=sys.stderr)
        return 2
    first = random.SystemRandom().randrange(10**6) if asked.seed is None else asked.seed
    with Launcher() as launcher:
        return int(sum(_tell(launcher, suite, asked, first) for suite in suites) > 0)


def _tell(launcher: Launcher, suite: Suite, asked: argparse.Namespace, first: int) -> bool:
    """Whether anything was violated."""
    began, rows = time.monotonic(), []
    for case in suite.cases if asked.case is None else [asked.case]:
        reports = [
            _trial(launcher, suite, case, seed, asked)
            for seed in range(first, first + (asked.trials or suite.trials))
        ]
        rows.append(_row(case, reports))
    print(f"\n{suite.name}: {suite.summary}; {time.monotonic() - began:.0f} s")
    for row in (_COLUMNS, *rows):
        print("  " + str(row[0]).ljust(28) + "".join(str(each).rjust(12) for each in row[1:]))
    return any(row[-1] for row in rows)


def _trial(launcher: Launcher, suite: Suite, case: str, seed: int, asked: argparse.Namespace) -> Report:
    with tempfile.TemporaryDirectory(prefix="faults-") as scratch:
        folder = Path(scratch) if asked.keep is None else asked.keep / f"{suite.name}-{case}-{seed}"
        folder.mkdir(parents=True, exist_ok=True)
        with Trial(launcher, folder.resolve(), seed, asked.scale) as trial:
            report = _told(suite, trial, case)
    well = "ok" if not report.violations else "VIOLATED"
    copies = f"{report.copies} extra copies of at most {report.bound}"
    print(f"{suite.name} --case {case} --seed {seed}: {well}, {report.accepted} accepted", end=", ")
    print(f"{report.lost} lost, {copies}", *report.notes, sep="; ")
    for each in report.violations:
        print(f"    {each}")
    sys.stdout.flush()
    return report


def _told(suite: Suite, trial: Trial, case: str) -> Report:
    """A trial that cannot go on is a violation of its own, and the next one begins."""
    try:
        return suite.run(trial, case)
    except Exception as problem:
        traceback.print_exc()
        broken = Violation("trial", 1, f"{type(problem).__name__}: {problem}")
        accepted = len(trial.oracle.obligations.accepted)
        return Report(accepted, trial.crashes, 0, 0, (*trial.found, broken), tuple(trial.notes))


def _row(case: str, reports: list[Report]) -> tuple[str | int, ...]:
    sums = [
        sum(getattr(each, name) for each in reports)
        for name in ("accepted", "crashes", "lost", "copies", "bound")
    ]
    return (case, len(reports), *sums, sum(len(each.violations) for each in reports))


if __name__ == "__main__":
    sys.exit(main())
