"""Careless files and what becomes of them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import router.lang.format
from router.assets import asset
from router.lang.draw import draw
from router.lang.format import Formatted, Refused, UnfaithfulLayoutError, format_rules
from router.lang.layout_writer import write
from router.lang.source import Source

MESSY = sorted((Path(__file__).parent / "messy").glob("*.rules"))
GRAMMAR = asset("grammar/rules.lark").read_text("utf-8")


@pytest.mark.parametrize("path", MESSY, ids=lambda path: path.stem)
def test_a_careless_file_becomes(path: Path, golden: Callable[[str, str], None]) -> None:
    result = format_rules(Source(path.name, path.read_text("utf-8")), GRAMMAR)
    assert isinstance(result, Formatted), "\n".join(map(draw, result.problems))
    golden(result.text, path.name)


@pytest.mark.parametrize("path", MESSY, ids=lambda path: path.stem)
def test_the_golden_file_is_its_own_layout(path: Path) -> None:
    text = (path.parent.parent / "golden" / path.name).read_text("utf-8")
    assert format_rules(Source(path.name, text), GRAMMAR) == Formatted(text)


def test_the_empty_file_stays_empty() -> None:
    assert format_rules(Source("x.rules", " \n\t\n"), GRAMMAR) == Formatted("")


_ROWS = "\n".join(f"  event_{number} | -" for number in range(2000))


@pytest.mark.parametrize(
    "text",
    [
        "events {\n  event | web\n  " + "long" * 200 + " | -\n" + _ROWS + "\n}\n",
        "let a = " + "(\n" * 1000 + "b" + ")" * 1000 + "\n",
    ],
    ids=["columns", "indentation"],
)
def test_a_file_that_its_layout_would_make_too_large_is_refused(text: str) -> None:
    result = format_rules(Source("x.rules", text), GRAMMAR)
    assert isinstance(result, Refused)
    assert result.problems[0].message == "this file is larger than 1 MB in its layout"


@pytest.mark.parametrize("lost", ["let b = 2\n", "# why\n", " # behind"])
def test_a_layout_that_loses_something_is_never_handed_out(
    lost: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def careless(*arguments: Any) -> str:
        return write(*arguments).replace(lost, "")

    monkeypatch.setattr(router.lang.format, "write", careless)
    source = Source("x.rules", "language 1\nlet a = 1 # behind\n# why\nlet b = 2\n")
    with pytest.raises(UnfaithfulLayoutError):
        format_rules(source, GRAMMAR)
