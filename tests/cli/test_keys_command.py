"""`tagwright keys`: what it prints where, and what it refuses."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from router.keyring import KEYS_FILE, digest, read_keys

DATA = Path("tagwright-data")


def values_of(directory: Path = DATA) -> set[bytes]:
    return {value.digest for key in read_keys(directory) for value in key.values}


@pytest.mark.parametrize("command", ["add", "rotate", "revoke", "list"])
def test_help_of_each(tagwright: Any, golden: Any, command: str) -> None:
    result = tagwright("keys", command, "--help")
    assert result.exit_code == 0
    golden(result.output, f"help-keys-{command}.txt")


def test_the_key_alone_is_printed(tagwright: Any, samples: Path) -> None:
    result = tagwright("keys", "add", "shop")
    assert result.exit_code == 0
    assert re.fullmatch(r"tw_[A-Za-z0-9_-]{43}\n", result.stdout)
    value = result.stdout.strip()
    assert value not in result.stderr + (samples / DATA / KEYS_FILE).read_text("utf-8")
    assert values_of() == {digest(value)}
    assert "every sender must show a key" in result.stderr
    assert "every sender" not in tagwright("keys", "add", "another").stderr


def test_what_a_key_may(tagwright: Any, samples: Path) -> None:
    result = tagwright(
        "keys", "add", "page", "--sender", "browser", "--origin", "https://shop.example", "--source", "web",
        "--source", "app", "--event", "page_view", "--event", "add_*", "--rate", "2.5",
        "--expires", "2040-01-01T00:00:00Z", "--json",
    )  # fmt: skip
    told = json.loads(result.stdout)
    assert told["name"] == "page"
    (found,) = json.loads(tagwright("keys", "list", "--json").stdout)
    assert found.pop("age_seconds") >= 0
    assert found.pop("created") > 0
    assert found == {
        "name": "page",
        "sender": "browser",
        "sources": ["web", "app"],
        "events": ["page_view", "add_*"],
        "origins": ["https://shop.example"],
        "rate": 2.5,
        "values_valid": 1,
        "expires": 2_208_988_800,
        "rotated": None,
    }
    listed = " ".join(tagwright("keys", "list").stdout.split())
    assert told["key"] not in listed
    for shown in ("page", "browser", "2.5/s", "2040-01-01"):
        assert shown in listed


def test_rotate_keeps_the_old_value_for_a_while(tagwright: Any, samples: Path) -> None:
    old = tagwright("keys", "add", "shop").stdout.strip()
    result = tagwright("keys", "rotate", "shop", "--grace", "2h")
    new = result.stdout.strip()
    assert values_of() == {digest(old), digest(new)}
    (key,) = read_keys(DATA)
    assert [value.ends is None for value in key.values] == [False, True]
    assert key.rotated is not None
    assert key.values[0].ends == key.rotated + 7200
    told = json.loads(tagwright("keys", "rotate", "shop", "--grace", "0", "--json").stdout)
    assert values_of() == {digest(told["key"])}


def test_revoke_takes_all_values(tagwright: Any, samples: Path) -> None:
    tagwright("keys", "add", "shop")
    tagwright("keys", "rotate", "shop")
    result = tagwright("keys", "revoke", "shop")
    assert (result.exit_code, result.stdout) == (0, "")
    assert values_of() == set()
    assert "there are no keys" in tagwright("keys", "list").stderr
    assert json.loads(tagwright("keys", "list", "--json").stdout) == []


def test_the_directory_is_that_of_option_or_settings(tagwright: Any, samples: Path) -> None:
    (samples / "own.toml").write_text('data = "own"\n[[write_keys]]\nname = "a"\nenv = "NOT_SET_HERE"\n')
    a = tagwright("keys", "add", "a", "--config", "own.toml").stdout.strip()
    b = tagwright("keys", "add", "b", "--data", "given", "--config", "own.toml").stdout.strip()
    assert (values_of(Path("own")), values_of(Path("given"))) == ({digest(a)}, {digest(b)})


def test_a_browser_key_may_rely_on_the_origins_of_the_settings(tagwright: Any, samples: Path) -> None:
    (samples / "tagwright.toml").write_text('cors_origins = ["https://shop.example"]\n')
    assert tagwright("keys", "add", "page", "--sender", "browser").exit_code == 0


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["add"], "Missing argument 'NAME'"),
        (["add", "two words"], "use letters, digits"),
        (["add", "x" * 65], "use letters, digits"),
        (["add", "a", "--sender", "robot"], "'robot' is not one of"),
        (["add", "a", "--sender", "browser"], "needs the pages it stands in"),
        (["add", "a", "--sender", "browser", "--origin", "*"], "write for example https://shop.example"),
        (
            ["add", "a", "--sender", "browser", "--origin", "https://a.example/"],
            "write for example https://shop.example",
        ),
        (["add", "a", "--origin", "https://a.example"], "--origin is for browser keys"),
        (["add", "a", "--source", "moon"], "'moon' is not one of"),
        (["add", "a", "--rate", "0"], "0 is not in the range"),
        (["add", "a", "--expires", "soon"], "write for example 90d"),
        (["add", "a", "--expires", "2001-01-01"], "would have expired already"),
        (["add", "there"], "there is a key there already"),
        (["rotate", "nobody"], "there is no key nobody fix: the keys are there"),
        (["rotate", "there", "--grace", "a day"], "write for example 24h"),
        (["revoke", "nobody"], "there is no key nobody"),
        (["list", "--config", "nowhere.toml"], "cannot be read"),
    ],
)
def test_mistakes_change_nothing(tagwright: Any, samples: Path, arguments: list[str], words: str) -> None:
    tagwright("keys", "add", "there")
    before = (DATA / KEYS_FILE).read_bytes()
    result = tagwright("keys", *arguments)
    assert (result.exit_code, result.stdout) == (2, "")
    assert words in " ".join(result.stderr.split())
    assert (DATA / KEYS_FILE).read_bytes() == before


@pytest.mark.parametrize("command", [["add", "a"], ["rotate", "a"], ["revoke", "a"], ["list"]])
def test_a_damaged_file_stays_as_it_is(tagwright: Any, samples: Path, command: list[str]) -> None:
    DATA.mkdir()
    (DATA / KEYS_FILE).write_text("{")
    result = tagwright("keys", *command)
    assert (result.exit_code, result.stdout) == (2, "")
    assert "is damaged" in result.stderr
    assert (DATA / KEYS_FILE).read_text() == "{"
