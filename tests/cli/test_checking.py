"""`check` and `test`: what they print and how they exit."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any


def test_a_clean_file(tagwright: Any) -> None:
    result = tagwright("check", "shop.rules")
    assert (result.exit_code, result.output) == (0, "1 file: no problems\n")
    result = tagwright("check", "shop.rules", "--format", "json")
    assert (result.exit_code, result.output) == (0, "")


def test_mistakes_as_text(tagwright: Any, golden: Any) -> None:
    result = tagwright("check", "bad.rules")
    assert (result.exit_code, result.stderr) == (1, "")
    golden(result.stdout, "check-bad.txt")


def test_mistakes_as_json(tagwright: Any, golden: Any, samples: Path) -> None:
    result = tagwright("check", "bad.rules", "--format", "json")
    assert result.exit_code == 1
    found = [json.loads(line) for line in result.stdout.splitlines()]
    golden(json.dumps(found, indent=2, ensure_ascii=False) + "\n", "check-bad.json")
    text = (samples / "bad.rules").read_text()
    suggestion = found[0]["suggestion"]
    assert text[suggestion["start"] : suggestion["end"]] == "user_agnt"
    assert suggestion["text"] == "user_agent"


def test_each_file_is_checked_with_what_it_uses(tagwright: Any) -> None:
    result = tagwright("check", "shop.rules", "lost.rules", "bad.rules", "raw.rules")
    assert result.exit_code == 1
    assert result.stdout.endswith("4 files: 5 errors\n")
    assert "--> lost.rules:1:5" in result.stdout
    assert "did you mean `standard.rules`?" in result.stdout
    assert tagwright("check", "shop.rules", "raw.rules").exit_code == 0


def test_files_together_are_one_rule_set(tagwright: Any) -> None:
    result = tagwright("check", "--together", "shop.rules", "raw.rules")
    assert result.exit_code == 1
    assert "error[" in result.stdout


def test_the_shipped_files_are_found_by_name(tagwright: Any) -> None:
    result = tagwright("check", "standard.rules", "commanders_act.rules")
    assert (result.exit_code, result.stdout) == (0, "2 files: no problems\n")


def test_a_file_that_is_no_text(tagwright: Any, samples: Path) -> None:
    (samples / "bytes.rules").write_bytes(b"\xff\xfe\x00drop")
    result = tagwright("check", "bytes.rules")
    assert result.exit_code == 1
    assert "this file is not UTF-8 text" in result.stdout


def test_tests_that_fail_say_what_differs(tagwright: Any, golden: Any) -> None:
    result = tagwright("test", "failing.rules")
    assert (result.exit_code, result.stderr) == (1, "")
    golden(result.stdout, "test-failing.txt")


def test_tests_that_pass(tagwright: Any) -> None:
    result = tagwright("test", "passing.rules")
    assert (result.exit_code, result.stdout) == (0, "1 test: 1 passed, 0 failed\n")
    result = tagwright("test", "--verbose", "passing.rules")
    assert result.stdout.startswith("pass  bots are nobody  (passing.rules:3)\n")


def test_rules_with_mistakes_are_not_tested(tagwright: Any) -> None:
    result = tagwright("test", "bad.rules")
    assert result.exit_code == 1
    assert "bad.rules:3:32" in result.stdout
    assert "passed" not in result.stdout
