"""`tagwright fmt` as it is called: what it writes, what it says, how it ends."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from router.cli import fmt as command
from router.cli import main
from router.lang.format import UnfaithfulLayoutError

MESSY = 'language 1\nlet  a="é"\n'
TIDY = 'language 1\n\nlet a = "é"\n'
WRONG = "language 1\nlet a = \n"


def fmt(*arguments: str | Path, stdin: str | bytes = "") -> Result:
    return CliRunner().invoke(main, ["fmt", *map(str, arguments)], input=stdin, catch_exceptions=False)


@pytest.fixture
def rules(tmp_path: Path) -> Path:
    path = tmp_path / "shop.rules"
    path.write_text(MESSY, "utf-8")
    return path


def test_a_file_is_rewritten_and_keeps_its_mode(rules: Path) -> None:
    rules.chmod(0o640)
    result = fmt(rules)
    assert (result.exit_code, result.stdout) == (0, f"formatted {rules}\n")
    assert rules.read_text("utf-8") == TIDY
    assert stat.S_IMODE(rules.stat().st_mode) == 0o640
    assert list(rules.parent.iterdir()) == [rules]


def test_a_formatted_file_is_not_written_again(rules: Path) -> None:
    rules.write_text(TIDY, "utf-8")
    before = rules.stat()
    result = fmt(rules)
    assert (result.exit_code, result.stdout) == (0, "1 file already formatted\n")
    assert (rules.stat().st_ino, rules.stat().st_mtime_ns) == (before.st_ino, before.st_mtime_ns)


def test_windows_line_ends_and_the_byte_order_mark_go(rules: Path) -> None:
    rules.write_bytes(b"\xef\xbb\xbf" + TIDY.replace("\n", "\r\n").encode())
    assert fmt("--check", rules).exit_code == 1
    assert fmt(rules).exit_code == 0
    assert rules.read_bytes() == TIDY.encode()


def test_a_link_stays_a_link(rules: Path) -> None:
    link = rules.parent / "link.rules"
    link.symlink_to(rules)
    assert fmt(link).exit_code == 0
    assert link.is_symlink()
    assert rules.read_text("utf-8") == TIDY


def test_check_names_what_would_change_and_changes_nothing(rules: Path) -> None:
    tidy = rules.parent / "tidy.rules"
    tidy.write_text(TIDY, "utf-8")
    result = fmt("--check", rules, tidy)
    assert (result.exit_code, result.stdout) == (1, f"{rules}\n")
    assert rules.read_text("utf-8") == MESSY
    assert fmt("--check", tidy).exit_code == 0


def test_diff_shows_what_would_change(rules: Path) -> None:
    rules.write_text("language 1\n\nlet  a=1", "utf-8")
    result = fmt("--diff", rules)
    assert result.exit_code == 1
    assert result.stdout.splitlines() == [
        f"--- {rules} (as it is)",
        f"+++ {rules} (formatted)",
        "@@ -1,3 +1,3 @@",
        " language 1",
        " ",
        "-let  a=1",
        "\\ No newline at end of file",
        "+let a = 1",
    ]
    assert rules.read_text("utf-8") == "language 1\n\nlet  a=1"


def test_standard_input_goes_to_standard_output() -> None:
    result = fmt("-", stdin=MESSY)
    assert (result.exit_code, result.stdout, result.stderr) == (0, TIDY, "")


def test_nothing_but_formatted_text_reaches_standard_output() -> None:
    result = fmt("-", stdin=WRONG)
    assert (result.exit_code, result.stdout) == (1, "")
    assert "--> -:2:" in result.stderr


def test_a_file_that_does_not_parse_stays_and_the_others_are_formatted(rules: Path) -> None:
    wrong = rules.parent / "wrong.rules"
    wrong.write_text(WRONG, "utf-8")
    result = fmt(wrong, rules)
    assert result.exit_code == 1
    assert "wrong.rules:2:" in result.stderr
    assert wrong.read_text("utf-8") == WRONG
    assert rules.read_text("utf-8") == TIDY


def test_a_file_that_is_not_text_stays(rules: Path) -> None:
    rules.write_bytes(b"let a = \xff")
    result = fmt(rules)
    assert result.exit_code == 1
    assert "this file is not UTF-8 text" in result.stderr
    assert rules.read_bytes() == b"let a = \xff"


def test_a_file_that_is_not_there_does_not_stop_the_others(rules: Path) -> None:
    missing = rules.parent / "missing.rules"
    result = fmt(missing, rules)
    assert result.exit_code == 2
    assert f"cannot read {missing}: No such file or directory" in result.stderr
    assert rules.read_text("utf-8") == TIDY


def test_a_folder_cannot_be_read(tmp_path: Path) -> None:
    assert fmt(tmp_path).exit_code == 2


def test_a_write_that_fails_leaves_the_file_and_nothing_beside_it(
    rules: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_self: Path, _target: Path) -> Path:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", full)
    result = fmt(rules)
    assert result.exit_code == 2
    assert f"cannot write {rules}: No space left on device" in result.stderr
    assert rules.read_text("utf-8") == MESSY
    assert list(rules.parent.iterdir()) == [rules]


def test_a_layout_that_would_change_the_rules_is_never_written(
    rules: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unfaithful(*_: object) -> None:
        raise UnfaithfulLayoutError("the layout of shop.rules would change its meaning")

    monkeypatch.setattr(command, "format_rules", unfaithful)
    result = fmt(rules)
    assert result.exit_code == 2
    assert "internal error: the layout of shop.rules would change its meaning" in result.stderr
    assert rules.read_text("utf-8") == MESSY
