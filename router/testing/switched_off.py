"""Parts of rules that a constant switch closes: no test can reach them, so none has to."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence

from router.lang import tree as t
from router.lang.lint.nodes import walk
from router.lang.program import Program
from router.lang.source import Span
from router.testing.possible import truths

Part = t.Node | tuple[t.Node, ...]


def is_switched_off(program: Program) -> Callable[[Span], bool]:
    """Tells whether a place stands behind a condition that never holds, or never fails, in these rules."""
    closed = [each.span for part in _closed(program) for each in _nodes(part)]
    return lambda place: any(_holds(span, place) for span in closed)


def _holds(outer: Span, inner: Span) -> bool:
    return outer.source is inner.source and outer.start <= inner.start and inner.end <= outer.end


def _nodes(part: Part) -> tuple[t.Node, ...]:
    return (part,) if isinstance(part, t.Node) else part


def _closed(program: Program) -> Iterator[Part]:
    for node in _rules(program):
        match node:
            case t.If():
                branches: Sequence[tuple[t.Expr, Part]] = [(node.condition, node.then)]
                yield from _never(program, branches, node.otherwise)
            case t.When() | t.WhenAction():
                yield from _never(program, node.branches, node.otherwise)
            case _:
                pass


def _rules(program: Program) -> Iterator[t.Node]:
    for file in program.files:
        yield from walk(tuple(each for each in file.declarations if not isinstance(each, t.Test)))


def _never(program: Program, branches: Iterable[tuple[t.Expr, Part]], otherwise: Part) -> Iterator[Part]:
    """The bodies of conditions that never hold, and whatever comes after one that always does."""
    decided = False
    for condition, body in branches:
        possible = frozenset({True, False}) if decided else truths(program, condition)
        if decided:
            yield condition
        if decided or True not in possible:
            yield body
        decided = decided or False not in possible
    if decided:
        yield otherwise
