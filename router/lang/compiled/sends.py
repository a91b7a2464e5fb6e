"""Generated functions of sends and conditions, each written once for all rules that use it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from router.lang import outcome as o
from router.lang import tree as t
from router.lang.compiled.events import computed, condition
from router.lang.compiled.lines import Lines
from router.lang.compiled.payloads import Payloads
from router.lang.compiled.writing import Common
from router.lang.kinds import Kind
from router.lang.outcome import Arrival, Skip
from router.lang.program import Key
from router.lang.traverse import everything
from router.lang.walk import Evaluation

Test = Callable[..., bool] | bool
"""A condition: a function, or the answer where it is always the same."""


@dataclass(frozen=True, slots=True)
class Made:
    """The generated function of a send, and what its numbers stand for."""

    code: Callable[..., Any]
    gates: tuple[t.Requires, ...]
    needs: tuple[t.Require, ...]
    required: tuple[tuple[str, ...], ...]

    def skip(self, number: int, destination: str, event: str, at: o.Place) -> Skip:
        """The gate or requirement of this number said no."""
        if number < len(self.gates):
            return gate_skip(self.gates[number], destination, event)
        number -= len(self.gates)
        if number < len(self.needs):
            need = self.needs[number]
            detail = " or ".join(path.text for path in need.paths)
            reason = need.reason.text if need.reason else o.REQUIRES
            return Skip(destination, reason, need.span.place, event, detail)
        names = self.required[number - len(self.needs)]
        return Skip(destination, o.MISSING_REQUIRED, at, event, ".".join(names))


def gate_skip(gate: t.Requires, destination: str, event: str) -> Skip:
    return Skip(destination, gate.reason.text if gate.reason else o.REQUIRES, gate.span.place, event)


class Library:
    """Writes functions when they are first asked for.

    Raises NotCompiledError for what is left to the walker.
    """

    def __init__(self, common: Common) -> None:
        self.common = common
        self._sends: dict[object, Made] = {}
        self._tests: dict[t.Expr, Test] = {}
        self._values: dict[t.Expr, Callable[..., Any]] = {}
        self._only_name: dict[t.Expr, bool] = {}

    def send(self, send: t.SendAction, source: str, gates: tuple[t.Requires, ...]) -> Made:
        """The function of a mapping list for a source, with the gates of a destination before it."""
        mappings = tuple(word.text for word in send.mappings)
        key = (source, mappings, tuple(map(id, send.body)), tuple(map(id, gates)))
        if key not in self._sends:
            lines = Lines(self.common.program, source, self.common.settled).of_send(send)
            code, needs = Payloads(self.common, source).send(gates, lines)
            required = self.common.program.required[source]
            self._sends[key] = Made(code.run, gates, needs, required)
        return self._sends[key]

    def value(self, node: t.Expr) -> Callable[..., Any]:
        """A function that gives the value of an expression."""
        if node not in self._values:
            self._values[node] = computed(self.common, node)
        return self._values[node]

    def test(self, node: t.Expr, name: str | None) -> Test:
        """A condition; True or False where the event's name alone decides, and is known."""
        constant = self.common.constant(node)
        if constant is not None:
            return constant.known is True
        if name is not None and self._is_of_name(node):
            return self._decided(node, name)
        if node not in self._tests:
            self._tests[node] = condition(self.common, node)
        return self._tests[node]

    def _decided(self, node: t.Expr, name: str) -> bool:
        event: Any = name
        for part in reversed(self.common.program.event_name):
            event = {part: event}
        return Evaluation(self.common.program, Arrival(event, 0)).holds(node)

    def _is_of_name(self, node: t.Expr) -> bool:
        """Whether all that a condition reads is the name of the event."""
        if node not in self._only_name:
            self._only_name[node] = all(map(self._is_part_of_name, everything(node)))
        return self._only_name[node]

    def _is_part_of_name(self, node: t.Expr) -> bool:
        if isinstance(node, t.Call):
            return not self.common.program.environment.functions[node.name.text].context
        if not isinstance(node, t.Ref):
            return True
        access = self.common.program.accesses[node]
        if access.root == "let":
            return not access.steps and self._is_of_name(self.common.program.lets[access.name].value)
        path = tuple(map(Key, self.common.program.event_name))
        return access.root == "event" and access.steps == path and access.kind in (Kind("text"),)
