"""`init`, and what the README promises."""

from __future__ import annotations

import re
import subprocess
import tomllib
from pathlib import Path
from typing import Any

import pytest

from router.settings import Settings, load_settings

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text("utf-8")
BLOCKS = re.findall(r"^```[a-z]*\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)


def test_a_new_project_is_clean(tagwright: Any, samples: Path) -> None:
    result = tagwright("init", "new")
    assert result.exit_code == 0
    folder = samples / "new"
    assert {each.name for each in folder.iterdir()} >= {"shop.rules", "tagwright.toml", ".env.example"}
    assert all(f"wrote {Path('new') / each.name}\n" in result.stdout for each in folder.iterdir())
    assert tagwright("check", "--strict", "new/shop.rules").exit_code == 0
    tested = tagwright("test", "new/shop.rules")
    assert (tested.exit_code, " 0 failed" in tested.stdout) == (0, True)
    assert load_settings(folder / "tagwright.toml", {}) == (Settings(), ())
    steps = result.stdout.partition("Next:\n")[2].splitlines()
    assert steps[0] == "  cd new"
    assert steps[-1] == "  tagwright run --rules shop.rules"


def test_the_environment_s_example_is_read_by_a_shell(tagwright: Any, samples: Path) -> None:
    tagwright("init", "new")
    shell = "cp .env.example .env && set -eua && . ./.env && echo [$TIKTOK_PIXEL$TIKTOK_TOKEN]"
    done = subprocess.run(
        ["sh", "-c", shell], cwd=samples / "new", capture_output=True, text=True, check=True
    )
    assert done.stdout == "[]\n"


def test_each_line_of_the_settings_works_when_it_is_uncommented(tagwright: Any, samples: Path) -> None:
    tagwright("init", "new")
    text = (samples / "new" / "tagwright.toml").read_text("utf-8")
    uncommented = re.sub(r"^#(?=[a-z_]+ = )", "", text, flags=re.MULTILINE)
    assert uncommented != text
    tomllib.loads(uncommented)
    (samples / "all.toml").write_text(uncommented)
    settings, problems = load_settings(samples / "all.toml", {"SHOP_WRITE_KEY": "key"})
    assert problems == ()
    assert [key.name for key in settings.write_keys] == ["shop"]


def test_what_is_there_stays(tagwright: Any, samples: Path) -> None:
    before = (samples / "shop.rules").read_text()
    result = tagwright("init")
    assert result.exit_code == 0
    assert "kept  shop.rules, which was there already\n" in result.stdout
    assert (samples / "shop.rules").read_text() == before
    assert (samples / "tagwright.toml").exists()


def test_a_folder_that_cannot_be_made(tagwright: Any, samples: Path) -> None:
    result = tagwright("init", "shop.rules/inside")
    assert (result.exit_code != 0, result.stdout) == (True, "")
    assert "shop.rules/inside" in result.stderr


def test_the_rules_of_the_readme_are_right(tagwright: Any, samples: Path) -> None:
    example = next(block for block in BLOCKS if block.startswith("use "))
    (samples / "readme.rules").write_text(example)
    result = tagwright("check", "--strict", "readme.rules")
    assert (result.exit_code, result.stdout) == (0, "1 file: no problems\n")


@pytest.mark.parametrize("end", ["tagwright demo", "pytest -q -n auto"])
def test_the_readme_has_each_set_up_command_once(end: str) -> None:
    commands = [block.strip() for block in BLOCKS if block.startswith("python3 ")]
    assert len(commands) == 2
    found = [each for each in commands if each.endswith(end)]
    assert len(found) == 1
    assert "\n" not in found[0]
    assert README.count(found[0]) == 1


def test_continuous_integration_runs_the_readme_s_test_command() -> None:
    script = (ROOT / ".ci" / "run").read_text("utf-8")
    pattern = re.search(r"grep -E '([^']+)' README\.md", script)
    assert pattern is not None
    found = [line for line in README.splitlines() if re.search(pattern[1], line)]
    assert len(found) == 1
    assert found[0].endswith("pytest -q -n auto")
