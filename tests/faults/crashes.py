"""kill -9 at named points and at random, and the wrong designs that must not survive it."""

from __future__ import annotations

import signal
import time
from typing import Any

from .answers import grumpy, silent_strict
from .judge import Violation
from .points import POINTS
from .suite import Suite
from .trial import Report, Trial

KILLS = 5
RANDOM_KILLS = 10
_CHANCES = {
    "before-commit": 0.02, "after-commit": 0.02, "after-claim": 0.05, "in-flight": 0.05, "before-mark": 0.05,
    "after-mark": 0.05, "mid-split": 0.3, "checkpoint": 0.1, "purge": 0.4, "reload": 1.0, "start": 0.01,
}  # fmt: skip
_EACH = "each-in-turn"
_LONG_AGO = -3 * 86_400.0
_TELLS = {
    "two-steps": "accepted and gone",
    "early-answer": "accepted and gone",
    "dedup-in-memory": "taken as new",
}
"""What the judge must say of each wrong design."""


def crash_point(trial: Trial, case: str) -> Report:
    """The daemon dies at one point again and again, or at each in turn, under load; then there is peace."""
    points = POINTS if case == _EACH else (case,)
    if "purge" in points:
        _claims_of_long_ago(trial)
    load = trial.oracle.load(trial.seed, poison=0.02 if "mid-split" in points else 0.0)
    for number, point in enumerate(points * trial.times(KILLS)):
        kill = _CHANCES[point] if point == "in-flight" else 0.0
        trial.oracle.tiktok.mood = grumpy(trial.seed + number, kill, otherwise=silent_strict)
        daemon = trial.start(**_armed(trial, point, number))
        if point == "reload":
            time.sleep(trial.rng.uniform(0.1, 0.5))
            daemon.process.send_signal(signal.SIGHUP)
        if not trial.crashed(daemon):
            trial.complain("expected", f"the daemon dies at {point}")
            trial.crash(daemon)
    return trial.peace(load)


def _armed(trial: Trial, point: str, number: int) -> dict[str, Any]:
    if point == "in-flight":
        return {}
    armed = {"point": f"{point}:{_CHANCES[point]}:{trial.seed + number}"}
    if point != "purge":
        return armed
    return {**armed, "clock": trial.clock()}


def _claims_of_long_ago(trial: Trial) -> None:
    """Claims that have had their time, for the next start to purge."""
    daemon = trial.start(clock=trial.clock(_LONG_AGO))
    load = trial.oracle.load(trial.seed + 1, now=lambda: time.time() + _LONG_AGO)
    trial.expect(lambda: len(trial.oracle.tiktok.taken) >= 50, "50 events of three days ago")
    load.end()
    trial.expect(daemon.idle, "all of them delivered")
    trial.stop(daemon)


def random_kills(trial: Trial, _: str) -> Report:
    """The daemon dies at any moment, its start included."""
    trial.oracle.tiktok.mood = grumpy(trial.seed)
    load = trial.oracle.load(trial.seed, body=5)
    for _number in range(trial.times(RANDOM_KILLS)):
        daemon = trial.launch() if trial.rng.random() < 0.2 else trial.start()
        time.sleep(trial.rng.uniform(0.02, 0.7))
        trial.crash(daemon)
    return trial.peace(load)


def wrong_design(trial: Trial, design: str) -> Report:
    """The judge must object to a daemon that is built wrong: the proof that it would see a loss."""
    load = trial.oracle.load(trial.seed, repeats=0.2)
    for _ in range(trial.times(8)):
        daemon = trial.start(design=design)
        if not trial.crashed(daemon):
            trial.complain("expected", f"a daemon of the design {design} dies")
            trial.crash(daemon)
    report = trial.peace(load)
    seen = [each for each in report.violations if _TELLS[design] in each.text]
    others = [each for each in report.violations if each.invariant not in ("I1", "I4", "I8")]
    blind = [] if seen else [Violation("control", 1, f"nobody noticed the design {design}")]
    noticed = f"noticed: {'; '.join(str(each) for each in seen)}"
    return Report(report.accepted, report.crashes, report.copies, report.bound, (*blind, *others), (noticed,))


SUITES = (
    Suite("crash-points", f"kill -9 at a point, {KILLS} times a trial", (*POINTS, _EACH), crash_point, 4),
    Suite("random-kills", f"kill -9 at random, {RANDOM_KILLS} times a trial", ("random",), random_kills, 15),
    Suite(
        "wrong-designs", "three wrong designs, which the judge must notice", tuple(_TELLS), wrong_design, 3
    ),
)
