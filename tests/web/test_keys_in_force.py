"""The keys of settings and file together, while the file changes under a running daemon."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from router.keyring import KEYS_FILE, Grant, added, change_keys, digest, revoked, rotated
from router.settings import WriteKey
from router.web.keys import KeyRing, shown_key

NOW = 1_795_253_223


class Clock:
    time = float(NOW)

    def __call__(self) -> float:
        return self.time


@pytest.fixture
def clock() -> Clock:
    return Clock()


def put(directory: Path, name: str, value: str, expires: int | None = None) -> None:
    change_keys(directory, lambda keys: added(keys, Grant(name), digest(value), NOW, expires))


def test_both_places_count(tmp_path: Path, clock: Clock) -> None:
    put(tmp_path, "file", "in-the-file")
    ring = KeyRing([WriteKey("settings", "in-the-settings", rate=3)], tmp_path, clock)
    assert ring.find("in-the-file") == Grant("file")
    assert ring.find("in-the-settings") == Grant("settings", rate=3)
    assert ring.find("in-neither") is None
    assert ring.find("") is None
    assert ring.find(None) is None


def test_an_empty_value_is_no_key(clock: Clock) -> None:
    assert KeyRing([WriteKey("empty", "")], None, clock).find(None) is None


def test_a_changed_file_is_taken_up_within_a_second(tmp_path: Path, clock: Clock) -> None:
    ring = KeyRing([], tmp_path, clock)
    assert not ring.required
    put(tmp_path, "shop", "value")
    clock.time += 0.9
    assert ring.find("value") is None
    clock.time += 0.1
    assert ring.find("value") == Grant("shop")
    assert ring.required
    change_keys(tmp_path, lambda keys: revoked(keys, "shop"))
    clock.time += 1
    assert ring.find("value") is None
    assert ring.required, "revoking the last key must not open the door"


def test_reload_does_not_wait(tmp_path: Path, clock: Clock) -> None:
    ring = KeyRing([], tmp_path, clock)
    put(tmp_path, "shop", "value")
    ring.reload()
    assert ring.find("value") == Grant("shop")


def test_a_clock_that_goes_back_delays_nothing(tmp_path: Path, clock: Clock) -> None:
    ring = KeyRing([], tmp_path, clock)
    put(tmp_path, "shop", "value")
    clock.time -= 3600
    assert ring.find("value") == Grant("shop")


def test_grace_and_expiry_end_by_themselves(tmp_path: Path, clock: Clock) -> None:
    put(tmp_path, "shop", "old", expires=NOW + 100)
    change_keys(tmp_path, lambda keys: rotated(keys, "shop", digest("new"), NOW, 10))
    ring = KeyRing([], tmp_path, clock)
    assert (ring.find("old"), ring.find("new")) == (Grant("shop"), Grant("shop"))
    clock.time = NOW + 10
    assert (ring.find("old"), ring.find("new")) == (None, Grant("shop"))
    clock.time = NOW + 100
    assert ring.find("new") is None


def spoil(path: Path, how: str) -> None:
    match how:
        case "damaged":
            path.write_text("{", "utf-8")
        case "gone":
            path.unlink()
        case _:
            path.unlink()
            path.mkdir()


@pytest.mark.parametrize("how", ["damaged", "gone", "unreadable"])
def test_a_file_that_cannot_be_read_keeps_the_old_keys_and_is_logged_once(
    tmp_path: Path, clock: Clock, how: str
) -> None:
    put(tmp_path, "shop", "value")
    ring = KeyRing([], tmp_path, clock)
    spoil(tmp_path / KEYS_FILE, how)
    with capture_logs() as logs:
        for _ in range(5):
            clock.time += 2
            assert ring.find("value") == Grant("shop")
    assert [each["event"] for each in logs] == ["keys_unusable"]
    assert ring.required
    if how == "damaged":
        (tmp_path / KEYS_FILE).unlink()
        put(tmp_path, "shop", "another")
        clock.time += 2
        assert ring.find("value") is None
        assert ring.find("another") == Grant("shop")


def test_a_damaged_file_opens_no_door_at_the_start(tmp_path: Path, clock: Clock) -> None:
    (tmp_path / KEYS_FILE).write_text("{", "utf-8")
    ring = KeyRing([], tmp_path, clock)
    assert ring.required
    assert ring.find("value") is None


def test_no_key_shows(tmp_path: Path, clock: Clock) -> None:
    put(tmp_path, "shop", "value-of-the-file")
    ring = KeyRing([WriteKey("a", "value-a"), WriteKey("b", "value-b", signature="shopify")], tmp_path, clock)
    told = repr(vars(ring))
    for value in ("value-of-the-file", "value-a", "value-b"):
        assert value not in told
        assert repr(digest(value)) not in told


@pytest.mark.parametrize(
    ("headers", "query", "shown"),
    [
        ({"x-write-key": " a "}, {}, "a"),
        ({"authorization": "Bearer b"}, {}, "b"),
        ({"authorization": "Basic Yzpw"}, {}, "c"),
        ({}, {"token": "d"}, "d"),
        ({"x-other": "e"}, {}, "e"),
        ({"x-write-key": "a", "authorization": "Bearer b", "x-other": "e"}, {"token": "d"}, "a"),
        ({"authorization": "Digest b"}, {"other": "d"}, None),
        ({}, {}, None),
    ],
)
def test_how_a_key_is_shown(headers: Any, query: Any, shown: str | None) -> None:
    assert shown_key(headers, query, "token", ["x-other"]) == shown
