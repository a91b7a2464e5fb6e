"""Golden files, whole texts that a test compares; the command line in this process; how laws are tried."""

from __future__ import annotations

import gc
import os
import shutil
import signal
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Protocol

import httpx
import pytest
import structlog
from click.testing import CliRunner, Result
from hypothesis import HealthCheck, settings

from router.cli import main

Command = Callable[..., Result]

# How long an example takes, and how long it takes to make one, is no part of any law.
_UNTIMED = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("usual", _UNTIMED, max_examples=50)
settings.register_profile("long", _UNTIMED, max_examples=2000)
settings.load_profile("usual")

*_PROCESSORS, _ = structlog.get_config()["processors"]
# The usual traceback tells all variables of all frames: a whole rule set takes it seconds.
_SHORT = structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)

# What is made while tests are collected stays to the end: looking for garbage in it took a third of the time.
gc.disable()


def pytest_configure() -> None:
    """Whom a shell starts in the background, it has ignore Ctrl-C, and so what that starts in turn."""
    if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int:
    """Three for two cores: tests of daemons wait as long as they work."""
    cores = os.cpu_count() or 1
    return cores + cores // 2


def pytest_collection_finish() -> None:
    """Garbage is looked for again, and only among what the tests make."""
    gc.enable()
    gc.freeze()


def pytest_unconfigure() -> None:
    """Extensions look at the end of the process whether anything of theirs is left."""
    gc.unfreeze()


class Golden(Protocol):
    """Compares a text with `golden/NAME` beside the test file."""

    def __call__(self, text: str, name: str) -> None: ...


@pytest.fixture(scope="session", autouse=True)
def _certificates_once() -> Iterator[None]:
    """httpx reads all certificates of the machine for each client; no test is about TLS."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("httpx._transports.default.create_ssl_context", cache(httpx.create_ssl_context))
        yield


@pytest.fixture(autouse=True)
def _logs_as_they_were() -> Iterator[None]:
    """Commands that run in this process set up the logs; the next test shall not hear of it."""
    structlog.configure(processors=[*_PROCESSORS, _SHORT])
    yield
    structlog.reset_defaults()


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--update-golden", action="store_true", help="Rewrite golden files with what came out.")


@pytest.fixture
def update_golden(request: pytest.FixtureRequest) -> bool:
    """Whether golden files are rewritten. Look at the difference before you keep them."""
    return bool(request.config.getoption("--update-golden"))


@pytest.fixture
def golden(request: pytest.FixtureRequest, update_golden: bool) -> Golden:
    """Compares with the files of the folder `golden` beside the test."""
    folder = Path(request.path).parent / "golden"

    def compare(text: str, name: str) -> None:
        path = folder / name
        if update_golden:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, "utf-8")
        known = path.read_text("utf-8") if path.exists() else ""
        assert text == known, "run with --update-golden if this is what it should be"

    return compare


@pytest.fixture
def samples(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the folder `samples` beside the test, made the working directory."""
    folder = tmp_path / "samples"
    shutil.copytree(Path(request.path).parent / "samples", folder)
    monkeypatch.chdir(folder)
    return folder


@pytest.fixture
def tagwright(samples: Path, monkeypatch: pytest.MonkeyPatch) -> Command:
    """Runs a command among the samples: its exit status, and what it wrote to either stream."""
    monkeypatch.setenv("NO_COLOR", "1")

    def run(*arguments: str, given: str | bytes | None = None, color: bool = False) -> Result:
        return CliRunner().invoke(
            main, arguments, input=given, prog_name="tagwright", terminal_width=100, color=color,
            catch_exceptions=False,
        )  # fmt: skip

    return run
