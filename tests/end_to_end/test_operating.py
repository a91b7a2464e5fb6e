"""What an operator sees of a daemon in trouble: in `tagwright status`, in the log and in the metrics."""

from __future__ import annotations

import json
import socket
import subprocess
from pathlib import Path

from daemons import HASTY, Daemon, House, page_view, tagwright, until

from router.tiktok.mock import MockTikTok, Scripted

LONG_AGO = {"context": {"event_timestamp": 1_600_000_000}}


def status(daemon: Daemon, folder: Path) -> subprocess.CompletedProcess[str]:
    return tagwright("status", "--admin", daemon.admin.removeprefix("http://"), cwd=folder)


def told(daemon: Daemon, event: str) -> list[dict[str, object]]:
    lines = [json.loads(line) for line in daemon.log().splitlines() if line.startswith("{")]
    return [line for line in lines if line["event"] == event]


def test_a_tiktok_that_cannot_be_reached_shows_everywhere(house: House) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        nobody = f"http://127.0.0.1:{taken.getsockname()[1]}"
    daemon = house.start(nobody)
    assert daemon.send(page_view("waits")).status_code == 202
    until(lambda: daemon.destination()["failing"])
    shown = status(daemon, house.folder)
    assert shown.returncode == 1
    assert "tiktok_web failing for" in shown.stdout
    assert "no connection to TikTok; check" in shown.stdout
    assert [each["reason"] for each in told(daemon, "destination_failing")] == ["not_sent:ConnectError"]
    assert [each["waiting"] for each in told(daemon, "started")] == [0]
    assert daemon.stop() == 0
    again = house.start(nobody)
    assert [each["waiting"] for each in told(again, "started")] == [1]
    assert again.stop() == 0


def test_a_tiktok_that_comes_back_is_told(house: House, tiktok: MockTikTok) -> None:
    tiktok.script(Scripted(status=502))
    daemon = house.start(tiktok.base_url, HASTY)
    daemon.send(page_view("late"))
    until(lambda: told(daemon, "destination_recovered"))
    assert len(told(daemon, "destination_failing")) == 1
    assert status(daemon, house.folder).returncode == 0
    assert daemon.stop() == 0


def test_dead_letters_show_with_their_reasons(house: House, tiktok: MockTikTok) -> None:
    tiktok.script(Scripted(code=40002, message="grace@example.org is wrong"))
    daemon = house.start(tiktok.base_url)
    daemon.send(page_view("refused"))
    until(lambda: daemon.status()["dead"])
    daemon.send(page_view("old", **LONG_AGO))
    until(lambda: len(daemon.status()["dead"]["tiktok_web"]) == 2)
    assert daemon.status()["dead"] == {"tiktok_web": {"refused 40002": 1, "too_old": 1}}
    assert "dead letters 2 (refused 1, too_old 1)" in status(daemon, house.folder).stdout
    assert daemon.metric("tagwright_events_dead_total", reason="refused", code="40002") == 1
    assert [each["reason"] for each in told(daemon, "dead_letter")] == ["refused", "too_old"]
    assert "grace" not in daemon.log()
    assert daemon.stop() == 0


def test_status_says_why_a_reload_failed(house: House, tiktok: MockTikTok) -> None:
    rules = house.folder / "shop.rules"
    rules.write_text('use "standard.rules"\n')
    daemon = house.start(tiktok.base_url, rules=["shop.rules"])
    rules.write_text('use "standard.rules"\n\ndrop when event.is_interal == true reason "x"\n')
    daemon.hang_up()
    shown = status(daemon, house.folder).stdout
    assert "the last reload failed; the rules before it are in force:" in shown
    assert "shop.rules:3: E" in shown
    rules.write_text('use "standard.rules"\n')
    daemon.hang_up()
    assert "the last reload failed" not in status(daemon, house.folder).stdout
    assert daemon.stop() == 0


def test_what_is_no_http_is_answered_and_counted_and_not_logged(house: House, tiktok: MockTikTok) -> None:
    daemon = house.start(tiktok.base_url)
    host, port = daemon.url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=10) as peer:
        peer.sendall(b"\x16\x03\x01\x02\x00\x01\x00\r\n\r\n")
        head, _, body = peer.recv(4096).partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 400 ")
    assert json.loads(body)["error"]["code"] == "not_http"
    assert daemon.metric("tagwright_requests_total", status="400") == 1
    assert "nvalid" not in daemon.log()
    assert daemon.stop() == 0


def test_what_is_allowed_and_hardly_meant_is_noted(house: House, tiktok: MockTikTok) -> None:
    env = {"TAGWRIGHT_LISTEM": "127.0.0.1:1", "TAGWRIGHT_LOGS_LEVEL": "info"}
    daemon = house.start(tiktok.base_url, env=env)
    assert "note: TAGWRIGHT_LISTEM is set, and no setting or rule reads it\n" in daemon.log()
    assert "TAGWRIGHT_LOGS_LEVEL" not in daemon.log()
    assert daemon.stop() == 0


def test_a_token_file_that_cannot_be_read_is_named(house: House) -> None:
    done = house.refuse(env={"TIKTOK_TOKEN": None, "TIKTOK_TOKEN_FILE": "/nowhere/token"})
    assert done.returncode == 2
    assert (
        "/nowhere/token, which TIKTOK_TOKEN_FILE names, is empty or this user cannot read it" in done.stderr
    )


def test_a_mistake_in_the_token_is_told_for_active_destinations_only(house: House) -> None:
    done = house.refuse(env={"TIKTOK_TOKEN": "two words"})
    assert [line for line in done.stderr.splitlines() if "the token contains" in line] == [
        "error: tiktok_web: the token contains white space or control characters; copy it without them"
    ]


def test_a_port_in_use_comes_with_a_way_out(house: House) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        done = house.refuse(listen=f"127.0.0.1:{taken.getsockname()[1]}")
    assert "fix: stop what listens there, or choose other addresses with --listen and --admin" in done.stderr
