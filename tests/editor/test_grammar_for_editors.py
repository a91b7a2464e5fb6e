"""The TextMate grammar knows the words of the language's grammar, and is one that editors can load."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from router.assets import asset
from router.lang.grammar import grammar

FOLDER = Path(__file__).resolve().parents[2] / "docs" / "editors"
GRAMMAR = json.loads((FOLDER / "tagwright.tmLanguage.json").read_text("utf-8"))


def patterns(node: Any) -> Iterator[str]:
    """Every regular expression of the grammar."""
    if isinstance(node, dict):
        yield from (value for key, value in node.items() if key in ("match", "begin", "end"))
        for value in node.values():
            yield from patterns(value)
    elif isinstance(node, list):
        for value in node:
            yield from patterns(value)


def included(node: Any) -> Iterator[str]:
    if isinstance(node, dict):
        yield from (value for key, value in node.items() if key == "include")
        for value in node.values():
            yield from included(value)
    elif isinstance(node, list):
        for value in node:
            yield from included(value)


def keywords() -> set[str]:
    parser = grammar(asset("grammar/rules.lark").read_text("utf-8"))
    words = {each.pattern.value for each in parser.terminals if each.pattern.value.isalpha()}
    comparisons = next(each.pattern.value for each in parser.terminals if each.name == "CMP_OP")
    return words | set(re.findall(r"([a-z_]{3,})\\b", comparisons))


def test_every_pattern_compiles() -> None:
    for pattern in patterns(GRAMMAR):
        re.compile(pattern)


def test_every_include_is_there() -> None:
    assert {each.removeprefix("#") for each in included(GRAMMAR)} == set(GRAMMAR["repository"])


@pytest.mark.parametrize("keyword", sorted(keywords()))
def test_every_keyword_is_coloured(keyword: str) -> None:
    written = " ".join(patterns(GRAMMAR))
    assert re.search(rf"(?<![A-Za-z_]){keyword}(?![A-Za-z_])", written.replace("\\b", " "))


def test_the_language_has_the_words_one_reads_in_it() -> None:
    assert {"mapping", "otherwise", "starts_with", "unhandled"} <= keywords()


def matched(scope: str, line: str) -> list[str]:
    """What the single-line patterns of a scope find in a line, whoever comes first."""
    found = [
        pattern["match"]
        for group in GRAMMAR["repository"].values()
        for pattern in group["patterns"]
        if pattern.get("name") == scope
    ]
    return [match.group().strip() for pattern in found for match in re.finditer(pattern, line)]


def test_words_are_coloured_where_they_are_words() -> None:
    line = 'purchase | CompletePayment | -   with base when event.value > 10.5 or event.id == "x"'
    assert matched("entity.name.function.event.tagwright", line) == ["CompletePayment"]
    assert matched("constant.language.not-sent.tagwright", line) == ["-"]
    assert matched("keyword.control.tagwright", line)[:2] == ["with", "when"]
    assert matched("variable.language.event.tagwright", line) == ["event", "event"]
    assert matched("constant.numeric.tagwright", line) == ["10.5"]
