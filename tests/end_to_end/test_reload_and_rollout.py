"""A running daemon takes up what changes on its disk, tries rules out, and never mixes trial and earnest."""

from __future__ import annotations

import asyncio
import json
import os
import signal
from pathlib import Path

from daemons import HASTY, PIXEL, TOKEN, Daemon, House, counted, page_view, purchase, tagwright, until

from router.delivery.sqlite import SqliteSpool
from router.tiktok.mock import MockTikTok, Scripted

RULES = 'use "standard.rules"\ndrop when event.context.page.title == "{}" reason "internal"\n'
FAILING = """
test "a page view is a purchase" {
  given {
    event.event_name          = "page_view"
    event.consent.advertising = true
  }
  expect send Purchase to tiktok_web
}
"""
UNWATCHED = "[reload]\nwatch = false\ntests = false\n"
FILES = {"TIKTOK_TOKEN": None, "TIKTOK_TOKEN_FILE": "token"}


def put(path: Path, text: str, mode: int = 0o600) -> None:
    """A whole new file in the place of the old one."""
    beside = path.with_suffix(".new")
    beside.write_text(text, "utf-8")
    beside.chmod(mode)
    beside.replace(path)


def version(daemon: Daemon) -> str:
    return str(daemon.status()["rules"]["version"])


def test_changed_rules_are_taken_without_a_signal(house: House, tiktok: MockTikTok) -> None:
    put(house.folder / "shop.rules", RULES.format("none"))
    daemon = house.start(tiktok.base_url, HASTY, rules=["shop.rules"], tests=True)
    first = version(daemon)
    put(house.folder / "shop.rules", RULES.format("internal") + FAILING)
    until(lambda: daemon.metric("tagwright_rules_reload_failed_total") == 1)
    assert "the test" in daemon.status()["rules"]["reload_problems"][0]
    assert version(daemon) == first
    put(house.folder / "shop.rules", RULES.format("internal"))
    until(lambda: version(daemon) != first)
    assert daemon.status()["rules"]["reload_failed_at"] is None
    assert daemon.stop() == 0


def test_watching_and_testing_can_be_switched_off(house: House, tiktok: MockTikTok) -> None:
    put(house.folder / "shop.rules", RULES.format("none") + FAILING)
    put(house.folder / "token", TOKEN)
    daemon = house.start(tiktok.base_url, FILES, rules=["shop.rules"], settings=UNWATCHED, tests=True)
    first = version(daemon)
    tiktok.revoke(TOKEN)
    put(house.folder / "shop.rules", RULES.format("internal"))
    put(house.folder / "token", "another-token")
    daemon.send(page_view("unwatched"))
    until(lambda: counted(tiktok, "unwatched"))
    assert version(daemon) == first
    daemon.hang_up()
    assert version(daemon) != first
    assert daemon.stop() == 0


def test_rules_whose_tests_fail_do_not_start(house: House, tiktok: MockTikTok) -> None:
    (house.folder / "shop.rules").write_text('use "standard.rules"\n' + FAILING)
    done = house.refuse(rules=["shop.rules"], tests=True)
    assert done.returncode == 2
    assert 'shop.rules:3: the test "a page view is a purchase" fails' in done.stderr
    assert "`tagwright test shop.rules` shows why" in done.stderr
    done = house.refuse(more=["--tests", "shop.rules"], tests=True)
    assert (done.returncode, "shop.rules:3" in done.stderr) == (2, True)
    done = house.refuse(more=["--tests", "shop.rules"])
    assert (done.returncode, "exclude each other" in done.stderr) == (2, True)
    assert house.start(tiktok.base_url, rules=["shop.rules"]).stop() == 0


def test_a_token_that_is_replaced_under_load_costs_nothing(house: House, tiktok: MockTikTok) -> None:
    put(house.folder / "token", "token-0")
    daemon = house.start(tiktok.base_url, FILES | HASTY)
    for round_ in range(3):
        daemon.send(*(page_view(f"rotate-{round_}-{number}") for number in range(40)))
        put(house.folder / "token", f"token-{round_ + 1}")
        tiktok.revoke(f"token-{round_}")
        daemon.send(*(page_view(f"rotate-{round_}-{number}") for number in range(40, 80)))
    until(lambda: len(tiktok.counted()) == 240)
    until(daemon.idle)
    assert daemon.status()["spool"]["dead_letters"] == {}
    assert daemon.destination()["state"] == "open"
    assert "token-1" not in daemon.log() + json.dumps(daemon.status()) + daemon.metrics()
    assert daemon.stop() == 0


def test_a_secret_that_everybody_can_read_is_refused_with_the_fix(house: House, tiktok: MockTikTok) -> None:
    put(house.folder / "token", TOKEN, mode=0o644)
    done = house.refuse(env=FILES)
    assert done.returncode == 2
    assert "token, which TIKTOK_TOKEN_FILE names, can be read or written by every user" in done.stderr
    assert "fix: chmod o-rwx token" in done.stderr
    daemon = house.start(tiktok.base_url, FILES, settings='secret_files = "any"\n')
    daemon.hang_up()
    assert daemon.status()["rules"]["reload_problems"] == []
    assert daemon.stop() == 0


def test_no_secret_stands_on_the_command_line_or_in_a_core_dump(house: House, tiktok: MockTikTok) -> None:
    daemon = house.start(tiktok.base_url, fresh=True)
    process = Path(f"/proc/{daemon.process.pid}")
    assert TOKEN.encode() not in (process / "cmdline").read_bytes()
    limits = (process / "limits").read_text().splitlines()
    assert next(line for line in limits if line.startswith("Max core file size")).split()[4:6] == ["0", "0"]
    assert daemon.stop() == 0


