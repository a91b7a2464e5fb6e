"""A daemon for real clients, and a front before it that fails when it is told to."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

# How tests start daemons and ask them, and what the purchase is, is written down once.
for _each in ("clients", "end_to_end"):
    _folder = str(Path(__file__).parents[1] / _each)
    if _folder not in sys.path:
        sys.path.append(_folder)

from daemons import House, Shop  # noqa: E402
from driving import KEY, Front  # noqa: E402
from pytest_httpserver import HTTPServer  # noqa: E402

from router.tiktok.mock import MockTikTok  # noqa: E402

SETTINGS = """
[[write_keys]]
name = "shop"
env = "SHOP_KEY"

[consent]
segment = { marketing = "advertising" }
rudderstack = { C0004 = "advertising" }
"""


@pytest.fixture(scope="session")
def client_shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    """A daemon that asks for a key."""
    made = House(tmp_path_factory.mktemp("clients"))
    with MockTikTok() as running:
        yield Shop(made.start(running.base_url, settings=SETTINGS, env={"SHOP_KEY": KEY}), running)
        made.end()


@pytest.fixture
def front(client_shop: Shop, httpserver: HTTPServer) -> Front:
    """What clients post to."""
    return Front(client_shop.daemon.url, httpserver)
