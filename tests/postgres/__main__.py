"""`python -m tests.postgres SUITE`: tell a story some times, with a seed each, and sum up."""

from __future__ import annotations

import argparse
import random
import sys
import time

from tests.faults.processes import Launcher

from .judgement import Report
from .suites import SUITES, Suite
from .telling import FORKER, tell

_COLUMNS = ("trials", "accepted", "crashes", "lost", "copies", "bound", "violations")


def main() -> int:
    """Exit status 0: no violation. 1: some. Losses of a control are no violation."""
    parser = argparse.ArgumentParser(prog="python -m tests.postgres", description=__doc__)
    parser.add_argument("suite", choices=[*SUITES, "all"])
    parser.add_argument("--trials", type=int)
    parser.add_argument("--seed", type=int, help="of the first trial; the next has the next number")
    parser.add_argument("--rounds", type=int, help="how often the fault happens in a trial")
    asked = parser.parse_args()
    first = random.SystemRandom().randrange(10**6) if asked.seed is None else asked.seed
    suites = SUITES if asked.suite == "all" else {asked.suite: SUITES[asked.suite]}
    with Launcher(FORKER) as launcher:
        return int(sum(_tell(launcher, name, suite, first, asked) for name, suite in suites.items()) > 0)


def _tell(launcher: Launcher, name: str, suite: Suite, first: int, asked: argparse.Namespace) -> bool:
    began, reports = time.monotonic(), []
    for seed in range(first, first + (asked.trials or suite.trials)):
        report = tell(launcher, suite, seed, asked.rounds or suite.rounds)
        reports.append(report)
        _show(name, seed, report)
    _sum_up(name, suite, reports, time.monotonic() - began)
    return any(report.violations for report in reports)


def _show(name: str, seed: int, report: Report) -> None:
    well = "VIOLATED" if report.violations else "ok"
    copies = f"{report.copies} extra copies of at most {report.bound}"
    print(f"{name} --seed {seed}: {well}, {report.accepted} accepted, {report.lost} lost, {copies}", end="; ")
    print(*report.notes, sep="; ")
    for each in report.violations:
        print(f"    {each}")
    sys.stdout.flush()


def _sum_up(name: str, suite: Suite, reports: list[Report], seconds: float) -> None:
    sums = [sum(getattr(each, column) for each in reports) for column in _COLUMNS[1:-1]]
    broken = sum(len(each.violations) for each in reports)
    print(f"\n{name}: {suite.summary} {seconds:.0f} s")
    for row in (_COLUMNS, (len(reports), *sums, broken)):
        print("  " + "".join(str(each).rjust(12) for each in row))


if __name__ == "__main__":
    sys.exit(main())
