"""Dead letters, what became of events, erasure and backup, asked of a running daemon and without one."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path
from typing import Any

import httpx
from daemons import Daemon, House, counted, page_view, purchase, tagwright, until

from router.tiktok.mock import MockTikTok


def test_a_dead_letter_from_its_death_to_its_delivery(house: House, tiktok: MockTikTok) -> None:
    """TikTok refuses `bad-1` and takes `good-1`; events are kept, sealed."""
    folder = house.folder
    key = folder / "seal.key"
    key.write_text("q83vEjRWeJCrze8SNFZ4kKvN7xI0VniQq83vEjRWeJA=\n", "ascii")
    key.chmod(0o600)
    daemon = house.start(tiktok.base_url, settings=f'[store]\nseal_key = "{key}"\nkeep_events = true\n')
    script(tiktok, code=40002, message="data[0].properties.currency: bad", times=1)
    daemon.send(purchase("bad-1"))
    until(lambda: daemon.status()["spool"]["dead_letters"])
    daemon.send(purchase("good-1"), page_view("no-1", consent={"advertising": False}))
    until(lambda: counted(tiktok, "good-1") and daemon.idle())
    why_tells_of_sent_dead_and_skipped_events(folder)
    a_dead_letter_is_shown_without_the_person_unless_asked_for(folder)
    a_replay_says_what_it_would_do_and_then_does_it_under_the_same_event_id(folder, daemon, tiktok)


def script(tiktok: MockTikTok, **answer: Any) -> None:
    httpx.post(f"{tiktok.base_url}/_mock/script", json=answer, trust_env=False).raise_for_status()


def ask(folder: Path, *arguments: str) -> tuple[int, str, str]:
    done = tagwright(
        *arguments, "--config", str(folder / "tagwright.toml"), "--data", str(folder / "data"), cwd=folder
    )
    return done.returncode, done.stdout, done.stderr


def asked(folder: Path, *arguments: str) -> Any:
    status, out, err = ask(folder, *arguments, "--json")
    assert status in (0, 1), err
    return json.loads(out)


def why_tells_of_sent_dead_and_skipped_events(folder: Path) -> None:
    _, sent, _ = ask(folder, "why", "good-1")
    assert "to tiktok_web, web CPIXEL0000000000001: sent 20" in sent
    assert "in TikTok's request mock" in sent
    _, dead, _ = ask(folder, "why", "bad-1")
    assert "a dead letter since" in dead
    assert "refused 40002" in dead
    _, skipped, _ = ask(folder, "why", "no-1")
    assert "page_view to tiktok_web: skipped, no advertising consent (rules/standard.rules:" in skipped
    assert ask(folder, "why", "never-1")[:2] == (
        1,
        "nothing is known of never-1: it did not come in the last 7 days, or was rejected\n",
    )


def a_dead_letter_is_shown_without_the_person_unless_asked_for(folder: Path) -> None:
    listed = asked(folder, "dead", "list", "--reason", "refused", "--code", "40002")
    (letter,) = listed["letters"]
    assert (letter["event_id"], letter["reason"], letter["attempts"]) == ("bad-1", "refused", 1)
    _, hidden, _ = ask(folder, "dead", "show", str(letter["id"]))
    user = json.loads(hidden)["payload"]["user"]
    assert set(user.values()) == {"(hidden)"}
    _, open_, _ = ask(folder, "dead", "show", str(letter["id"]), "--reveal")
    assert len(json.loads(open_)["payload"]["user"]["email"]) == 64
    assert asked(folder, "dead", "list", "--code", "1")["groups"] == []
    assert asked(folder, "dead", "list", "--older", "1d")["groups"] == []


def a_replay_says_what_it_would_do_and_then_does_it_under_the_same_event_id(
    folder: Path, daemon: Daemon, tiktok: MockTikTok
) -> None:
    planned = asked(folder, "dead", "replay", "--all", "--dry-run", "--rerun-rules")
    assert planned["counts"] == {"queued": 1}
    (change,) = planned["changes"]
    assert (change["event_id"], change["added"], change["removed"], change["changed"]) == (
        "bad-1",
        [],
        [],
        [],
    )
    assert asked(folder, "dead", "list")["groups"], "a dry run changes nothing"
    assert asked(folder, "dead", "replay", "--reason", "refused")["counts"] == {"queued": 1}
    until(lambda: counted(tiktok, "bad-1"))
    until(daemon.idle)
    assert "sent 20" in ask(folder, "why", "bad-1")[1]
    assert ask(folder, "dead", "list")[:2] == (1, "no dead letters\n")
    assert '"asked": "replay"' in daemon.log()
    assert daemon.status()["conservation"]["tiktok_web"]["unaccounted"] == 0


def test_a_person_is_erased_from_what_waits_with_and_without_a_daemon(
    house: House, tiktok: MockTikTok
) -> None:
    daemon = house.start(tiktok.base_url, settings="[delivery]\nbreaker_failures = 1000\n")
    script(tiktok, status=500, times=1000)
    daemon.send(purchase("theirs"), page_view("others"))
    until(lambda: daemon.status()["spool"]["pending"] == 2)
    email = purchase("x")["user"]["email"]
    status, out, err = ask(house.folder, "erase", "--email", email)
    assert (status, out) == (0, "1 events erased\n"), err
    until(lambda: daemon.status()["spool"]["pending"] == 1)
    shown = ask(house.folder, "why", "theirs")[1]
    assert "removed; it was not delivered (erased)" in shown
    assert daemon.stop() == 0
    assert ask(house.folder, "erase", "--email", email)[1] == "0 events erased\n"
    assert ask(house.folder, "erase", "--email", "nobody")[0] == 2
    assert "waits, next attempt" in ask(house.folder, "why", "others")[1]


def test_a_backup_of_a_running_daemon_can_be_restored(house: House, tiktok: MockTikTok) -> None:
    daemon = house.start(tiktok.base_url)
    script(tiktok, status=500, times=1)
    daemon.send(purchase("kept"))
    copy = house.folder / "copy.sqlite"
    status, _, err = ask(house.folder, "spool", "backup", str(copy))
    assert status == 0, err
    assert copy.stat().st_mode & 0o777 == 0o600
    assert ask(house.folder, "spool", "backup", str(copy))[0] == 2, "nothing is overwritten"
    assert ask(house.folder, "spool", "check")[0] == 2, "the daemon has it"
    daemon.stop()
    assert ask(house.folder, "spool", "check")[:2] == (0, "the spool is sound\n")
    done = tagwright("spool", "restore", str(copy), "--data", "elsewhere", cwd=house.folder)
    assert done.returncode == 0, done.stderr
    with sqlite3.connect(house.folder / "elsewhere" / "spool.sqlite") as restored:
        assert restored.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    restored.close()
    again = tagwright("spool", "restore", str(copy), "--data", "elsewhere", cwd=house.folder)
    assert (again.returncode, "has a spool already" in again.stderr) == (2, True)


def test_a_command_in_the_wrong_place_says_where_to_look(tmp_path: Path) -> None:
    done = tagwright("dead", "list", "--data", "nowhere", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == (
        "error: there is no spool in nowhere\n"
        "  fix: name the daemon's data directory with --data, or its settings with --config\n"
    )
    assert not (tmp_path / "nowhere").exists()
