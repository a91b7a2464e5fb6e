"""Which spool a data directory goes with: one of its own, or one in a database, and never both."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

import pytest
from delivery_samples import entries
from postgres_server import fresh_url, shared_server
from spool_kinds import offer, unaccounted

from router.daemon.storing import clock_of, open_storage
from router.delivery.ownership import OwnedDirectory
from router.delivery.postgres.address import address_of
from router.delivery.postgres.clock import DatabaseClock
from router.delivery.postgres.moving import move
from router.delivery.spool import SpoolUnusable
from router.desk.reach import ask
from router.settings import DatabaseUrl, Settings, Store, load_settings

ROOMY = Store(free_bytes=0, free_percent=0.0, ballast_bytes=0)


def settings_of(url: str | None) -> Settings:
    return Settings(spool=None if url is None else DatabaseUrl(url), store=ROOMY)


def stored(directory: Path, url: str | None, count: int = 0, *, dry_run: bool = False) -> int:
    """Open the spool, store some more, and how many wait then."""

    async def run() -> int:
        settings = settings_of(url)
        clock = clock_of(settings, dry_run=dry_run)
        storage = await open_storage(directory, settings, lambda _: None, clock, dry_run=dry_run)
        try:
            await offer(storage.spool, entries(count))
            assert await unaccounted(storage.spool) == {0}
            return (await storage.spool.stats()).rows
        finally:
            await storage.close()

    return asyncio.run(run())


def refusal(directory: Path, url: str | None) -> str:
    with pytest.raises(SpoolUnusable) as refused:
        stored(directory, url)
    OwnedDirectory(directory).release()
    return str(refused.value)


def test_routers_with_directories_of_their_own_share_what_is_in_the_database(tmp_path: Path) -> None:
    url = fresh_url()
    assert stored(tmp_path / "one", url, 3) == 3
    assert stored(tmp_path / "two", url, 4) == 4
    assert not (tmp_path / "one" / "spool.sqlite").exists()
    assert isinstance(clock_of(settings_of(url)), DatabaseClock)


def test_a_directory_with_a_spool_of_its_own_is_to_be_copied_first(tmp_path: Path) -> None:
    url = fresh_url()
    stored(tmp_path, None, 2)
    shown = str(address_of(url))
    assert f"\n  fix: tagwright spool copy {tmp_path} {shown}, or" in refusal(tmp_path, url)
    assert asyncio.run(move(str(tmp_path), url))["delivery"] == 2
    assert stored(tmp_path, url) == 2


def test_a_directory_whose_spool_is_in_a_database_gets_none_of_its_own_unseen(tmp_path: Path) -> None:
    url = fresh_url()
    stored(tmp_path, url, 2)
    assert "is in a database\n  fix: name it with --spool" in refusal(tmp_path, None)
    assert asyncio.run(move(url, str(tmp_path)))["delivery"] == 2
    assert stored(tmp_path, None) == 2


def test_a_spool_that_was_there_and_is_gone_is_missed(tmp_path: Path) -> None:
    url = fresh_url()
    stored(tmp_path, url, 2)
    with shared_server().session() as session:
        session.execute(f"DROP SCHEMA {address_of(url).schema} CASCADE".encode())
    assert "this router had one, with what was accepted\n  fix: " in refusal(tmp_path, url)
    assert stored(tmp_path / "another", url) == 0


def test_a_dry_run_leaves_the_database_alone(tmp_path: Path) -> None:
    assert stored(tmp_path, "postgresql://router@127.0.0.1:1/nowhere", 2, dry_run=True) == 2


def test_one_process_at_a_time_has_a_directory_whatever_its_spool_is(tmp_path: Path) -> None:
    owned = OwnedDirectory(tmp_path)
    with pytest.raises(SpoolUnusable, match="in use by another process"):
        stored(tmp_path, fresh_url())
    owned.release()


def test_without_the_driver_the_command_that_installs_it_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "psycopg", None)
    assert refusal(tmp_path, "postgresql://a/b").endswith("fix: pip install 'tagwright[postgres]'")


def test_the_desk_of_a_database_works_while_no_router_runs(tmp_path: Path) -> None:
    url = fresh_url()
    stored(tmp_path, url, 3)
    database = DatabaseUrl(url)
    assert ask(tmp_path / "elsewhere", "dead", {}, database=database)["groups"] == []
    with pytest.raises(SpoolUnusable, match="there is no spool in "):
        ask(tmp_path, "dead", {}, database=DatabaseUrl(fresh_url()))
    with shared_server().session() as session:
        session.execute(f"UPDATE {address_of(url).schema}.meta SET version = 0".encode())  # noqa: S608 - a name of ours
    with pytest.raises(SpoolUnusable, match=r"older version.*\n  fix: tagwright spool migrate"):
        ask(tmp_path, "dead", {}, database=database)


@pytest.mark.parametrize(
    ("url", "password"),
    [
        ("postgresql://u:p%40ss@h/d", "p@ss"),
        ("postgresql://u@h1,h2:5433/d?password=other", "other"),
        ("postgres://u@/d?host=/run/postgresql", None),
    ],
)
def test_a_database_is_a_setting_that_does_not_show_its_password(url: str, password: str | None) -> None:
    settings, problems = load_settings(None, {"TAGWRIGHT_SPOOL": url})
    assert problems == ()
    assert settings.spool is not None
    assert (settings.spool.url, settings.spool.password) == (url, password)
    assert url not in repr(settings)


@pytest.mark.parametrize("text", ["mysql://h/d", "postgresql://h", "postgresql://[h/d", "a path"])
def test_what_is_no_database_is_refused_without_repeating_it(text: str) -> None:
    _, (problem,) = load_settings(None, {"TAGWRIGHT_SPOOL": text})
    assert str(problem) == (
        "environment: TAGWRIGHT_SPOOL: must be an address such as postgresql://USER@HOST/DATABASE"
    )
