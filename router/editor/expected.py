"""What the parser could take at a place, and the blocks around it; broken lines before it do not matter."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cache
from typing import Any, cast

from lark import Lark, Token, UnexpectedInput

from router.lang.grammar import grammar
from router.lang.recover import BROKEN, blank, setback
from router.lang.source import Source
from router.rulebook import grammar_text

_ATTEMPTS = 20
_HEADS = {
    "MAPPING": "mapping", "SEND": "mapping", "DESTINATION": "destination", "SETTINGS": "settings",
    "EVENTS": "table", "ON": "rule", "OVERRIDE": "rule", "TEST": "test", "GIVEN": "given", "EXPECT": "expect",
    "SCHEMA": "schema", "EXTEND": "schema",
}  # fmt: skip
_PASSING = frozenset({"FOR", "WHEN", "OTHERWISE"})


@dataclass(slots=True)
class Block:
    """A `{` that is open: what it belongs to, the tokens before it, a table's columns once read."""

    head: str
    before: list[Token]
    columns: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Expected:
    """Grammar names, None where the line did not read; the tokens of the line so far."""

    terminals: frozenset[str] | None
    blocks: tuple[Block, ...]
    statement: tuple[Token, ...]

    @property
    def block(self) -> str:
        return self.blocks[-1].head if self.blocks else "file"


def expected(prefix: str) -> Expected:
    """What can follow a text, which must end between two words."""
    text, line = prefix.replace(BROKEN, " "), prefix.rfind("\n") + 1
    for _ in range(_ATTEMPTS):
        parser = _lark().parse_interactive(text)
        try:
            tokens = parser.exhaust_lexer()
        except UnexpectedInput as error:
            mended = blank(text, setback(Source("", text), text, error))
            if mended == text or mended[line:] != text[line:]:
                break
            text = mended
        else:
            blocks, statement = _structure(tokens)
            return Expected(frozenset(cast(Any, parser).accepts()), blocks, statement)
    return Expected(None, (), ())


def keywords(terminals: Iterable[str]) -> list[str]:
    """The words of the language among some terminals."""
    words = _keywords()
    return sorted(word for name in terminals for word in words.get(name, ()))


def _lark() -> Lark:
    return grammar(grammar_text())


@cache
def _keywords() -> dict[str, list[str]]:
    """Terminals that are words, and the comparisons that are, read from the grammar itself."""
    found = {each.name: [each.pattern.value] for each in _lark().terminals if each.pattern.value.isalpha()}
    return {**found, "CMP_OP": ["contains", "starts_with", "ends_with", "matches"]}


def _structure(tokens: Iterable[Token]) -> tuple[tuple[Block, ...], tuple[Token, ...]]:
    blocks: list[Block] = []
    statement: list[Token] = []
    for token in tokens:
        match token.type:
            case "LBRACE":
                blocks.append(Block(_head(statement, blocks), statement))
                statement = []
            case "RBRACE":
                del blocks[-1:]
                statement = []
            case "_NL":
                _columns(blocks, statement)
                statement = []
            case _:
                statement.append(token)
    return tuple(blocks), tuple(statement)


def _columns(blocks: list[Block], statement: list[Token]) -> None:
    if blocks and blocks[-1].head == "table" and not blocks[-1].columns and statement:
        blocks[-1].columns = [str(each) for each in statement if each.type == "NAME"]


def _head(statement: list[Token], blocks: list[Block]) -> str:
    """What the block after these tokens is."""
    types = [token.type for token in statement]
    around = blocks[-1].head if blocks else "file"
    if "MATCH" in types:
        return "match"
    if "EACH" in types:
        return "each"
    first = types[0] if types else ""
    if first in _PASSING:
        return around
    return _HEADS.get(first, "schema" if around == "schema" else "object")
