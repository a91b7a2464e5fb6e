"""From lark's tree to ours: positions, words, literals, expressions."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, cast

from lark import Token, Tree

from router.lang import exact
from router.lang import tree as t
from router.lang.diagnostics import Diagnostic
from router.lang.messages import syntax as say
from router.lang.source import Source, Span

LTree = Tree[Token]
MAX_TEXT = 4096
_OPERATORS: dict[str, Any] = {"add": "+", "sub": "-", "mul": "*", "div": "/"}


class Expressions:
    """Turns trees of one source into words and expressions; mistakes inside literals stand in `problems`."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.problems: list[Diagnostic] = []

    # -------------------------------------------------------------- positions and words

    def span(self, node: LTree | Token) -> Span:
        if isinstance(node, Token):
            return Span(self.source, node.start_pos or 0, node.end_pos or 0)
        meta = node.meta
        if meta.empty:
            return Span(self.source, 0, 0)
        return Span(self.source, meta.start_pos, meta.end_pos)

    def word(self, token: Token) -> t.Word:
        if token.type == "STRING":
            return t.Word(self.span(token), self._text(token), quoted=True)
        return t.Word(self.span(token), str(token))

    def _words(self, node: LTree | None) -> tuple[t.Word, ...]:
        return tuple(self.word(each) for each in tokens(node)) if node is not None else ()

    def _text(self, token: Token) -> str:
        try:
            text = json.loads(str(token), strict=False)
            text.encode()  # half a surrogate pair is no character, and could not be sent
        except ValueError:
            self.problems.append(say.bad_escape(self.span(token)))
            return str(token)[1:-1]
        if len(text) > MAX_TEXT:
            self.problems.append(say.text_too_long(self.span(token), MAX_TEXT))
        return cast(str, text)

    def path(self, node: LTree) -> t.Path:
        return t.Path(self.span(node), tuple(self.word(each) for each in tokens(node)))

    # -------------------------------------------------------------- expressions

    def expr(self, node: Any) -> t.Expr:
        span = self.span(node)
        kids = node.children
        match str(node.data):
            case "string":
                return t.Literal(span, self._text(kids[0]))
            case "long_string":
                return t.Literal(span, str(kids[0])[3:-3])
            case "number":
                return t.Literal(span, self._number(kids[0]))
            case "true":
                return t.Literal(span, True)
            case "false":
                return t.Literal(span, False)
            case "missing":
                return t.Literal(span, None)
            case "ref":
                return t.Ref(span, self.word(kids[0]), tuple(self._step(each) for each in kids[1:]))
            case "call":
                args = tuple(self.expr(each) for each in kids[1:] if each is not None)
                return t.Call(span, self.word(kids[0]), args)
            case "list_lit":
                return t.ListOf(span, tuple(self.expr(each) for each in kids if each is not None))
            case "obj_lit":
                pairs = (each for each in kids if each is not None)
                return t.ObjectOf(
                    span, tuple((self.word(k.children[0]), self.expr(k.children[1])) for k in pairs)
                )
            case "cond":
                return t.If(span, self.expr(kids[0]), self.expr(kids[1]), self.expr(kids[2]))
            case "coalesce":
                return t.Coalesce(span, self._chain(node))
            case "or_":
                return t.Or(span, self._chain(node))
            case "and_":
                return t.And(span, self._chain(node))
            case "not_":
                return t.Not(span, self.expr(kids[0]))
            case "compare":
                op = cast(t.CompareOp, str(kids[1]))
                return t.Compare(span, op, self.expr(kids[0]), self.expr(kids[2]))
            case "in_":
                return t.Compare(span, "in", self.expr(kids[0]), self.expr(kids[1]))
            case "is_present" | "is_missing" as which:
                return t.Presence(span, self.expr(kids[0]), present=which == "is_present")
            case "add" | "sub" | "mul" | "div" as which:
                return t.Arithmetic(span, _OPERATORS[which], self.expr(kids[0]), self.expr(kids[1]))
            case "neg":
                return t.Negate(span, self.expr(kids[0]))
            case "match":
                return t.Match(span, self.expr(kids[0]), tuple(self._arm(each) for each in kids[1:]))
            case _:
                return t.BrokenExpr(span)

    def _number(self, token: Token) -> int | float:
        """A literal keeps its decimal notation: an integer, or the float that prints as it was written."""
        number = exact.parse(str(token))
        if number is None:
            self.problems.append(say.number_not_kept(self.span(token)))
        return number or 0

    def _chain(self, node: LTree) -> tuple[t.Expr, ...]:
        """`a ?? b ?? c` comes left-nested; one flat list keeps long chains off the stack."""
        terms: list[Any] = []
        left: Any = node
        while left.data == node.data:
            terms.append(left.children[1])
            left = left.children[0]
        return tuple(self.expr(each) for each in [left, *reversed(terms)])

    def _step(self, node: Any) -> t.Step:
        if isinstance(node, Token):
            return self.word(node)
        number = node.children[0]
        span = self.span(node)
        return t.Column(span) if number is None else t.Index(span, small_int(number))

    def _arm(self, node: LTree) -> t.Arm:
        *patterns, value = node.children
        literals = tuple(cast(t.Literal, self.expr(each)) for each in patterns if isinstance(each, Tree))
        return t.Arm(self.span(node), literals, self.expr(value))


def small_int(text: Any) -> int:
    """A whole number that was written; beyond 400 digits nobody counts."""
    return int(str(text)[:400])


def trees(node: LTree | None) -> Iterator[LTree]:
    """The children that are trees; none without a node."""
    return (each for each in node.children if isinstance(each, Tree)) if node is not None else iter(())


def tokens(node: LTree) -> Iterator[Token]:
    """The children that are tokens."""
    return (each for each in node.children if isinstance(each, Token))
