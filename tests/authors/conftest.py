"""The command line as these tests call it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from router.cli import main

SAMPLES = Path(__file__).parent / "samples"
Tagwright = Callable[..., Result]


@pytest.fixture
def tagwright(monkeypatch: pytest.MonkeyPatch) -> Tagwright:
    """Runs `tagwright` in the folder of the samples."""
    monkeypatch.chdir(SAMPLES)

    def run(*args: str | Path, text: str | None = None) -> Result:
        return CliRunner().invoke(main, [str(each) for each in args], input=text)

    return run
