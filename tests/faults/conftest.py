"""The launcher of daemons, and trials of the suites at a small scale."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path
from typing import cast

import daemons
import pytest

from .processes import Launcher
from .registry import SUITES
from .trial import Report, Trial

Tell = Callable[..., Report]


@pytest.fixture(scope="session")
def launcher() -> Launcher:
    """That of the other tests with processes: what they import is read once."""
    return cast("Launcher", daemons.launcher())


@pytest.fixture
def tell(launcher: Launcher, tmp_path: Path) -> Tell:
    """Tells a case of a suite, and asserts that nothing was violated."""

    def told(suite: str, case: str, scale: float) -> Report:
        seed = random.randrange(10**6)  # noqa: S311 - as pytest-randomly seeded it
        with Trial(launcher, tmp_path, seed, scale) as trial:
            report = SUITES[suite].run(trial, case)
        violations = [str(each) for each in report.violations]
        assert not violations, f"{suite} --case {case} --seed {seed} --scale {scale}"
        return report

    return told
