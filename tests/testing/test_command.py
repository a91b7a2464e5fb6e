"""`tagwright test` as its users see it: what it prints, and how it exits."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any

import pytest

from router.assets import asset


def test_everything_that_differs(testing: Any, golden: Any) -> None:
    result = testing("failing.rules")
    assert (result.exit_code, result.stderr) == (1, "")
    golden(result.stdout, "failing.txt")


def test_everything_that_differs_as_json(testing: Any, golden: Any) -> None:
    result = testing("--json", "failing.rules")
    assert result.exit_code == 1
    golden(result.stdout, "failing.json")


def test_only_the_tests_of_the_named_files_run(testing: Any) -> None:
    assert testing("shop.rules").stdout == "0 tests: 0 passed, 0 failed\n"
    assert testing("few.rules").stdout == "1 test: 1 passed, 0 failed\n"


def test_all_runs_those_of_used_files_too(testing: Any, samples: Path) -> None:
    (samples / "more.rules").write_text('language 1\nuse "few.rules"\nuse "commanders_act_events.rules"\n')
    (samples / "commanders_act_events.rules").write_text("language 1\n")
    assert testing("more.rules").stdout.startswith("0 tests")
    assert testing("--all", "more.rules").stdout == "1 test: 1 passed, 0 failed\n"


def test_fixtures_of_shipped_files_are_found_from_anywhere(testing: Any, samples: Path) -> None:
    (samples / "mine.rules").write_text('language 1\nuse "commanders_act.rules"\n')
    result = testing("--all", "mine.rules")
    assert (result.exit_code, "0 failed" in result.stdout) == (0, True)


def test_by_name(testing: Any) -> None:
    result = testing("-v", "-k", "A SCROLL", "full.rules")
    assert result.stdout.splitlines() == [
        "pass  a scroll  (full.rules:101)",
        "pass  a scroll at a till  (full.rules:106)",
        "2 tests: 2 passed, 0 failed",
    ]
    result = testing("-k", "nothing is called so", "full.rules")
    assert (result.exit_code, result.stdout) == (2, "")
    assert "no test has `nothing is called so` in its name" in result.stderr


def test_coverage(testing: Any, golden: Any) -> None:
    result = testing("--coverage", "few.rules", "shop.rules")
    assert result.exit_code == 0
    golden(result.stdout, "coverage.txt")
    again = testing("--coverage", "few.rules", "shop.rules")
    assert again.stdout == result.stdout


def test_coverage_is_of_the_named_files(testing: Any) -> None:
    assert "coverage of" not in testing("--coverage", "few.rules").stdout
    assert "coverage of shop.rules" in testing("--coverage", "--all", "few.rules").stdout


def test_coverage_as_json(testing: Any) -> None:
    (file,) = json.loads(testing("--coverage", "--json", "few.rules", "shop.rules").stdout)["coverage"]
    assert file["file"] == "shop.rules"
    assert sum(each["total"] for each in file["kinds"].values()) == file["total"]
    assert len(file["uncovered"]) == file["total"] - file["covered"]


def test_a_minimum_of_coverage(testing: Any) -> None:
    assert testing("--min", "100", "full.rules", "shop.rules").exit_code == 0
    result = testing("--min", "50", "few.rules", "shop.rules")
    assert result.exit_code == 1
    assert result.stdout.endswith("the coverage of shop.rules is below 50 %\n")


def test_mutants(testing: Any, golden: Any) -> None:
    result = testing("--mutate", "few.rules", "shop.rules")
    assert (result.exit_code, result.stderr) == (0, "")
    golden(result.stdout, "mutants.txt")


def test_a_minimum_of_mutants(testing: Any) -> None:
    result = testing("--min-mutants", "90", "--mutate-limit", "20", "few.rules", "shop.rules")
    assert result.exit_code == 1
    assert "mutants: 20 tried of" in result.stdout
    assert result.stdout.endswith("the tests notice less than 90 % of the mutants\n")
    data = json.loads(testing("--json", "--mutate", "full.rules", "shop.rules").stdout)["mutants"]
    assert data["noticed"] + len(data["survivors"]) == data["tried"] == data["possible"]


def test_junit(testing: Any, samples: Path) -> None:
    result = testing("--junit", "out.xml", "few.rules", "failing.rules")
    assert result.exit_code == 1
    root = ET.fromstring((samples / "out.xml").read_text("utf-8"))  # noqa: S314 - our own document
    assert (root.get("tests"), root.get("failures")) == ("9", "8")
    assert testing("--junit", "nowhere/out.xml", "few.rules").exit_code == 2


def test_colour_only_on_a_terminal(testing: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("router.cli.test_rules.wants_colour", lambda: True)
    assert "\x1b[31m" in testing("failing.rules", color=True).stdout
    monkeypatch.setattr("router.cli.test_rules.wants_colour", lambda: False)
    assert "\x1b" not in testing("failing.rules", color=True).stdout


def test_a_bar_on_a_terminal(testing: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("router.cli.test_rules._on_terminal", lambda: True)
    result = testing("--mutate", "few.rules", "shop.rules")
    assert "mutants" in result.stderr
    assert "survived" in result.stdout


def test_rules_with_mistakes(testing: Any, samples: Path) -> None:
    (samples / "bad.rules").write_text("language 1\nlet x = \n")
    result = testing("--json", "bad.rules")
    assert (result.exit_code, result.stdout) == (1, "")
    assert "bad.rules:2" in result.stderr


def test_the_shipped_rules_are_tested_through_and_through(testing: Any) -> None:
    folder = asset("rules")
    names = [*folder.glob("*.rules"), *folder.glob("tests/*.rules"), *folder.glob("starter/*.rules")]
    files = [str(each) for each in sorted(names)]
    result = testing("--min", "100", "--min-mutants", "100", "--mutate-limit", "5000", *files)
    assert result.exit_code == 0, result.stdout
