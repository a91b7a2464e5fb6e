"""`check --fix`: sure corrections, in rounds, in the named files only, all of a file at once."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from router.cli import main

HERE = Path(__file__).parent
Command = Callable[..., Result]
WRONG = (
    'language 1\nuse "base/shop.rules"\n\nmapping order {\n  user.email = hash_email(event.user.emial\n'
    "  properties.curency = event.currency\n  properties.value = valeu\n}\n"
)
MENDED = WRONG.replace("emial\n", "email)\n").replace("curency =", "currency =")


@pytest.fixture
def tagwright(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Command:
    shutil.copytree(HERE / "codes" / "base", tmp_path / "base")
    monkeypatch.chdir(tmp_path)

    def run(*arguments: str) -> Result:
        return CliRunner().invoke(main, arguments, prog_name="tagwright", catch_exceptions=False)

    return run


def test_fixes_are_made_in_rounds_and_reported(tagwright: Command) -> None:
    path = Path("order.rules")
    path.write_text(WRONG)
    result = tagwright("check", "--fix", "order.rules")
    assert path.read_text() == MENDED
    assert result.exit_code == 1
    fixed = [line for line in result.stdout.splitlines() if line.startswith("fixed ")]
    assert [line.rpartition("  ")[2] for line in fixed] == ["[E101]", "[E220]", "[E201]"]
    assert fixed[1] == "fixed order.rules:6:14: curency -> currency  [E220]"
    assert result.stdout.endswith("1 file: 1 error\n")
    assert "`valeu` is not a name in this file" in result.stdout


def test_nothing_to_fix_changes_nothing(tagwright: Command) -> None:
    path = Path("clean.rules")
    path.write_text('language 1\nuse "base/shop.rules"\n')
    before = path.stat()
    result = tagwright("check", "--fix", "clean.rules")
    assert (result.exit_code, result.stdout) == (0, "1 file: no problems\n")
    assert path.stat().st_ino == before.st_ino


def test_a_difference_is_shown_instead(tagwright: Command) -> None:
    path = Path("order.rules")
    path.write_text(WRONG)
    result = tagwright("check", "--fix", "--diff", "order.rules")
    assert path.read_text() == WRONG
    assert "\n-  properties.curency = event.currency\n" in result.stdout
    assert "\n+  properties.currency = event.currency\n" in result.stdout
    assert tagwright("check", "--diff", "order.rules").exit_code == 2


def test_used_files_stay_as_they_are(tagwright: Command) -> None:
    Path("order.rules").write_text(WRONG)
    Path("user.rules").write_text('language 1\nuse "order.rules"\nlet a = event.valeu\n')
    assert tagwright("check", "--fix", "user.rules").exit_code == 1
    assert Path("order.rules").read_text() == WRONG
    assert Path("user.rules").read_text().endswith("let a = event.value\n")


def test_files_of_one_rule_set_are_mended_together(tagwright: Command) -> None:
    Path("one.rules").write_text('language 1\nuse "base/shop.rules"\nlet limit = 10\nlet a = event.valeu\n')
    Path("two.rules").write_text("language 1\nlet b = event.valeu > limti\n")
    result = tagwright("check", "--fix", "--together", "one.rules", "two.rules")
    assert (result.exit_code, Path("two.rules").read_text()) == (
        0,
        "language 1\nlet b = event.value > limit\n",
    )


def test_line_ends_marks_and_permissions_are_kept(tagwright: Command) -> None:
    path = Path("order.rules")
    path.write_bytes(b"\xef\xbb\xbf" + WRONG.replace("\n", "\r\n").encode())
    path.chmod(0o640)
    tagwright("check", "--fix", "order.rules")
    assert path.read_bytes() == b"\xef\xbb\xbf" + MENDED.replace("\n", "\r\n").encode()
    assert path.stat().st_mode & 0o777 == 0o640
    assert [each.name for each in Path().iterdir() if each.name.startswith(".")] == []


def test_machine_formats_keep_standard_output_to_themselves(tagwright: Command) -> None:
    Path("order.rules").write_text(WRONG.replace("valeu", "event.value"))
    result = tagwright("check", "--fix", "--format", "github", "order.rules")
    assert (result.exit_code, result.stdout) == (0, "")
    assert "fixed order.rules:6:14" in result.stderr


def test_lint_makes_the_sure_fixes_of_lints(tagwright: Command) -> None:
    text = (
        'language 1\nuse "base/shop.rules"\ndestination app {\n  type = "tiktok"\n  source = "app"\n'
        '  app_id = env("A")\n  token = secret("T")\n}\nsource = "app"\non ad for app { send InAppAdImpr }\n'
    ).replace('source = "app"\non', "on")
    Path("ads.rules").write_text(text)
    tagwright("lint", "--fix", "ads.rules")
    assert Path("ads.rules").read_text() == text.replace("InAppAdImpr", "InAppADImpr")
