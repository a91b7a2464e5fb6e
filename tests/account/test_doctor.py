"""The doctor as a command: beside a running daemon, without one, with a probe; and with its secrets kept."""

from __future__ import annotations

import json
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from router.tiktok.mock import MockTikTok

from .conftest import Shell

TOKEN = "token-5d41402abc4b2a76b9719d911017c592"
PIXEL = "CPIXEL0000000000001"
ENV = {"TIKTOK_PIXEL": PIXEL, "TIKTOK_TOKEN": TOKEN, "TIKTOK_TEST_CODE": "TEST12345"}
ROOM = {f"TAGWRIGHT_STORE_{name}": "0" for name in ("BALLAST_BYTES", "FREE_BYTES", "FREE_PERCENT")}


@pytest.fixture(scope="module")
def pixels() -> Iterator[MockTikTok]:
    with MockTikTok(tokens={TOKEN: [PIXEL]}) as running:
        yield running


@pytest.fixture
def shop(shell: Shell, pixels: MockTikTok) -> Shell:
    shell.env |= {**ENV, **ROOM, "TAGWRIGHT_TIKTOK_BASE_URL": pixels.base_url}
    return shell


def findings(shop: Shell, *arguments: str, **env: str | None) -> tuple[int, dict[str, list[dict[str, str]]]]:
    status, out, said = shop.run("doctor", "--json", *arguments, env=env)
    assert said == ""
    assert TOKEN not in out
    found: dict[str, list[dict[str, str]]] = {}
    for each in json.loads(out):
        found.setdefault(each["name"], []).append(each)
    return status, found


def until(question: Callable[[], Any]) -> Any:
    for _ in range(600):
        if answer := question():
            return answer
        time.sleep(0.05)
    raise AssertionError("it did not come true")


def order(event_id: str) -> dict[str, Any]:
    return {
        "event_name": "purchase", "id": event_id, "order_id": "1001", "value": 10, "currency": "EUR",
        "consent": {"advertising": True}, "user": {"email": "someone@shop.example"},
        "context": {"page": {"url": "https://shop.example/thanks"}},
    }  # fmt: skip


def test_beside_a_running_daemon(shop: Shell) -> None:
    places = ("--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0")
    daemon = shop.start("run", "--rules", "standard.rules", *places)
    url, admin = (daemon.talk.says.readline().split()[-1] for _ in range(2))
    post = httpx.post(f"{url}/v1/events", json=[order("a"), order("b")], trust_env=False)
    assert post.json()["outcomes"]["send"] == 2
    address = admin.removeprefix("http://")
    until(lambda: "match_events_total" in httpx.get(f"{admin}/metrics", trust_env=False).text)
    status, found = findings(shop, "--admin", address)
    assert status == 1
    (orders,) = found["orders"]
    assert orders["state"] == "problem"
    assert "1 orders came to tiktok_web as Purchase from standard and again from standard" in orders["what"]
    assert found["rules"][0]["state"] == "ok", "the daemon's own files"
    assert found["clock"][0]["state"] == "ok"
    assert found["daemon"][0]["state"] == "ok"
    assert {each["state"] for each in found["private files"]} == {"ok"}
    shown = httpx.get(f"{admin}/metrics", trust_env=False).text
    assert 'order_repeats_total{destination="tiktok_web",event="Purchase"} 1.0' in shown
    assert "1001" not in shown
    status, out, _ = shop.run("coverage", "--admin", address, "--json")
    (row,) = json.loads(out)["rows"]
    assert (status, row["events"], row["keys"]["email"]["share"]) == (0, 2, 1.0)
    daemon.talk.process.send_signal(signal.SIGTERM)
    assert daemon.end()[0] == 0


def test_without_a_daemon(shop: Shell) -> None:
    env = {"TIKTOK_TEST_CODE": None}
    status, found = findings(shop, "--rules", "standard.rules", "--admin", "127.0.0.1:9", **env)
    assert status == 0
    assert found["daemon"][0]["state"] == "not checked"
    assert found["tokens"][0]["state"] == "ok"
    status, out, _ = shop.run("doctor", "--rules", "standard.rules", "--admin", "127.0.0.1:9", env=env)
    assert (status, "--all shows what is well" in out) == (0, True)
    assert "ok  tokens" not in out
    assert "daemon, traffic, outcomes" in out


