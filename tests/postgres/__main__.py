"""`python -m tests.postgres SUITE`: tell a story some times, with a seed each, and sum up."""

from __future__ import annotations

import argparse
import asyncio
import random
import sys
import time

from postgres_server import Server

from .suites import CONTROLS, SUITES, Report, Trial

_COLUMNS = ("trials", "accepted", "lost", "copies", "bound", "busy", "violations")


def main() -> int:
    """Exit status 0: no violation. 1: some. Losses of a control are no violation."""
    parser = argparse.ArgumentParser(prog="python -m tests.postgres", description=__doc__)
    parser.add_argument("suite", choices=[*SUITES, "all"])
    parser.add_argument("--trials", type=int, default=5)
    parser.add_argument("--seed", type=int, help="of the first trial; the next has the next number")
    parser.add_argument("--rounds", type=int, help="how often the fault happens in a trial")
    asked = parser.parse_args()
    first = random.SystemRandom().randrange(10**6) if asked.seed is None else asked.seed
    names = list(SUITES) if asked.suite == "all" else [asked.suite]
    return int(sum(_tell(name, first, asked.trials, asked.rounds) for name in names) > 0)


def _tell(name: str, first: int, trials: int, rounds: int | None) -> bool:
    story, usual = SUITES[name]
    began, reports = time.monotonic(), []
    server = Server().create().start()
    try:
        for seed in range(first, first + trials):
            report = asyncio.run(story(Trial(server, seed, rounds or usual)))
            reports.append(report)
            _show(name, seed, report)
    finally:
        server.remove()
    _sum_up(name, reports, time.monotonic() - began)
    return any(report.violations for report in reports)


def _show(name: str, seed: int, report: Report) -> None:
    well = "VIOLATED" if report.violations else "ok"
    print(f"{name} --seed {seed}: {well}, {report.accepted} accepted, {report.lost} lost", end=", ")
    print(f"{report.copies} extra copies of at most {report.bound}", end=", ")
    print(f"{report.busy} told to come back, slowest answer {report.slowest:.2f} s")
    for each in report.violations:
        print(f"    {each}")
    sys.stdout.flush()


def _sum_up(name: str, reports: list[Report], seconds: float) -> None:
    sums = [sum(getattr(each, column) for each in reports) for column in _COLUMNS[1:-1]]
    broken = sum(len(each.violations) for each in reports)
    kind = " (a control)" if name in CONTROLS else ""
    print(f"\n{name}{kind}; {seconds:.0f} s")
    for row in (_COLUMNS, (len(reports), *sums, broken)):
        print("  " + "".join(str(each).rjust(12) for each in row))


if __name__ == "__main__":
    sys.exit(main())
