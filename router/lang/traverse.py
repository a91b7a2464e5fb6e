"""Ways through the tree: what an expression refers to, what a body includes, what actions send."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import assert_never

from router.lang import tree as t


def children(node: t.Expr) -> tuple[t.Expr, ...]:
    """The expressions directly inside an expression; the patterns of `match` are not among them."""
    match node:
        case t.Literal() | t.Ref() | t.BrokenExpr():
            return ()
        case t.ListOf():
            return node.items
        case t.ObjectOf():
            return tuple(value for _, value in node.pairs)
        case t.Call():
            return node.args
        case t.Coalesce():
            return node.choices
        case t.If():
            return node.condition, node.then, node.otherwise
        case t.Or() | t.And():
            return node.terms
        case t.Not():
            return (node.term,)
        case t.Compare() | t.Arithmetic():
            return node.left, node.right
        case t.Presence() | t.Negate():
            return (node.value,)
        case t.Match():
            return node.subject, *(arm.value for arm in node.arms)
        case _:
            assert_never(node)


def everything(node: t.Expr) -> Iterator[t.Expr]:
    """The expression and all inside it."""
    yield node
    for each in children(node):
        yield from everything(each)


def references(node: t.Expr) -> Iterator[t.Ref]:
    """Every reference inside an expression."""
    return (each for each in everything(node) if isinstance(each, t.Ref))


def height(node: t.Expr) -> int:
    """How deep an expression nests; 1 for a literal or a name."""
    return 1 + max(map(height, children(node)), default=0)


def endings(node: t.Expr) -> Iterator[t.Expr]:
    """The expressions that an expression's value can come from."""
    match node:
        case t.Coalesce():
            inside = node.choices
        case t.If():
            inside = (node.then, node.otherwise)
        case t.Match():
            inside = tuple(arm.value for arm in node.arms)
        case _:
            yield node
            return
    for each in inside:
        yield from endings(each)


def bodies(node: t.Statement) -> tuple[tuple[t.Statement, ...], ...]:
    """The blocks of a statement whose lines belong to the mapping itself."""
    match node:
        case t.ForSources():
            return (node.body,)
        case t.When():
            return *(body for _, body in node.branches), node.otherwise
        case _:
            return ()


def statements(body: Iterable[t.Statement]) -> Iterator[t.Statement]:
    """Every statement of a body, whatever its conditions; the lines of an `each` are not among them."""
    for node in body:
        yield node
        for inside in bodies(node):
            yield from statements(inside)


def includes(body: Iterable[t.Statement]) -> Iterator[t.Word]:
    """Every include word of a body, in order."""
    for node in statements(body):
        if isinstance(node, t.Include):
            yield from node.names


def actions(body: Iterable[t.Action]) -> Iterator[t.Action]:
    """Every action of a rule, whatever its conditions."""
    for node in body:
        yield node
        if isinstance(node, t.WhenAction):
            for _, inside in node.branches:
                yield from actions(inside)
            yield from actions(node.otherwise)


def sends(body: Iterable[t.Action]) -> Iterator[t.SendAction]:
    """Every send of a rule."""
    return (node for node in actions(body) if isinstance(node, t.SendAction))
