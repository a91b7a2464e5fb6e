"""The words of a rule file, each with what stands before it: line ends, empty lines, comments."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from lark import Token, Tree

from router.lang.grammar import grammar

END = "$END"
_BETWEEN = re.compile(r"#[^\n]*|\n")
_LEXICAL = re.compile(r'"""(?:.|\n)*?"""|"(?:[^"\\\n]|\\.)*"|(#[^\n]*)')


@dataclass(frozen=True, slots=True)
class Comment:
    """A comment without the blanks behind it; `trailing` when a word stands before it on its line."""

    text: str
    trailing: bool
    after_blank: bool


@dataclass(frozen=True, slots=True)
class Piece:
    """A word or sign. `kind` is its terminal in the grammar, so that keywords are told from names.

    The flags speak of the stretch before it: `statement` when a statement ended there, `newline` when any
    line did, `after_blank` when the line above is empty.
    """

    kind: str
    text: str
    start: int
    comments: tuple[Comment, ...] = ()
    statement: bool = False
    newline: bool = False
    after_blank: bool = False

    @property
    def end(self) -> int:
        return self.start + len(self.text)


@dataclass(frozen=True, slots=True)
class Reading:
    """A text that parses: its words, the last one an empty `END`, and what the grammar makes of them."""

    text: str
    pieces: tuple[Piece, ...]
    tree: Tree[Token]


def read(text: str, grammar_text: str) -> Reading:
    """Lex and parse a text that is known to parse; lark's errors pass through."""
    text = text if text.endswith("\n") else text + "\n"
    parsing = grammar(grammar_text).parse_interactive(text)
    tokens = list(parsing.iter_parse())
    tree = parsing.feed_token(Token(END, ""))
    return Reading(text, tuple(_comments_after_commas(_pieces(text, tokens))), tree)


def comments(text: str) -> list[str]:
    """The comments of a text that parses, in order, found without the grammar."""
    return [found[1].rstrip() for found in _LEXICAL.finditer(text) if found[1]]


def _pieces(text: str, tokens: list[Token]) -> Iterator[Piece]:
    end, statement = 0, False
    for token in [*tokens, Token(END, "", start_pos=len(text))]:
        if token.type == "_NL":
            statement = True
            continue
        start = token.start_pos or 0
        yield _piece(token, start, text[end:start], first=end == 0, statement=statement)
        end, statement = start + len(token), False


def _piece(token: Token, start: int, before: str, *, first: bool, statement: bool) -> Piece:
    found: list[Comment] = []
    lines, since = 0, 0
    for each in _BETWEEN.findall(before):
        if each == "\n":
            lines, since = lines + 1, since + 1
            continue
        found.append(Comment(each.rstrip(), trailing=not (lines or first), after_blank=since > 1))
        since = 0
    return Piece(token.type, str(token), start, tuple(found), statement, lines > 0, since > 1)


def _comments_after_commas(pieces: Iterator[Piece]) -> Iterator[Piece]:
    """A comma stays on the line of its element: comments before it move behind it."""
    moved: tuple[Comment, ...] = ()
    newline = False
    for piece in pieces:
        if piece.kind == "COMMA":
            moved, newline = moved + piece.comments, newline or piece.newline
            yield replace(piece, comments=(), newline=False)
            continue
        yield replace(piece, comments=moved + piece.comments, newline=newline or piece.newline)
        moved, newline = (), False
