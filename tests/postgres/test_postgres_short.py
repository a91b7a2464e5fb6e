"""A short trial of what matters most; `python -m tests.postgres` tells every story at length."""

from __future__ import annotations

import random
from collections.abc import Iterator

import pytest

from tests.faults.processes import Launcher

from .suites import SUITES
from .telling import FORKER, tell


@pytest.fixture(scope="module")
def launcher() -> Iterator[Launcher]:
    with Launcher(FORKER) as running:
        yield running


def test_no_machine_is_missed(launcher: Launcher) -> None:
    seed = random.randrange(10**6)  # noqa: S311 - as pytest-randomly seeded it
    report = tell(launcher, SUITES["machines"], seed, 1, clients=2)
    assert [str(each) for each in report.violations] == [], f"machines --seed {seed}"
    assert report.accepted > 40


def test_a_loss_would_be_noticed(launcher: Launcher) -> None:
    report = tell(launcher, SUITES["failover-async-stalled"], 1, 1, clients=2)
    assert [str(each) for each in report.violations] == []
    assert report.lost
