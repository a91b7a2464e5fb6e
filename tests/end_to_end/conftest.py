"""Daemons for tests: one of their own, or the shared one."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from daemons import House, Shop

from router.tiktok.mock import MockTikTok


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    """Daemons of one test; all are gone at its end."""
    made = House(tmp_path)
    yield made
    made.end()


@pytest.fixture
def tiktok() -> Iterator[MockTikTok]:
    """A TikTok of one test."""
    with MockTikTok() as running:
        yield running


@pytest.fixture(scope="session")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    """The shared daemon: default settings, no write keys, Commanders Act's category 2 is advertising."""
    made = House(tmp_path_factory.mktemp("shop"))
    with MockTikTok() as running:
        settings = '[consent]\ncommanders_act = { "2" = "advertising" }\n'
        yield Shop(made.start(running.base_url, settings=settings, fresh=True, tests=True), running)
        made.end()
