"""What `tagwright status` shows of what a daemon answers: what is wrong first, then the figures."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from typing import Any

import pytest
from click.testing import Result
from pytest_httpserver import HTTPServer

Page = Callable[[Mapping[str, Any]], Result]

SHOP: Mapping[str, Any] = {
    "destination": "shop",
    "state": "open",
    "reason": "",
    "code": "",
    "until": None,
    "pending": 2,
    "in_flight": 1,
    "next_try_seconds": None,
    "failing": None,
    "todo": None,
    "sources": {"web": "PIXEL"},
}
WELL: Mapping[str, Any] = {
    "version": "0.1.0",
    "state": "running",
    "uptime_seconds": 11_000,
    "rules": {
        "version": "abcdef012345",
        "files": ["shop.rules"],
        "reload_failed_at": None,
        "reload_problems": [],
        "remarks": [],
    },
    "destinations": [SHOP],
    "spool": {
        "pending": 2,
        "in_flight": 1,
        "rows_limit": 1000,
        "payload_bytes": 18_200,
        "payload_bytes_limit": 1_000_000,
        "oldest_seconds": 4,
        "dead_letters": {"too_old": 1, "refused": 3},
        "dead_letters_bytes": 900,
        "dead_letters_bytes_limit": 5_000,
        "dead_letters_evicted": 0,
        "disk_free_bytes": 20_000_000_000,
        "disk_low_bytes": 536_870_912,
    },
    "outcomes": {"send": {"-": 5}, "skip": {"no consent": 2}},
    "sent": {"shop": {"Purchase": 5}},
    "dead": {},
}


@pytest.fixture
def page(tagwright: Any, httpserver: HTTPServer) -> Page:
    """The command, asking a daemon that answers this."""

    def ask(report: Mapping[str, Any]) -> Result:
        httpserver.clear()
        httpserver.expect_request("/status").respond_with_json(dict(report))
        shown: Result = tagwright("status", "--admin", f"127.0.0.1:{httpserver.port}")
        return shown

    return ask


def changed(**parts: Any) -> dict[str, Any]:
    """The answer of a daemon that is well, with parts of its sections changed."""
    report = copy.deepcopy(dict(WELL))
    for name, part in parts.items():
        report[name] = {**report.get(name, {}), **part} if isinstance(part, dict) else part
    return report


def held(**more: Any) -> dict[str, Any]:
    """The shop, held."""
    return {**SHOP, "state": "held", "reason": "auth", "code": "40105", "todo": "put in a token", **more}


def test_a_daemon_that_is_well(page: Page) -> None:
    shown = page(WELL)
    assert shown.exit_code == 0
    places = [
        "up 3 h 3 min",
        "nothing needs attention",
        "│ shop ",
        "waiting 2, in flight 1, 18.2 kB, oldest 4 s",
        "disk 20 GB free; below 537 MB events are answered 503",
        "outcomes since the start",
        "dead letters 4 (refused 3, too_old 1)",
        "tagwright dead list --reason refused",
    ]
    assert [each for each in places if each not in shown.stdout] == []
    assert sorted(places, key=shown.stdout.index) == places
    assert "conservation" not in shown.stdout


def test_what_is_held_says_why_and_what_to_do(page: Page) -> None:
    shown = page(changed(destinations=[held(next_try_seconds=42)]))
    assert shown.exit_code == 1
    assert "shop held (auth 40105): put in a token (next try in 42 s)\n" in shown.stdout


def test_what_fails_says_since_when(page: Page) -> None:
    failing = {"reason": "not_sent:ConnectError", "seconds": 61, "attempts": 5}
    shown = page(changed(destinations=[{**SHOP, "failing": failing, "todo": "check the network"}]))
    assert shown.exit_code == 1
    assert "shop failing for 61 s, 5 attempts (not_sent:ConnectError): check the network" in shown.stdout


def test_a_reload_that_failed_lists_the_mistakes_as_they_are(page: Page) -> None:
    problems = ["shop.rules:3: E201 `[bold]` is no field"]
    shown = page(changed(rules={"reload_failed_at": 1.0, "reload_problems": problems}))
    assert shown.exit_code == 1
    assert "the last reload failed; the rules before it are in force: correct" in shown.stdout
    assert f"    {problems[0]}\n" in shown.stdout


@pytest.mark.parametrize(
    ("spool", "words"),
    [
        ({"disk_free_bytes": 5, "disk_low_bytes": 6}, "the disk is nearly full"),
        ({"pending": 900}, "901 events wait of 1000 that may"),
        ({"payload_bytes": 900_000}, "900000 bytes wait of 1000000 that may"),
        ({"oldest_seconds": 601}, "the oldest event has waited for 601 s"),
        ({"dead_letters_evicted": 2}, "2 dead letters had to go"),
    ],
)
def test_what_is_wrong_with_the_store(page: Page, spool: Mapping[str, Any], words: str) -> None:
    shown = page(changed(spool=spool))
    assert shown.exit_code == 1
    assert words in shown.stdout


def test_events_that_wait_for_a_held_destination_are_no_trouble_of_their_own(page: Page) -> None:
    shown = page(changed(spool={"oldest_seconds": 5000}, destinations=[held()]))
    assert "has waited" not in shown.stdout


def test_the_books_are_shown_and_what_they_lack_comes_first(page: Page) -> None:
    books = {"offered": 9, "sent": 5, "duplicate": 1, "pending": 2, "unaccounted": 1}
    reload = {"reload_failed_at": 1.0, "reload_problems": []}
    shown = page(changed(conservation={"shop": books}, rules=reload))
    assert shown.exit_code == 1
    assert "where everything went since the spool was made" in shown.stdout
    first = shown.stdout.partition("needs attention:\n")[2].splitlines()[0]
    assert first.startswith("  shop: 1 events are unaccounted for: ")


def test_books_that_balance_need_nobody(page: Page) -> None:
    shown = page(changed(conservation={"shop": {"offered": 5, "sent": 5, "unaccounted": 0}}))
    assert (shown.exit_code, "nothing needs attention" in shown.stdout) == (0, True)


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [(2, "2 s"), (119, "119 s"), (120, "2 min"), (7_260, "2 h 1 min"), (90_000, "1 d 1 h")],
)
def test_times_are_as_people_say_them(page: Page, seconds: int, shown: str) -> None:
    assert f"running, up {shown}\n" in page(changed(uptime_seconds=seconds)).stdout


def test_rules_that_are_tried_out_show_what_they_would_do(page: Page) -> None:
    difference = {
        "event": "purchase",
        "destination": "shop",
        "kind": "field",
        "what": "user.phone",
        "count": 7,
    }
    shadow = {
        "version": "fedcba543210",
        "compared": 90,
        "different": 7,
        "dropped": 1,
        "problems": [],
        "differences": [difference],
    }
    finding = {"destination": "shop", "severity": "error", "code": "no_event", "path": "event", "count": 3}
    dry_run = {"requests": 9, "events": {"clean": 6, "refused": 3}, "findings": [finding]}
    shown = page(changed(shadow=shadow, dry_run=dry_run))
    assert shown.exit_code == 0
    assert "shadow fedcba543210: 7 of 90 events differ, 1 were not compared" in shown.stdout
    assert "│ purchase │ shop        │ field │ user.phone │ 7      │" in shown.stdout
    assert "dry run: 6 events without a fault, 3 TikTok would refuse" in shown.stdout
    broken = page(changed(shadow={**shadow, "problems": ["next.rules:1: E101 what is this"]}))
    assert (broken.exit_code, "the shadow rules have mistakes" in broken.stdout) == (1, True)
