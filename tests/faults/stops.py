"""Stopping by signal, and standing still: of the daemon and of TikTok."""

from __future__ import annotations

import signal
import time

from .answers import SLOW_HEAD, always, grumpy
from .suite import Suite
from .trial import Report, Trial

_DEADLINE = 10.0
_BY_SIGNAL = (0, -signal.SIGTERM)


def sigterm(trial: Trial, case: str) -> Report:
    """SIGTERM under load: status 0 within its time, and nothing lost; then the next daemon goes on."""
    trial.oracle.tiktok.mood = grumpy(trial.seed)
    load = trial.oracle.load(trial.seed, body=5)
    for _ in range(trial.times(3)):
        {"under-load": _under_load, "twice": _twice, "during-start": _during_start}[case](trial)
    return trial.peace(load)


def _under_load(trial: Trial) -> None:
    daemon = trial.start()
    time.sleep(trial.rng.uniform(0.1, 0.6))
    daemon.process.send_signal(signal.SIGTERM)
    trial.ended(daemon, (0,), _DEADLINE)


def _twice(trial: Trial) -> None:
    """The first signal has to wait for TikTok, the second does not."""
    daemon = trial.start()
    before, trial.oracle.tiktok.mood = trial.oracle.tiktok.mood, always(SLOW_HEAD)
    time.sleep(0.3)
    daemon.process.send_signal(signal.SIGTERM)
    time.sleep(trial.rng.uniform(0.05, 0.3))
    daemon.process.send_signal(signal.SIGTERM)
    trial.ended(daemon, _BY_SIGNAL, 3.0)
    trial.oracle.tiktok.mood = before


def _during_start(trial: Trial) -> None:
    daemon = trial.launch()
    time.sleep(trial.rng.uniform(0.0, 0.2))
    daemon.process.send_signal(signal.SIGTERM)
    trial.ended(daemon, _BY_SIGNAL, _DEADLINE)


def pause(trial: Trial, who: str) -> Report:
    """Somebody stands still for a while, as a machine that is moved; longer than TikTok is waited for."""
    longest = 2.0 if trial.scale < 1 else 5.0
    daemon = trial.start(patience="1")
    load = trial.oracle.load(trial.seed)
    for _ in range(trial.times(4)):
        time.sleep(trial.rng.uniform(0.1, 0.4))
        seconds = trial.rng.uniform(0.1, longest)
        if who == "tiktok":
            trial.oracle.call(trial.oracle.tiktok.freeze(seconds))
            continue
        daemon.process.send_signal(signal.SIGSTOP)
        time.sleep(seconds)
        daemon.process.send_signal(signal.SIGCONT)
        # Its own waits may be over when it wakes, although TikTok has answered.
        trial.doubts += trial.settings["delivery"]["in_flight"]
    return trial.conclude(daemon, load)


SUITES = (
    Suite("sigterm", "SIGTERM three times a trial", ("under-load", "twice", "during-start"), sigterm, 7),
    Suite("pause", "SIGSTOP of the daemon, a TikTok that stands still", ("daemon", "tiktok"), pause, 5),
)