def test_entries_keep_the_version_of_the_rules_that_made_them(house: House, tiktok: MockTikTok) -> None:
    put(house.folder / "shop.rules", RULES.format("none"))
    tiktok.script(Scripted(code=40002, message="no", times=4))
    daemon = house.start(tiktok.base_url, HASTY, rules=["shop.rules"])
    versions = [version(daemon)]
    daemon.send(page_view("before"))
    until(lambda: sum(daemon.status()["spool"]["dead_letters"].values()) == 1)
    put(house.folder / "shop.rules", RULES.format("internal"))
    until(lambda: version(daemon) != versions[0])
    versions.append(version(daemon))
    daemon.send(page_view("after"))
    until(lambda: sum(daemon.status()["spool"]["dead_letters"].values()) == 2)
    assert daemon.stop() == 0
    assert asyncio.run(dead_versions(house.folder / "data")) == versions


async def dead_versions(data: Path) -> list[str]:
    spool = await SqliteSpool.open(data)
    try:
        return [each.entry.rules_version for each in await spool.archive.dead()]
    finally:
        await spool.close()


# ------------------------------------------------------------------ trial runs


def test_a_dry_run_does_everything_but_the_send(house: House, tiktok: MockTikTok) -> None:
    daemon = house.start(tiktok.base_url, {"TIKTOK_TOKEN": None}, more=["--dry-run"])
    assert daemon.send(purchase("dry-1")).json()["outcomes"]["send"] == 1
    assert daemon.send(purchase("dry-1")).json()["outcomes"]["duplicate"] == 1
    until(lambda: (daemon.status()["dry_run"] or {})["events"]["clean"] == 1)
    status = daemon.status()
    assert status["mode"] == "dry_run"
    assert status["rules"]["remarks"][0] == "dry run: events are judged, and nothing is sent"
    assert daemon.metric("tagwright_dry_run") == 1
    shown = tagwright("status", "--admin", daemon.admin.removeprefix("http://"), cwd=house.folder)
    assert "nothing is sent" in shown.stdout
    assert daemon.stop() == 0
    assert tiktok.requests() == []


def test_a_dry_run_neither_swallows_what_waits_nor_leaves_anything(house: House, tiktok: MockTikTok) -> None:
    tiktok.script(Scripted(hang=True))
    real = house.start(tiktok.base_url)
    real.send(page_view("in-earnest"))
    until(lambda: real.destination()["in_flight"] == 1)
    trial = house.start(tiktok.base_url, more=["--dry-run"])
    assert trial.status()["spool"]["pending"] == 0
    assert trial.send(page_view("tried")).json()["outcomes"]["send"] == 1
    until(trial.idle)
    trial.kill()
    real.kill()
    tiktok.reset()
    again = house.start(tiktok.base_url)
    until(lambda: counted(tiktok, "in-earnest"))
    assert again.send(page_view("tried")).json()["outcomes"]["send"] == 1
    until(lambda: counted(tiktok, "tried"))
    assert again.stop() == 0
    done = house.refuse(data="data/dry-run")
    assert (done.returncode, "holds the events of a dry run" in done.stderr) == (2, True)


def test_a_shadow_tells_what_it_would_do_and_sends_nothing(house: House, tiktok: MockTikTok) -> None:
    put(house.folder / "new.rules", 'use "standard.rules"\ndrop when event.nonsense\n')
    done = house.refuse(more=["--shadow", "new.rules"])
    assert (done.returncode, "the shadow rules have errors" in done.stderr) == (2, True)
    dropping = 'use "standard.rules"\ndrop when event.event_name == "purchase" reason "no"\n'
    put(house.folder / "new.rules", dropping)
    daemon = house.start(tiktok.base_url, HASTY, more=["--shadow", "new.rules"])
    daemon.send(purchase("shadow-1"), page_view("shadow-2"))
    until(lambda: daemon.status()["shadow"]["compared"] == 2)
    found = daemon.status()["shadow"]
    assert found["different"] == 1
    assert ": 1 of 2 events come out otherwise" in daemon.status()["rules"]["remarks"][0]
    assert daemon.metric("tagwright_shadow_differences_total", event="purchase", what="lost") == 1
    assert daemon.metric("tagwright_shadow_events_total", result="same") == 1
    until(lambda: counted(tiktok, "shadow-1") and counted(tiktok, "shadow-2"))
    put(house.folder / "new.rules", 'use "standard.rules"\n')
    until(lambda: daemon.status()["shadow"]["version"] != found["version"])
    assert daemon.status()["shadow"]["compared"] == 0
    assert daemon.stop() == 0


# ------------------------------------------------------------------ stopping meanwhile


def test_a_reload_that_hangs_does_not_keep_the_daemon_from_stopping(house: House, tiktok: MockTikTok) -> None:
    put(house.folder / "token", TOKEN)
    daemon = house.start(tiktok.base_url, FILES, settings=UNWATCHED)
    (house.folder / "token").unlink()
    os.mkfifo(house.folder / "token", 0o600)
    threads = Path(f"/proc/{daemon.process.pid}/task")
    before = len(list(threads.iterdir()))
    daemon.process.send_signal(signal.SIGHUP)
    until(lambda: len(list(threads.iterdir())) > before)
    assert daemon.send(page_view("meanwhile")).status_code == 202
    assert daemon.stop() == 0
    assert PIXEL not in daemon.log()
