"""Conditions: true or false, whatever is missing."""

from __future__ import annotations

import ast
from typing import Any, Final

from router.lang import tree as t
from router.lang.compiled import nodes as n
from router.lang.compiled.calls import Calls
from router.lang.compiled.shapes import BOOL, Shape
from router.lang.compiled.writing import Operand
from router.lang.values import same
from router.lang.walk import COMPARE

SHORT: Final = 40
"""Names with less code than this are written where they are used."""
_NUMBERS = frozenset({"number", "integer", "time"})


class Conditions(Calls):
    """Writes what `Evaluation` does for conditions."""

    def test(self, node: t.Expr) -> ast.expr:
        """Writes what is needed before a condition, and gives a test of its answer; missing is false."""
        constant = self.common.constant(node)
        if constant is not None:
            return n.plain(constant.known is True)
        match node:
            case t.And():
                return self._all(node.terms, held=True)
            case t.Or():
                return self._all(node.terms, held=False)
            case t.Not():
                return n.negated(self.test(node.term))
            case t.Compare():
                return self._compare(node)
            case t.Ref() if (named := self._short_condition(node)) is not None:
                return self.test(named)
            case t.Presence():
                present = self.is_present(self.value(node.value))
                return present if node.present else n.negated(present)
            case _:
                return self._holds(self.value(node))

    def _short_condition(self, node: t.Ref) -> t.Expr | None:
        """What a name stands for, when to compare again costs no more than to remember."""
        access = self.program.accesses[node]
        if access.root != "let" or access.steps or ("let", access.name) in self.at_hand:
            return None
        value = self.program.lets[access.name].value
        short = isinstance(value, t.Compare | t.Presence) and self.common.weight(access.name) <= SHORT
        return value if short else None

    def truth(self, node: t.Expr) -> Operand:
        """A condition as a value."""
        return Operand(BOOL, self.out.let(n.choose(self.test(node), n.plain(True), n.plain(False)), "c"))

    def _holds(self, operand: Operand) -> ast.expr:
        if operand.is_known:
            return n.plain(operand.known is True)
        value = n.name(operand.local)
        certain = operand.shape.base == "bool" and not operand.shape.optional
        return value if certain else n.compare(value, "is", n.plain(True))

    def _all(self, terms: tuple[t.Expr, ...], *, held: bool) -> ast.expr:
        """All terms hold, or one does: later terms are asked only where they can change the answer."""
        answer = self.out.let(n.plain(not held), "c")
        self._next(terms, answer, held=held)
        return n.name(answer)

    def _next(self, terms: tuple[t.Expr, ...], answer: str, *, held: bool) -> None:
        """For `and`, the answer turns true behind the last; for `or`, false behind the last."""
        if not terms:
            self.out.emit(n.assign(answer, n.plain(held)))
            return
        test = self.test(terms[0])
        with self.branch() as body:
            self._next(terms[1:], answer, held=held)
        self.emit_if(test if held else n.negated(test), body)

    # -------------------------------------------------------------- comparisons

    def _compare(self, node: t.Compare) -> ast.expr:
        left, right = self.value(node.left), self.value(node.right)
        if node.op == "!=":
            return n.negated(self._same(left, right))
        if node.op == "==":
            return self._same(left, right)
        if node.op == "in" and (options := _texts(right)) is not None and left.shape.base == "text":
            return n.compare(self.load(left), "in", self.constant(options))
        asked = n.call(self.constant(COMPARE[node.op]), self.load(left), self.load(right))
        return n.both(*self._presences(left, right), asked)

    def _presences(self, *operands: Operand) -> list[ast.expr]:
        return [self.is_present(each) for each in operands if each.shape.optional]

    def _same(self, left: Operand, right: Operand) -> ast.expr:
        """Whether both are there and equal; `true` is not 1."""
        if left.is_known:
            left, right = right, left
        there = self._presences(left, right)
        if right.is_known and isinstance(right.known, bool):
            return n.compare(self.load(left), "is", n.plain(right.known))
        if right.is_known and isinstance(right.known, str):
            return n.compare(self.load(left), "==", self.constant(right.known))
        if _alike(left.shape, right.shape):
            return n.both(*there, n.compare(self.load(left), "==", self.load(right)))
        return n.both(*there, n.call(self.constant(same), self.load(left), self.load(right)))


def _alike(left: Shape, right: Shape) -> bool:
    """Whether Python's equality is the language's for these."""
    return left.base == right.base == "text" or {left.base, right.base} <= _NUMBERS


def _texts(operand: Operand) -> frozenset[Any] | None:
    """The elements of a known list of texts."""
    values = operand.known
    if isinstance(values, list) and all(isinstance(each, str) for each in values):
        return frozenset(values)
    return None