def test_what_waits_for_a_daemon_is_seen(shop: Shell) -> None:
    places = ("--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0")
    nowhere = {"TAGWRIGHT_TIKTOK_BASE_URL": "http://127.0.0.1:9"}
    daemon = shop.start("run", "--rules", "standard.rules", *places, env=nowhere)
    url = daemon.talk.says.readline().split()[-1]
    assert httpx.post(f"{url}/v1/events", json=order("a"), trust_env=False).status_code == 202
    daemon.talk.process.kill()
    daemon.end()
    _, found = findings(shop, "--offline", "--admin", "127.0.0.1:9")
    assert found["queue"][0]["state"] == "problem"
    assert "1 events wait" in found["queue"][0]["what"]
    assert found["clock"][0]["what"] == "TikTok is not asked"


def test_a_probe(shop: Shell, pixels: MockTikTok) -> None:
    pixels.reset()
    base = ("--rules", "standard.rules", "--admin", "127.0.0.1:9", "--probe")
    _, found = findings(shop, *base)
    assert [each["state"] for each in found["probe"]] == ["ok"]
    (sent,) = pixels.requests()
    assert sent["body"]["test_event_code"] == "TEST12345"
    _, found = findings(shop, *base, TIKTOK_TEST_CODE=None)
    assert "would count" in found["probe"][0]["what"]
    _, found = findings(shop, *base, "--test-code", "OTHER1", TIKTOK_TEST_CODE=None)
    assert found["probe"][0]["state"] == "ok"
    status, found = findings(shop, *base, TIKTOK_PIXEL="CPIXEL0000000000002")
    assert status == 1
    assert "code 40001" in found["probe"][0]["what"]
    pixels.revoke("another-token-that-was-revoked-long-ago")
    _, found = findings(shop, *base, TIKTOK_TOKEN="another-token-that-was-revoked-long-ago")
    assert "code 40105" in found["probe"][0]["what"]
    assert "does not take the token" in found["probe"][0]["remedy"]
    assert len(pixels.counted()) <= 2


def test_mistakes_all_at_once(shop: Shell) -> None:
    (shop.folder / "token").write_text(TOKEN)
    (shop.folder / "token").chmod(0o644)
    (shop.folder / "tagwright.toml").write_text('listn = "x"\nlisten = "0.0.0.0:8080"\n')
    data = shop.folder / "tagwright-data"
    data.mkdir(mode=0o755)
    env = {
        "TIKTOK_TOKEN": None,
        "TIKTOK_TOKEN_FILE": "token",
        "TAGWRIGHT_LISTN": "x",
        "TIKTOK_PIXEL": "123456789012",
    }
    status, found = findings(shop, "--rules", "standard.rules", "--admin", "127.0.0.1:9", "--offline", **env)
    assert status == 1
    assert "listn" in found["settings"][0]["what"]
    assert "TAGWRIGHT_LISTN" in found["variables"][0]["what"]
    assert "is a number" in found["event source ids"][0]["what"]
    assert "every user" in found["tokens"][0]["what"]
    assert found["tokens"][0]["remedy"].startswith("chmod o-rwx token")
    assert {each["remedy"] for each in found["private files"]} == {
        "chmod o-rwx token", "chmod go-rwx tagwright-data",
    }  # fmt: skip
    assert "anybody who reaches this address" in found["addresses"][0]["what"]


def test_rules_that_cannot_run(shop: Shell) -> None:
    (shop.folder / "broken.rules").write_text("language 1\nnonsense\n")
    _, found = findings(shop, "--rules", "broken.rules", "--offline", "--admin", "127.0.0.1:9")
    assert found["rules"][0]["state"] == "problem"
    assert found["rules"][0]["what"].startswith("broken.rules:2")


@pytest.mark.parametrize("arguments", [["--probe", "--offline"], ["--test-code", "x"]])
def test_options_that_contradict_each_other(shop: Shell, arguments: list[str], tmp_path: Path) -> None:
    status, out, said = shop.run("doctor", *arguments)
    assert (status, out) == (2, "")
    assert "Error: " in said
