"""A secret may stand in a file that only its owner and group can read."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from router.settings import EnvironmentVariables, load_settings, secret_mark

MODES = [(0o600, True), (0o640, True), (0o400, True), (0o644, False), (0o602, False), (0o601, False)]


def secret(path: Path, text: str = "hush\n", mode: int = 0o600) -> str:
    path.write_text(text, "utf-8")
    path.chmod(mode)
    return str(path)


@pytest.mark.parametrize(("mode", "taken"), MODES, ids=lambda value: oct(value) if value > 1 else "")
def test_files_that_every_user_can_open_are_refused(tmp_path: Path, mode: int, taken: bool) -> None:
    place = secret(tmp_path / "token", mode=mode)
    variables = EnvironmentVariables({"TOKEN_FILE": place})
    assert variables.secret("TOKEN") == ("hush" if taken else None)
    assert variables.refuses(place) is not taken
    assert variables.secrets() == (frozenset({"hush"}) if taken else frozenset())


def test_where_no_other_users_are_they_may_be_taken(tmp_path: Path) -> None:
    place = secret(tmp_path / "token", mode=0o644)
    variables = EnvironmentVariables({"TOKEN_FILE": place}, takes_open_files=True)
    assert variables.secret("TOKEN") == "hush"
    assert not variables.refuses(place)


def test_a_link_is_judged_by_what_it_leads_to(tmp_path: Path) -> None:
    secret(tmp_path / "behind", mode=0o644)
    (tmp_path / "token").symlink_to("behind")
    assert EnvironmentVariables({"TOKEN_FILE": str(tmp_path / "token")}).secret("TOKEN") is None


@pytest.mark.parametrize("setting", ["", 'secret_files = "any"\n'])
def test_the_files_of_write_keys_are_held_to_it(tmp_path: Path, setting: str) -> None:
    key, lone = (secret(tmp_path / name, f"key-{name}", 0o644) for name in ("key", "lone"))
    config = tmp_path / "tagwright.toml"
    config.write_text(f'{setting}[[write_keys]]\nname = "shop"\nfile = "{key}"\n')
    settings, problems = load_settings(config, {"TAGWRIGHT_WRITE_KEY_FILE": lone})
    if setting:
        assert problems == ()
        assert {each.name for each in settings.write_keys} == {"shop", "default"}
    else:
        told = "\n".join(map(str, problems))
        assert f"fix: chmod o-rwx {key}" in told
        assert f"fix: chmod o-rwx {lone}" in told
        assert "key-" not in told
        assert settings.write_keys == ()


def test_a_key_whose_file_is_missing_is_not_simply_left_out() -> None:
    _, problems = load_settings(None, {"TAGWRIGHT_WRITE_KEY_FILE": "/nowhere/key"})
    assert "/nowhere/key is not set, not readable or empty" in str(problems[0])


def test_a_mark_changes_with_content_and_openness_and_with_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "token"
    variables = EnvironmentVariables({"TOKEN_FILE": secret(path)})
    variables.secret("TOKEN")
    marks = [variables.marks()[str(path)]]
    os.utime(path, (1, 1))
    path.chmod(0o640)
    assert secret_mark(str(path)) == marks[0]
    assert "hush" not in marks[0]
    path.chmod(0o644)
    marks.append(secret_mark(str(path)))
    secret(path, "other\n")
    marks.append(secret_mark(str(path)))
    path.unlink()
    marks.append(secret_mark(str(path)))
    assert len(set(marks)) == 4


def test_nobody_waits_for_a_pipe_to_see_whether_it_has_changed(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe", 0o600)
    assert secret_mark(str(tmp_path / "pipe")) == secret_mark(str(tmp_path / "pipe"))
    assert secret_mark("no\0path") == secret_mark(str(tmp_path / "nothing"))
