"""A short trial of every suite that needs no root; `python -m tests.faults` tells them at length."""

from __future__ import annotations

import pytest

from .conftest import Tell
from .registry import SUITES

SHORT = {
    "crash-points": (0.2, ("each-in-turn",)),
    "random-kills": (0.3, ("random",)),
    "wrong-designs": (0.25, ("two-steps", "early-answer", "dedup-in-memory")),
    "small-disk": (0.2, ("small",)),
    "io-errors": (0.3, ("sync", "short")),
    "corrupt": (0.2, ("text", "newer")),
    "sigterm": (0.3, ("under-load", "twice")),
    "pause": (0.25, ("daemon",)),
    "answers": (0.2, ("garbage", "unknown-code")),
    "sockets": (0.3, ("refused",)),
    "throttle": (0.2, ("401",)),
    "rotation": (0.2, ("rotation",)),
    "poison": (0.2, ("one-named", "one", "all")),
    "clock": (0.2, ("+1h", "resend-limit")),
    "slow-clients": (0.1, ("all",)),
    "backlog": (0.003, ("full",)),
    "secrets": (0.2, ("answers", "starts", "bugs")),
}


@pytest.mark.parametrize(
    ("suite", "case", "scale"),
    [(suite, case, scale) for suite, (scale, cases) in SHORT.items() for case in cases],
)
def test_nothing_is_violated(tell: Tell, suite: str, case: str, scale: float) -> None:
    report = tell(suite, case, scale)
    assert report.accepted


def test_every_suite_without_root_has_a_short_trial() -> None:
    assert SHORT.keys() == {name for name, suite in SUITES.items() if not suite.root}
