"""What is certain before any event: values that are always there, conditions that never change."""

from __future__ import annotations

from collections.abc import Mapping

from router.lang import tree as t
from router.lang.traverse import references


class Constants:
    """Answers about lets are kept, because names may stand for names in many ways."""

    def __init__(self, lets: Mapping[str, t.Let]) -> None:
        self.lets = lets
        self._missing: dict[str, bool] = {}
        self._reads: dict[str, bool] = {}

    def can_be_missing(self, node: t.Expr) -> bool:
        """False only where a value is certain, whatever the event holds."""
        match node:
            case t.Literal():
                return node.value is None or node.value == ""
            case t.Or() | t.And() | t.Not() | t.Compare() | t.Presence():
                return False
            case t.ListOf():
                return all(self.can_be_missing(each) for each in node.items)
            case t.Coalesce():
                return all(self.can_be_missing(each) for each in node.choices)
            case t.If():
                return self.can_be_missing(node.then) or self.can_be_missing(node.otherwise)
            case t.Call():
                return node.name.text != "now"
            case t.Ref():
                return bool(node.steps) or self._let_can_be_missing(node.name.text)
            case _:
                return True

    def _let_can_be_missing(self, name: str) -> bool:
        let = self.lets.get(name)
        if let is None:
            return True
        if name not in self._missing:
            self._missing[name] = self.can_be_missing(let.value)
        return self._missing[name]

    def reads_event(self, node: t.Expr) -> bool:
        """Does the value depend on the event, directly or through names?"""
        return any(ref.name.text == "event" or self._let_reads(ref.name.text) for ref in references(node))

    def _let_reads(self, name: str) -> bool:
        let = self.lets.get(name)
        if let is None:
            return False
        if name not in self._reads:
            self._reads[name] = self.reads_event(let.value)
        return self._reads[name]


def constant_truth(node: t.Expr) -> bool | None:
    """The truth of a condition that is written out; names, even of constants, are the author's switches."""
    match node:
        case t.Literal() if isinstance(node.value, bool):
            return node.value
        case t.Not():
            inner = constant_truth(node.term)
            return None if inner is None else not inner
        case t.Presence() if isinstance(node.value, t.Literal):
            return (node.value.value not in (None, "")) == node.present
        case t.Compare() if isinstance(node.left, t.Literal) and isinstance(node.right, t.Literal):
            equal = node.left.value == node.right.value and node.left.value is not None
            return {"==": equal, "!=": not equal}.get(node.op)
        case _:
            return None
