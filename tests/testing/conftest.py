"""`tagwright test` in this process, in a folder with the sample files."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from router.cli import main

Testing = Callable[..., Result]


@pytest.fixture
def samples(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the sample files, made the working directory."""
    folder = tmp_path / "samples"
    shutil.copytree(Path(__file__).parent / "samples", folder)
    monkeypatch.chdir(folder)
    return folder


@pytest.fixture
def testing(samples: Path, monkeypatch: pytest.MonkeyPatch) -> Testing:
    """Runs `tagwright test`: its exit status, and what it wrote to either stream."""
    monkeypatch.setenv("NO_COLOR", "1")

    def run(*arguments: str, color: bool = False) -> Result:
        return CliRunner().invoke(
            main, ["test", *arguments], prog_name="tagwright", color=color, catch_exceptions=False
        )

    return run
