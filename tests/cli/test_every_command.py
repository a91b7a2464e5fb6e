"""Help of every command, and what mistakes on the command line get."""

from __future__ import annotations

from typing import Any

import pytest

from router.cli import COMMANDS


def test_help_lists_every_command(tagwright: Any, golden: Any) -> None:
    result = tagwright("--help")
    assert result.exit_code == 0
    assert [name for name in COMMANDS if f"\n  {name} " not in result.output] == []


@pytest.mark.parametrize("command", sorted(COMMANDS))
def test_help_of_each_command(tagwright: Any, golden: Any, command: str) -> None:
    result = tagwright(command, "--help")
    assert result.exit_code == 0
    golden(result.output, f"help-{command}.txt")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["chek"], "there is no command `chek`, did you mean `check`?"),
        (["wobble"], "there is no command `wobble`"),
        (["--wobble"], "No such option"),
        (["check"], "Missing argument 'FILES...'"),
        (["check", "nowhere.rules"], "there is no file nowhere.rules; shipped with TagWright:"),
        (["check", "."], ". is not a file"),
        (["check", "shop.rules", "--format", "xml"], "'xml' is not one of 'text', 'json'"),
        (["test", "nowhere.rules"], "there is no file nowhere.rules"),
        (["explain", "--rules", "shop.rules"], "Missing option '--event'"),
        (["explain", "--event", "-"], "Missing option '--rules'"),
        (["explain", "--rules", "shop.rules", "--event", "nowhere.json"], "No such file or directory"),
        (
            ["explain", "--rules", "shop.rules", "--event", "raw.json", "--now", "soon"],
            'write for example "2026-01-01T10:00:00Z"',
        ),
        (
            ["explain", "--rules", "shop.rules", "--event", "raw.json", "--cookie", "ttclid"],
            "write NAME=VALUE",
        ),
        (["run"], "Missing option '--rules'"),
        (["status", "--admin", "here"], "--admin: must be HOST:PORT"),
        (["init", "shop.rules"], "is a file"),
        (["judge", "nowhere.json"], "No such file or directory"),
        (["mock-tiktok", "--port", "99999"], "99999 is not in the range"),
    ],
)
def test_mistakes_on_the_command_line_are_told(tagwright: Any, arguments: list[str], words: str) -> None:
    result = tagwright(*arguments)
    assert result.exit_code == 2
    assert words in " ".join(result.stderr.split())


def test_status_without_a_daemon(tagwright: Any) -> None:
    result = tagwright("status", "--admin", "127.0.0.1:9")
    assert (result.exit_code, result.stdout) == (2, "")
    assert "no daemon answers on 127.0.0.1:9" in result.stderr
    assert "tagwright run" in result.stderr


def test_status_finds_the_address_in_the_settings_of_the_folder(tagwright: Any, samples: Any) -> None:
    config = 'admin = "127.0.0.1:10"\n[[write_keys]]\nname = "shop"\nenv = "NOT_SET_HERE"\n'
    (samples / "tagwright.toml").write_text(config)
    result = tagwright("status")
    assert (result.exit_code, "no daemon answers on 127.0.0.1:10" in result.stderr) == (2, True)
