"""`check` and `lint` for machines: SARIF, workflow commands, JUnit; nothing else on standard output."""

from __future__ import annotations

import json
import shutil
import xml.etree.ElementTree as ET
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from jsonschema import Draft4Validator

from router.cli import main

HERE = Path(__file__).parent
SCHEMA = json.loads((HERE / "sarif" / "sarif-2.1.0-rtm.5.json").read_text("utf-8"))
Command = Callable[..., Result]


@pytest.fixture
def tagwright(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Command:
    shutil.copytree(HERE / "codes" / "base", tmp_path / "base")
    for code in ("E201", "E310", "E401", "W501"):
        shutil.copy(HERE / "codes" / f"{code}.rules", tmp_path)
    (tmp_path / "clean.rules").write_text('language 1\nuse "base/shop.rules"\n')
    (tmp_path / "odd, 100%.rules").write_text('language 1\nuse "base/shop.rules"\nlet a = event.valeu\n')
    monkeypatch.chdir(tmp_path)

    def run(*arguments: str) -> Result:
        return CliRunner().invoke(main, arguments, prog_name="tagwright", catch_exceptions=False)

    return run


def _sarif(result: Result) -> dict[str, Any]:
    log = json.loads(result.stdout)
    assert [f"{each.json_path}: {each.message}" for each in Draft4Validator(SCHEMA).iter_errors(log)] == []
    assert (log["version"], log["$schema"]) == ("2.1.0", "https://json.schemastore.org/sarif-2.1.0.json")
    assert len(log["runs"]) == 1
    run: dict[str, Any] = log["runs"][0]
    return run


def _is_region(region: dict[str, int]) -> bool:
    numbers = (region["startLine"], region["startColumn"]), (region["endLine"], region["endColumn"])
    return numbers[0] <= numbers[1] and min(*numbers[0], *numbers[1]) >= 1 and len(region) == 4


def test_sarif_has_rules_regions_and_fixes(tagwright: Command) -> None:
    result = tagwright("check", "--format", "sarif", "E201.rules", "E310.rules", "E401.rules", "W501.rules")
    assert result.exit_code == 1
    run = _sarif(result)
    rules = run["tool"]["driver"]["rules"]
    assert [rule["id"] for rule in rules] == ["E201", "E310", "E401", "W501"]
    assert all(rule["help"]["text"] and rule["help"]["markdown"] for rule in rules)
    assert [rule["defaultConfiguration"]["level"] for rule in rules] == ["error"] * 3 + ["warning"]
    for each in run["results"]:
        assert rules[each["ruleIndex"]]["id"] == each["ruleId"]
        assert _is_region(each["locations"][0]["physicalLocation"]["region"])
        for fix in each["fixes"]:
            (change,) = fix["artifactChanges"]
            assert all(_is_region(one["deletedRegion"]) for one in change["replacements"])
    related = run["results"][2]["relatedLocations"]
    assert related[0]["physicalLocation"]["artifactLocation"]["uri"] == "E401.rules"


def test_a_fix_of_sarif_mends_the_file(tagwright: Command, tmp_path: Path) -> None:
    (problem,) = _sarif(tagwright("check", "--format", "sarif", "E201.rules"))["results"]
    (replacement,) = problem["fixes"][0]["artifactChanges"][0]["replacements"]
    region = replacement["deletedRegion"]
    lines = (tmp_path / "E201.rules").read_text().split("\n")
    line = lines[region["startLine"] - 1]
    text = replacement["insertedContent"]["text"]
    lines[region["startLine"] - 1] = (
        line[: region["startColumn"] - 1] + text + line[region["endColumn"] - 1 :]
    )
    (tmp_path / "E201.rules").write_text("\n".join(lines))
    assert tagwright("check", "E201.rules").exit_code == 0


def test_every_code_with_a_rule_file_is_sarif(tagwright: Command, tmp_path: Path) -> None:
    files = sorted(shutil.copy(each, tmp_path) for each in (HERE / "codes").glob("*.rules"))
    run = _sarif(tagwright("lint", "--format", "sarif", *map(str, files)))
    assert len(run["tool"]["driver"]["rules"]) > 50


def test_sarif_of_a_clean_file_is_a_log_without_results(tagwright: Command) -> None:
    result = tagwright("check", "--format", "sarif", "clean.rules")
    assert (result.exit_code, _sarif(result)["results"]) == (0, [])


def test_sarif_escapes_names_of_files(tagwright: Command) -> None:
    (problem,) = _sarif(tagwright("check", "--format", "sarif", "odd, 100%.rules"))["results"]
    place = problem["locations"][0]["physicalLocation"]
    assert place["artifactLocation"]["uri"] == "odd%2C%20100%25.rules"


def test_workflow_commands(tagwright: Command) -> None:
    result = tagwright("check", "--format", "github", "E310.rules", "W501.rules")
    first, second = result.stdout.splitlines()
    assert first.startswith(
        "::error file=E310.rules,line=5,endLine=5,col=16,endColumn=39,title=E310::personal"
    )
    assert "%0Adeclared `pii`" in first
    assert second.startswith("::warning file=W501.rules,line=5,")
    assert tagwright("check", "--format", "github", "clean.rules").stdout == ""


def test_workflow_commands_escape_names_of_files(tagwright: Command) -> None:
    result = tagwright("check", "--format", "github", "odd, 100%.rules")
    assert result.stdout.startswith("::error file=odd%2C 100%25.rules,line=3,")


def test_junit_has_a_case_for_each_file(tagwright: Command) -> None:
    result = tagwright("check", "--format", "junit", "E201.rules", "clean.rules", "W501.rules")
    root = ET.fromstring(result.stdout)  # noqa: S314 - our own output
    cases = {case.get("name"): case for case in root.iter("testcase")}
    assert list(cases) == ["E201.rules", "clean.rules", "W501.rules"]
    assert (root.get("tests"), root.get("failures")) == ("3", "1")
    failure = cases["E201.rules"].find("failure")
    assert failure is not None
    assert failure.get("message") == "E201: the event has no field `valeu`"
    assert "did you mean `value`?" in (failure.text or "")
    assert cases["W501.rules"].find("failure") is None
    assert "W501" in (cases["W501.rules"].findtext("system-out") or "")
    strict = ET.fromstring(tagwright("check", "--strict", "--format", "junit", "W501.rules").stdout)  # noqa: S314
    assert strict.get("failures") == "1"


def test_junit_puts_problems_of_used_files_to_the_file_that_uses_them(
    tagwright: Command, tmp_path: Path
) -> None:
    (tmp_path / "user.rules").write_text('language 1\nuse "E201.rules"\n')
    root = ET.fromstring(tagwright("check", "--format", "junit", "user.rules").stdout)  # noqa: S314
    (case,) = root.iter("testcase")
    assert case.get("name") == "user.rules"
    assert case.find("failure") is not None


def test_json_is_a_line_for_each_message(tagwright: Command) -> None:
    result = tagwright("lint", "--format", "json", "E201.rules", "W501.rules")
    assert [json.loads(line)["code"] for line in result.stdout.splitlines()] == ["E201", "W501", "W502"][:2]


def test_lint_fails_on_warnings_and_check_does_not(tagwright: Command) -> None:
    assert tagwright("check", "W501.rules").exit_code == 0
    assert tagwright("check", "--strict", "W501.rules").exit_code == 1
    assert tagwright("lint", "W501.rules").exit_code == 1
    assert tagwright("lint", "clean.rules").exit_code == 0
