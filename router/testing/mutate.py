"""Small mistakes in a piece of the rules: the same tree with one thing changed."""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from dataclasses import dataclass, fields, replace
from itertools import pairwise
from typing import Any

from router.lang import tree as t
from router.lang.source import Span
from router.testing.observed import one_line

_TWIN: dict[str, t.CompareOp] = {"==": "!=", "!=": "==", "<": "<=", "<=": "<", ">": ">=", ">=": ">"}
_ALWAYS = 10_000


@dataclass(frozen=True, slots=True)
class Variant:
    """A changed piece. `inside` are the original nodes around the change, the nearest first."""

    piece: Any
    at: Span
    what: str
    inside: tuple[Hashable, ...]

    def within(self, piece: Any, node: Hashable) -> Variant:
        """The same change, seen from the piece around it."""
        return Variant(piece, self.at, self.what, (*self.inside, node))


def variants(node: t.Node) -> Iterator[Variant]:
    """Every single change of a node or of anything in it."""
    yield from _own(node)
    for field in fields(node):
        if field.name != "span":
            for each in _parts(getattr(node, field.name)):
                yield each.within(_with(node, field.name, each.piece), node)


def _with(node: t.Node, name: str, value: object) -> t.Node:
    changes: dict[str, Any] = {name: value}
    return replace(node, **changes)


def _parts(value: object) -> Iterator[Variant]:
    if isinstance(value, t.Node):
        yield from variants(value)
    elif isinstance(value, tuple):
        for index, item in enumerate(value):
            before, after = value[:index], value[index + 1 :]
            if isinstance(item, t.Assign | t.Each | t.Omit | t.Require | t.SendAction | t.DropAction):
                yield Variant((*before, *after), item.span, f"without {quoted(item.span)}", (item,))
            for each in _parts(item):
                yield replace(each, piece=(*before, each.piece, *after))


def _own(node: t.Node) -> Iterator[Variant]:
    match node:
        case t.Literal():
            yield from _literal(node)
        case t.Coalesce():
            yield from _coalesce(node)
        case t.Compare(op=op) if op in _TWIN:
            changed = f"{quoted(node.span)} with `{_TWIN[op]}` for `{op}`"
            yield Variant(replace(node, op=_TWIN[op]), node.span, changed, (node,))
        case t.Presence():
            word = "missing" if node.present else "present"
            changed = f"{quoted(node.span)} with `is {word}`"
            yield Variant(replace(node, present=not node.present), node.span, changed, (node,))
        case t.If() | t.Requires():
            yield from negated(node, "condition")
        case t.When() | t.WhenAction():
            yield from _branches(node)
        case t.Each():
            yield from without(node, "where")
            yield from negated(node, "where")
        case t.SendAction():
            yield from without(node, "when")
            yield from negated(node, "when")
        case t.DropRule():
            yield from negated(node, "when")
        case t.Sample():
            yield from _sample(node)
        case _:
            return


def _literal(node: t.Literal) -> Iterator[Variant]:
    other: str | int | float | bool
    match node.value:
        case bool():
            other, shown = not node.value, "false" if node.value else "true"
        case str() if node.value:
            other, shown = node.value + "~", f'"{node.value}~"'
        case int() | float():
            other, shown = node.value + 1, str(node.value + 1)
        case _:
            return
    yield Variant(replace(node, value=other), node.span, f"`{shown}` for {quoted(node.span)}", (node,))


def _coalesce(node: t.Coalesce) -> Iterator[Variant]:
    choices = node.choices
    for index, choice in enumerate(choices):
        rest = (*choices[:index], *choices[index + 1 :])
        piece = rest[0] if len(rest) == 1 else replace(node, choices=rest)
        yield Variant(piece, choice.span, f"without the choice {quoted(choice.span)}", (node,))
    for index, (left, right) in enumerate(pairwise(choices)):
        swapped = (*choices[:index], right, left, *choices[index + 2 :])
        what = f"{quoted(right.span)} before {quoted(left.span)}"
        yield Variant(replace(node, choices=swapped), left.span, what, (node,))


def _opposite(node: t.Expr) -> t.Expr | None:
    """The opposite condition; None where a change of its operator is that already."""
    match node:
        case t.Compare(op="==" | "!=") | t.Presence():
            return None
        case t.Not():
            return node.term
        case _:
            return t.Not(node.span, node)


def negated(node: t.Node, name: str) -> Iterator[Variant]:
    """The node with the opposite of a condition that it may have."""
    condition: t.Expr | None = getattr(node, name)
    opposite = None if condition is None else _opposite(condition)
    if condition is not None and opposite is not None:
        piece = _with(node, name, opposite)
        yield Variant(piece, condition.span, f"the opposite of {quoted(condition.span)}", (condition, node))


def without(node: t.Node, name: str) -> Iterator[Variant]:
    """The node without a condition that it may have."""
    condition: t.Expr | None = getattr(node, name)
    if condition is not None:
        what = f"without `{name} {one_line(condition.span.text)}`"
        yield Variant(_with(node, name, None), condition.span, what, (condition, node))


def _branches(node: t.When | t.WhenAction) -> Iterator[Variant]:
    for index, (condition, body) in enumerate(node.branches):
        opposite = _opposite(condition)
        if opposite is not None:
            branches: Any = (*node.branches[:index], (opposite, body), *node.branches[index + 1 :])
            what = f"the opposite of {quoted(condition.span)}"
            yield Variant(replace(node, branches=branches), condition.span, what, (condition, node))


def _sample(node: t.Sample) -> Iterator[Variant]:
    for points, shown in ((0, "0%"), (_ALWAYS, "100%")):
        if points != node.basis_points:
            what = f"`{shown}` for {quoted(node.span)}"
            yield Variant(replace(node, basis_points=points), node.span, what, (node,))


def quoted(span: Span) -> str:
    """The text of the rules, between backticks."""
    return f"`{one_line(span.text)}`"
