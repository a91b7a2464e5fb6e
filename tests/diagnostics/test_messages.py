"""Every message word for word: the acceptance files, and one wrong file for every code."""

import shutil
from pathlib import Path

import pytest

from router.explanations import all_codes

from .drawn import messages
from .recipes import RECIPES

HERE = Path(__file__).parent
ACCEPTANCE = sorted((HERE / "acceptance").glob("[0-9]*.rules"))
CODE_FILES = sorted((HERE / "codes").glob("*.rules"))


def _compare(got: str, golden: Path, update: bool) -> None:
    if update:
        golden.write_text(got, encoding="utf-8")
    assert got == golden.read_text(encoding="utf-8")


@pytest.mark.parametrize("path", ACCEPTANCE, ids=lambda path: path.stem)
def test_acceptance_files_give_their_message_to_the_letter(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert messages(path, monkeypatch)[0] == path.with_suffix(".expected").read_text(encoding="utf-8")


@pytest.mark.parametrize("path", CODE_FILES, ids=lambda path: path.stem)
def test_each_code_has_its_words(path: Path, monkeypatch: pytest.MonkeyPatch, update_golden: bool) -> None:
    text, problems = messages(path, monkeypatch)
    assert [each.code for each in problems] == [path.stem]
    _compare(text, path.with_suffix(".expected"), update_golden)


@pytest.mark.parametrize("code", sorted(RECIPES))
def test_each_limit_has_its_words(
    code: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, update_golden: bool
) -> None:
    shutil.copytree(HERE / "codes" / "base", tmp_path / "base")
    RECIPES[code](tmp_path / f"{code}.rules")
    text, problems = messages(tmp_path / f"{code}.rules", monkeypatch)
    assert code in [each.code for each in problems]
    shown = text if code != "E505" else text[text.index("error[E505]") :]
    _compare(shown, HERE / "codes" / f"{code}.expected", update_golden)


def test_codes_and_examples_agree() -> None:
    examples = {path.stem for path in (HERE / "codes").glob("*.expected")}
    lints = {path.stem for path in (HERE.parent / "lints" / "golden").glob("*.txt")}
    assert examples | lints == set(all_codes())
    assert not examples & lints
    assert examples == {path.stem for path in CODE_FILES} | set(RECIPES)


@pytest.mark.parametrize("path", sorted((HERE / "codes").glob("*.expected")), ids=lambda path: path.stem)
def test_messages_keep_to_the_house_rules(path: Path) -> None:
    first, *rest = path.read_text(encoding="utf-8").splitlines()
    fact = first.partition("]: ")[2]
    assert len(rest) < 13
    assert not fact.endswith(".")
    assert fact[0] in '`"' or fact[0].islower() or fact.startswith("TikTok ")
    for word in ("token", "EOF", "LPAR", "illegal", "invalid", "please", "unexpected"):
        assert word not in fact.split() or path.stem in ("E322", "E701", "E704")
