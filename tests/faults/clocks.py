"""A clock that is set while the daemon runs."""

from __future__ import annotations

import time

from .answers import BROKEN_GATEWAY, THROTTLE, always, grumpy
from .judge import Dead
from .samples import Sample
from .suite import Suite
from .trial import Report, Trial

_HOUR = 3600.0
_STEPS = {"+1h": _HOUR, "-1h": -_HOUR, "+3d": 72 * _HOUR, "-3d": -72 * _HOUR}


def step(trial: Trial, case: str) -> Report:
    """Set by hours or days under load, with repeats before and after: no claim is lost, no storm begins."""
    daemon = trial.start(clock=trial.clock())
    trial.oracle.tiktok.mood = grumpy(trial.seed)
    load = trial.oracle.load(trial.seed, repeats=0.3, now=lambda: time.time() + trial.offset)
    trial.expect(lambda: len(trial.oracle.tiktok.taken) > 100, "100 events before the step")
    trial.clock(_STEPS[case])
    trial.expect(lambda: "clock_jumped" in daemon.log(), "the jump is seen")
    time.sleep(2.0 * trial.scale)
    return trial.conclude(daemon, load, _doubtful)


def _doubtful(dead: Dead) -> bool:
    """After a step ahead nobody knows how long ago an unclear attempt was; an event that was posted before a
    step back and taken after it comes from the future."""
    return dead.reason in ("ambiguous_expired", "clock_skew")


def resend_limit(trial: Trial, _: str) -> Report:
    """TikTok has an event and did not say so; 48 hours later it would count it again, so it is not sent."""
    daemon = trial.start(clock=trial.clock())
    event = Sample(f"doubtful-{trial.seed}", int(time.time()))
    trial.oracle.tiktok.mood = always(BROKEN_GATEWAY)
    trial.oracle.post([event])
    trial.expect(lambda: event.id in trial.oracle.tiktok.taken, "TikTok has the event")
    trial.oracle.tiktok.mood = always(THROTTLE)
    trial.clock(48 * _HOUR)
    trial.expect(lambda: "ambiguous_expired" in daemon.status()["spool"]["dead_letters"], "it is set aside")
    before = len(trial.oracle.tiktok.receipts)
    report = trial.conclude(daemon, may_die=_doubtful)
    late = [each for each in trial.oracle.tiktok.receipts[before:] if event.id in each.ids]
    if late:
        trial.complain("I3", "handed over again after 47 hours of doubt")
    return trial.judged(_doubtful) if late else report


def clock(trial: Trial, case: str) -> Report:
    return resend_limit(trial, case) if case == "resend-limit" else step(trial, case)


SUITES = (Suite("clock", "the clock is set under load", (*_STEPS, "resend-limit"), clock, 4),)
