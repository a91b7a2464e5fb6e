"""Laws of the canonical layout, over programs that use the whole grammar."""

from __future__ import annotations

from itertools import pairwise
from random import Random

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lark import Token, Tree
from programs import GRAMMAR, Written, programs, written

from router.lang.format import Formatted, Refused, format_rules
from router.lang.grammar import grammar
from router.lang.layout_tokens import comments
from router.lang.source import Source

_LAWS = settings(suppress_health_check=list(HealthCheck))


def formatted(text: str) -> str:
    result = format_rules(Source("x.rules", text), GRAMMAR)
    assert isinstance(result, Formatted), result
    return result.text


def parsed(text: str) -> Tree[Token]:
    return grammar(GRAMMAR).parse(text if text.endswith("\n") else text + "\n")


@_LAWS
@given(programs())
def test_a_program_keeps_its_meaning_and_its_comments(program: Written) -> None:
    text = formatted(program.text)
    assert parsed(text) == parsed(program.text)
    assert comments(text) == program.comments


@_LAWS
@given(programs())
def test_formatting_twice_is_formatting_once(program: Written) -> None:
    once = formatted(program.text)
    assert formatted(once) == once


@_LAWS
@given(programs())
def test_the_layout_is_tidy(program: Written) -> None:
    lines = formatted(program.text).split("\n")
    assert lines.pop() == ""
    assert not [line for line in lines if line != line.rstrip() or "\t" in line]
    assert not [pair for pair in pairwise(lines) if pair == ("", "")]


def test_a_text_of_several_lines_is_never_touched() -> None:
    text = 'test "t" {\n  given {\n    event = """{\n"a":  1  \n\n\n}"""\n  }\n}\n'
    assert formatted(text.replace("  given", "given")) == text


@_LAWS
@given(st.one_of(st.text(), st.text(alphabet='aor1"#{}[]()|=?,.:-> \n\t\x01\r\ufeff')))
def test_any_text_is_formatted_or_refused(text: str) -> None:
    assert isinstance(format_rules(Source("x.rules", text), GRAMMAR), Formatted | Refused)


@_LAWS
@given(programs(), st.data())
def test_a_damaged_program_is_formatted_or_refused(program: Written, data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(program.text)))
    end = data.draw(st.integers(start, min(len(program.text), start + 5)))
    damaged = program.text[:start] + data.draw(st.text('"#{}[]|\n\x01', max_size=2)) + program.text[end:]
    assert isinstance(format_rules(Source("x.rules", damaged), GRAMMAR), Formatted | Refused)


def test_the_programs_use_the_whole_grammar() -> None:
    rules = grammar(GRAMMAR).rules
    unseen = {str(rule.alias or rule.origin.name) for rule in rules if not rule.origin.name.startswith("_")}
    for seed in range(200):
        program = written(Random(seed), most=12)  # noqa: S311 - nothing here is secret
        unseen -= {str(node.data) for node in parsed(program.text).iter_subtrees()}
        if unseen <= _NEVER_SEEN:
            return
    raise AssertionError(unseen - _NEVER_SEEN)


_NEVER_SEEN = {
    "broken", "broken_expr", "expr", "or_expr", "and_expr", "not_expr", "cmp", "fallback", "sum", "product",
    "unary", "primary", "literal", "type", "expectation", "expect_line",
}  # fmt: skip
"""Rules for lines that do not parse, and rules that name no node because they stand for what is inside."""
