"""The grammar, loaded once, and the one thing it cannot say itself: which newlines count."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

from lark import Lark, Token

_OPEN = frozenset({"LPAR", "LSQB"})
_CLOSE = frozenset({"RPAR", "RSQB"})


class Newlines:
    """Post-lexer: one _NL per logical line end, none inside ( ) or [ ] or right after `{`.

    Its state lives in the generator, because one instance serves every parse.
    """

    always_accept = ("_NL",)

    def process(self, stream: Iterator[Token]) -> Iterator[Token]:
        depth, previous = 0, "_NL"
        for token in stream:
            kind = token.type
            depth = max(0, depth + (kind in _OPEN) - (kind in _CLOSE))
            if kind == "_NL" and (depth or previous in ("_NL", "LBRACE")):
                continue
            previous = kind
            yield token


_KEPT_AT: list[str] = []


def keep_at(path: str) -> None:
    """Keep the built parser in this file between runs. Its folder must be writable by this user alone."""
    _KEPT_AT[:] = [path]


@lru_cache(maxsize=1)
def grammar(text: str) -> Lark:
    """The parser for a grammar text: LALR(1), so that a mistake is found at its first impossible token.

    Building it takes longer than reading most rule files; lark checks a kept one against the grammar, its
    options and versions, and builds anew when anything differs.
    """
    return Lark(
        text,
        parser="lalr",
        lexer="contextual",
        postlex=Newlines(),
        propagate_positions=True,
        maybe_placeholders=True,
        cache=_KEPT_AT[0] if _KEPT_AT else False,
    )
