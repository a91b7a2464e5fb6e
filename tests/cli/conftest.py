"""The command line in this process, in a folder with the sample files."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from router.cli import main

Command = Callable[..., Result]


@pytest.fixture
def samples(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the sample files, made the working directory."""
    folder = tmp_path / "samples"
    shutil.copytree(Path(__file__).parent / "samples", folder)
    monkeypatch.chdir(folder)
    return folder


@pytest.fixture
def tagwright(samples: Path, monkeypatch: pytest.MonkeyPatch) -> Command:
    """Runs a command: its exit status, and what it wrote to either stream."""
    monkeypatch.setenv("NO_COLOR", "1")

    def run(*arguments: str, given: str | bytes | None = None) -> Result:
        return CliRunner().invoke(
            main, arguments, input=given, prog_name="tagwright", terminal_width=100, catch_exceptions=False
        )

    return run
