"""The built parser is kept in a private folder, or not at all."""

from __future__ import annotations

import stat
import subprocess
import sys
from pathlib import Path

import pytest

from router.assets import asset
from router.parser_cache import parser_cache


def test_the_folder_is_made_for_this_user_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    kept = parser_cache()
    assert kept == tmp_path / "cache" / "tagwright" / "parser.cache"
    assert stat.S_IMODE(kept.parent.stat().st_mode) == 0o700


@pytest.mark.parametrize("mode", [0o770, 0o707])
def test_a_folder_that_others_write_to_is_not_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, mode: int
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    folder = tmp_path / "tagwright"
    folder.mkdir()
    folder.chmod(mode)
    assert parser_cache() is None


def test_a_file_in_the_way_costs_only_the_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "tagwright").write_text("")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert parser_cache() is None


@pytest.mark.parametrize("found", [None, b"", b"rubbish\n", b"0" * 64 + b"\nrubbish"])
def test_whatever_lies_there_the_check_is_the_same(tmp_path: Path, found: bytes | None) -> None:
    folder = tmp_path / "tagwright"
    folder.mkdir(mode=0o700)
    if found is not None:
        (folder / "parser.cache").write_bytes(found)
    command = [sys.executable, "-m", "router.cli", "check", str(asset("rules/standard.rules"))]
    for _ in range(2):
        done = subprocess.run(
            command,
            env={"XDG_CACHE_HOME": str(tmp_path), "PATH": ""},
            capture_output=True,
            text=True,
            check=False,
        )
        assert (done.returncode, done.stdout, done.stderr) == (0, "1 file: no problems\n", "")
    assert (folder / "parser.cache").stat().st_size > 1000
