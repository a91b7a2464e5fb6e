"""Write keys of the data directory, while the daemon runs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from daemons import HASTY, House, counted, page_view, tagwright, until

from router.tiktok.mock import MockTikTok


def keys(house: House, *arguments: str) -> str:
    done = tagwright("keys", *arguments, "--data", "data", cwd=house.folder)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def takes(daemon: Any, key: str, status: int, **headers: str) -> bool:
    answer = daemon.send({"event_name": "probe"}, x_write_key=key, **headers)
    return bool(answer.status_code == status)


def test_a_key_is_made_rotated_and_revoked_under_a_running_daemon(house: House, tiktok: MockTikTok) -> None:
    first = keys(house, "add", "shop")
    daemon = house.start(tiktok.base_url, HASTY, listen="0.0.0.0:0")
    daemon.url = daemon.url.replace("0.0.0.0", "127.0.0.1")
    assert daemon.send(page_view("keyed"), x_write_key=first).status_code == 202
    until(lambda: counted(tiktok, "keyed"))
    assert daemon.send(page_view("stranger")).status_code == 401
    second = keys(house, "rotate", "shop")
    until(lambda: takes(daemon, second, 202))
    assert takes(daemon, first, 202)
    third = keys(house, "rotate", "shop", "--grace", "0")
    until(lambda: takes(daemon, second, 401))
    assert takes(daemon, third, 202)
    keys(house, "revoke", "shop")
    until(lambda: takes(daemon, third, 401))
    # After so many wrong keys the answer to one more may be that there were too many.
    assert takes(daemon, "", 401) or takes(daemon, "", 429)
    told = daemon.log() + daemon.metrics() + (house.folder / "data" / "keys.json").read_text("utf-8")
    for value in (first, second, third):
        assert value not in told
    assert daemon.stop() == 0
    assert not counted(tiktok, "stranger")


def test_a_page_posts_with_its_own_key(house: House, tiktok: MockTikTok) -> None:
    origin = "https://shop.example"
    key = keys(house, "add", "page", "--sender", "browser", "--origin", origin, "--event", "page_*")
    settings = 'trusted_proxies = ["127.0.0.0/8"]\nclient_ip_header = "CF-Connecting-IP"\n'
    daemon = house.start(tiktok.base_url, settings=settings)
    shown = {"x_write_key": key, "origin": origin, "cf_connecting_ip": "203.0.113.9"}
    faked = page_view("from-the-page", context={"device": {"ip": "192.0.2.1", "user_agent": "faked"}})
    answer = daemon.send(faked, {"event_name": "purchase"}, **shown, user_agent="Mozilla/5.0")
    assert [each["code"] for each in answer.json()["rejected"]] == ["out_of_scope"]
    (event,) = until(lambda: counted(tiktok, "from-the-page"))
    assert event["payload"]["user"]["ip"] == "203.0.113.9"
    assert event["payload"]["user"]["user_agent"] == "Mozilla/5.0"
    assert (
        daemon.send(page_view("elsewhere"), **{**shown, "origin": "https://evil.example"}).status_code == 403
    )
    assert daemon.stop() == 0


def test_a_damaged_file_of_keys_stops_the_start(house: House) -> None:
    folder = Path(house.folder / "data")
    folder.mkdir()
    (folder / "keys.json").write_text("{")
    refused = house.refuse()
    assert refused.returncode == 2
    assert "is damaged" in refused.stderr
