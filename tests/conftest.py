"""Golden files: whole texts that a test compares, rewritten with `--update-golden`."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

import pytest
import structlog


class Golden(Protocol):
    """Compares a text with `golden/NAME` beside the test file."""

    def __call__(self, text: str, name: str) -> None: ...


@pytest.fixture(autouse=True)
def _logs_as_they_were() -> Iterator[None]:
    """Commands that run in this process set up the logs; the next test shall not hear of it."""
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
