"""Which ways a condition can go at all: a constant switch has one, and no test can take the other."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from router.lang import tree as t
from router.lang.outcome import Arrival
from router.lang.program import Key, Program
from router.lang.traverse import everything
from router.lang.walk import Evaluation

BOTH = frozenset({True, False})


def truths(program: Program, condition: t.Expr, names: Iterable[str] = ()) -> frozenset[bool]:
    """The answers a condition can give. `names` are the events it is asked about, where they are known."""
    steps = tuple(map(Key, program.event_name))
    known = list(names)
    inputs = list(_inputs(program, condition))
    if not inputs:
        return frozenset({_holds(program, condition, {})})
    if known and all(_is_name(program, each, steps) for each in inputs):
        return frozenset(_holds(program, condition, _event(program.event_name, name)) for name in known)
    return BOTH


def _inputs(program: Program, node: t.Expr) -> Iterator[t.Ref | t.Call]:
    """What an expression reads of an arrival, directly or through names."""
    for each in everything(node):
        match each:
            case t.Ref() if program.accesses[each].root == "let":
                yield from _inputs(program, program.lets[each.name.text].value)
            case t.Ref():
                yield each
            case t.Call() if program.environment.functions[each.name.text].context:
                yield each
            case _:
                pass


def _is_name(program: Program, node: t.Ref | t.Call, steps: tuple[Key, ...]) -> bool:
    if isinstance(node, t.Call):
        return False
    access = program.accesses[node]
    return access.root == "event" and access.steps == steps


def _event(path: tuple[str, ...], name: str) -> dict[str, Any]:
    value: Any = name
    for part in reversed(path):
        value = {part: value}
    return dict(value)


def _holds(program: Program, condition: t.Expr, event: dict[str, Any]) -> bool:
    return Evaluation(program, Arrival(event, 0)).holds(condition)
