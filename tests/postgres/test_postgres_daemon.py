"""`tagwright run --spool postgresql://…`: several routers are one, and wait for their database."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from daemons import Daemon, House, counted, page_view, tagwright, until
from postgres_server import shared_server

from router.daemon.attention import concerns
from router.tiktok.mock import MockTikTok

PASSWORD = "pw-90c1f2"


@dataclass(frozen=True)
class Pair:
    """Two daemons on one database, each named it in a way of its own."""

    first: Daemon
    second: Daemon
    tiktok: MockTikTok
    database: str
    folder: Path

    @property
    def url(self) -> str:
        """With a password, which the server does not ask for."""
        return f"postgresql://router:{PASSWORD}@127.0.0.1:{shared_server().port}/{self.database}"

    def sent(self, *names: str) -> list[int]:
        return [len(counted(self.tiktok, name)) for name in names]


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pair]:
    folder, database = tmp_path_factory.mktemp("pair"), f"routers_{os.getpid()}"
    house = House(folder)
    url = f"postgresql://router:{PASSWORD}@127.0.0.1:{shared_server().port}/{database}"
    with MockTikTok() as tiktok, shared_server().session() as session:
        session.execute(f"CREATE DATABASE {database}".encode())
        first = house.start(tiktok.base_url, data="one", more=("--spool", url))
        second = house.start(tiktok.base_url, data="two", settings=f'spool = "{url}"\n')
        until(lambda: first.status()["store"]["routers"] == 2)
        yield Pair(first, second, tiktok, database, folder)
        for daemon in (first, second):
            assert daemon.stop() == 0
            assert PASSWORD not in daemon.log()
        session.execute(f"DROP DATABASE {database} WITH (FORCE)".encode())


def let_in(database: str, *, allowed: bool) -> None:
    """Whether anybody gets at a database; those who are there are thrown out."""
    with shared_server().session() as session:
        session.execute(f"ALTER DATABASE {database} WITH ALLOW_CONNECTIONS {allowed}".encode())
        session.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", [database]
        )


def ready(daemon: Daemon) -> bool:
    return daemon.http.get(daemon.admin + "/readyz").status_code == 200


def taken(daemon: Daemon, name: str) -> dict[str, int]:
    """What became of an event, which is sent again for as long as the daemon is busy."""
    answer = until(lambda: (got := daemon.send(page_view(name))).status_code == 202 and got)
    outcomes: dict[str, int] = answer.json()["outcomes"]
    return {name: count for name, count in outcomes.items() if count}


def test_two_routers_are_one(pair: Pair) -> None:
    assert [taken(each, "e-1") for each in (pair.first, pair.second)] == [{"send": 1}, {"duplicate": 1}]
    assert [taken(each, "e-2") for each in (pair.second, pair.first)] == [{"send": 1}, {"duplicate": 1}]
    until(pair.first.idle)
    assert pair.sent("e-1", "e-2") == [1, 1]
    found = [daemon.status() for daemon in (pair.first, pair.second)]
    for status in found:
        store = status["store"]
        assert store["place"] == f"postgresql://127.0.0.1:{shared_server().port}/{pair.database}"
        assert (store["kind"], store["routers"], store["away_seconds"]) == ("postgresql", 2, None)
        assert [risk.partition(" ")[0] for risk in store["risks"]] == ["fsync", "full_page_writes"]
        assert {each["unaccounted"] for each in status["conservation"].values()} == {0}
    assert found[0]["conservation"] == found[1]["conservation"]
    assert pair.first.metric("tagwright_spool_routers") == 2


def test_whoever_is_asked_knows_what_became_of_an_event(pair: Pair) -> None:
    taken(pair.first, "asked")
    until(pair.first.idle)
    there = tagwright("why", "asked", "--data", "two", cwd=pair.folder)
    elsewhere = tagwright(
        "why", "asked", "--data", "none", cwd=pair.folder, env={"TAGWRIGHT_SPOOL": pair.url}
    )
    assert (there.returncode, ": sent " in there.stdout) == (0, True), there.stderr
    assert elsewhere.stdout == there.stdout
    assert pair.first.status()["store"]["routers"] == 2, "who only looks is none of them"


def test_only_a_password_that_all_can_read_is_remarked_on(pair: Pair) -> None:
    remark = "note: every user of this machine can read the password in --spool"
    assert [remark in each.log() for each in (pair.first, pair.second)] == [True, False]


def test_while_the_database_is_away_events_are_refused_and_after_it_they_are_taken(pair: Pair) -> None:
    daemon, before = pair.first, pair.first.log().count("database_back")
    taken(daemon, "before")
    until(daemon.idle)
    sent = daemon.status()["conservation"]["tiktok_web"]["sent"]
    let_in(pair.database, allowed=False)
    refused = daemon.send(page_view("meanwhile"))
    assert (refused.status_code, refused.json()["error"]["code"]) == (503, "busy")
    assert 1 <= int(refused.headers["retry-after"]) <= 5
    until(lambda: not ready(daemon))
    assert daemon.status()["store"]["away_seconds"] is not None
    assert daemon.status()["conservation"]["tiktok_web"]["sent"] == sent
    assert daemon.metric("tagwright_spool_up") == 0
    told = tagwright("dead", "list", "--data", "one", cwd=pair.folder)
    assert (told.returncode, told.stderr) == (2, "error: the database does not answer\n")
    shown = [each.what for each in concerns(daemon.status())]
    assert any(each.startswith("the database of the spool has not answered for ") for each in shown)
    let_in(pair.database, allowed=True)
    until(lambda: ready(daemon) and ready(pair.second))
    assert taken(daemon, "meanwhile") == {"send": 1}
    until(daemon.idle)
    assert pair.sent("before", "meanwhile") == [1, 1]
    assert daemon.log().count("database_back") == before + 1, "it is told once, and not by every line"
