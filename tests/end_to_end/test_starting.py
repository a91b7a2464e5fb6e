"""A daemon that cannot start says why, with the fix, and exits 2."""

from __future__ import annotations

import socket
from typing import Any

import pytest
from daemons import TOKEN, House, page_view, until

from router.tiktok.mock import MockTikTok

REFUSALS = [
    pytest.param(
        {"env": {"TIKTOK_PIXEL": None}},
        ["no destination is active", 'env("TIKTOK_PIXEL")', "set one of them"],
        id="no destination",
    ),
    pytest.param(
        {"env": {"TIKTOK_TOKEN": None}}, ["tiktok_web has no token", "set TIKTOK_TOKEN"], id="no token"
    ),
    pytest.param(
        {"env": {"TIKTOK_TOKEN": None, "TIKTOK_TOKEN_FILE": "/nowhere/token"}},
        ["has no token"],
        id="no token file",
    ),
    pytest.param(
        {"env": {"TIKTOK_TOKEN": "token with blanks"}},
        ["the token contains white space"],
        id="token with blanks",
    ),
    pytest.param(
        {"env": {"TIKTOK_PIXEL": "C PIXEL"}},
        ["event source id for web contains white space"],
        id="id with blanks",
    ),
    pytest.param(
        {"listen": "0.0.0.0:0"},
        ["listen = 0.0.0.0:0", "no write key is set", "fix: export TAGWRIGHT_WRITE_KEY="],
        id="open to anybody",
    ),
    pytest.param({"listen": "http://127.0.0.1:0"}, ["--listen: must be HOST:PORT"], id="a URL"),
    pytest.param({"listen": "localhost"}, ["--listen: must be HOST:PORT"], id="no port"),
    pytest.param(
        {"settings": "lisen = 3"}, ["lisen: is not a setting", "did you mean listen?"], id="typing error"
    ),
    pytest.param({"settings": "= ="}, ["is not TOML"], id="no TOML"),
    pytest.param({"settings": "profile = 'live'"}, ['must be one of "test", "production"'], id="wrong value"),
    pytest.param({"rules": ["nowhere.rules"]}, ["there is no file nowhere.rules"], id="no rules"),
]


@pytest.mark.parametrize(("options", "words"), REFUSALS)
def test_what_is_missing_or_wrong_is_said(house: House, options: dict[str, Any], words: list[str]) -> None:
    done = house.refuse(**options)
    assert done.returncode == 2
    assert [each for each in words if each not in done.stderr] == []
    assert TOKEN not in done.stdout + done.stderr
    assert "blanks" not in done.stderr
    assert not (house.folder / "data").exists()


def test_mistakes_in_rules_are_shown_with_their_places(house: House) -> None:
    rules = house.folder / "shop.rules"
    rules.write_text('use "standard.rules"\n\ndrop when event.is_interal == true reason "x"\n')
    done = house.refuse(rules=["shop.rules"])
    assert done.returncode == 2
    assert "shop.rules:3:17" in done.stderr
    assert "error: the rules have errors" in done.stderr


def test_a_port_in_use_is_named(house: House) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        place = f"127.0.0.1:{taken.getsockname()[1]}"
        done = house.refuse(listen=place)
    assert done.returncode == 2
    assert f"cannot listen on {place}: Address already in use" in done.stderr


def test_a_data_directory_serves_one_daemon(house: House, tiktok: MockTikTok) -> None:
    daemon = house.start(tiktok.base_url)
    done = house.refuse()
    assert done.returncode == 2
    assert "the data directory data is in use by another process" in done.stderr
    daemon.send(page_view("alone"))
    until(lambda: tiktok.counted())
    assert daemon.stop() == 0
    assert house.start(tiktok.base_url).stop() == 0


def test_a_data_directory_that_cannot_be_used(house: House) -> None:
    (house.folder / "data").write_text("a file")
    done = house.refuse()
    assert done.returncode == 2
    assert "data" in done.stderr
    assert "Traceback" not in done.stderr


def test_destinations_without_an_id_are_said_to_be_inactive(house: House, tiktok: MockTikTok) -> None:
    daemon = house.start(tiktok.base_url)
    for name in ("tiktok_app", "tiktok_offline", "tiktok_crm"):
        assert f"note: {name} is inactive" in daemon.log()
    app = {"event_name": "purchase", "consent": {"advertising": True}}
    named = {**app, "partners": {"tiktok": {"event_source": "offline"}}}
    assert daemon.send(named).json()["outcomes"]["skip"] == 1
    assert daemon.metric("tagwright_outcomes_total", reason="destination_inactive") == 1
    assert daemon.http.get(daemon.admin + "/healthz").status_code == 200
    assert daemon.http.get(daemon.admin + "/readyz").json() == {"ready": True}
    assert daemon.stop() == 0
