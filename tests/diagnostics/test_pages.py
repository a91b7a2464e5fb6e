"""Every code has a page; its wrong example gives the code and nothing else, its right one is right."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from router.assets import asset
from router.cli import main
from router.explanations import PAGES, all_codes, page
from router.lang.diagnostics import Diagnostic
from router.linting import inspect_rules

from .recipes import RECIPES

CHECKED = sorted(code for code in all_codes() if page(code).wrong.rules)


@pytest.fixture
def found(tmp_path: Path) -> Callable[[str], tuple[Diagnostic, ...]]:
    shutil.copy(asset(f"{PAGES}/prelude.rules"), tmp_path)

    def load_text(text: str) -> tuple[Diagnostic, ...]:
        path = tmp_path / "example.rules"
        path.write_text(text, encoding="utf-8")
        return inspect_rules([path], "all").problems

    return load_text


def test_codes_and_pages_agree() -> None:
    pages = {path.stem for path in asset(PAGES).glob("*.md")}
    assert pages == set(all_codes())
    for code in pages:
        assert page(code).title == all_codes()[code], code


def test_only_what_is_too_large_is_described_instead_of_shown() -> None:
    assert set(all_codes()) - set(CHECKED) <= {*RECIPES, "E501"}


@pytest.mark.parametrize("code", CHECKED)
def test_the_wrong_example_gives_the_code_and_no_other_error(
    code: str, found: Callable[[str], tuple[Diagnostic, ...]]
) -> None:
    problems = found(page(code).wrong.whole)
    wanted = {code} if code.startswith("E") else set()
    assert {each.code for each in problems if each.severity == "error"} == wanted
    assert code in {each.code for each in problems}


@pytest.mark.parametrize("code", CHECKED)
def test_the_right_example_is_right(code: str, found: Callable[[str], tuple[Diagnostic, ...]]) -> None:
    problems = found(page(code).right.whole)
    assert [each.message for each in problems if each.severity == "error"] == []
    assert code not in {each.code for each in problems}


def _help(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["help", *arguments], prog_name="tagwright", catch_exceptions=False)


def test_help_explains_codes_functions_fields_and_events() -> None:
    assert "wrong" in _help("E310").output
    assert _help("e310").output == _help("E310").output
    assert "avoid" in _help("W501").output
    assert "hash_email" in _help("hash_email").output
    assert "  user.email" in _help("user.email").output
    assert "Purchase" in _help("CompletePayment").output
    assert "InAppADImpr" in _help("InAppAdImpr").output
    assert max(map(len, _help("E310").output.splitlines())) <= 100


def test_help_without_a_name_lists_every_code() -> None:
    listed = _help().output
    assert all(code in listed for code in all_codes())
    assert max(map(len, listed.splitlines())) <= 100


def test_help_knows_what_was_meant() -> None:
    for wrong, meant in (("E31O", "E310"), ("hash_mail", "hash_email"), ("ViewContnt", "ViewContent")):
        result = _help(wrong)
        assert result.exit_code == 2
        assert f"did you mean {meant}?" in result.output
