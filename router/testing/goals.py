"""What tests can cover: every way through the rules, with what to say where no test takes it."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Literal, assert_never

from router.lang import tree as t
from router.lang.check.constants import Constants
from router.lang.program import Program, Rule
from router.lang.source import Span
from router.lang.trace import Trace
from router.lang.traverse import everything
from router.testing.observed import one_line
from router.testing.possible import truths
from router.testing.switched_off import is_switched_off

Aspect = Literal[
    "table cells", "event names", "row conditions", "actions", "fallbacks", "branches",
    "requirements", "gates", "drops", "filters", "samples",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Goal:
    """One way through the rules. `key` is what a trace that took it holds; `missing` is the uncovered way."""

    at: Span
    aspect: Aspect
    missing: str
    key: Hashable


def reached(trace: Trace) -> set[Hashable]:
    """The keys of all goals that a trace reaches."""
    keys: set[Hashable] = {("ran", node) for node in trace.fired}
    keys |= {("held", node, answer) for node, answers in trace.held.items() for answer in answers}
    keys |= {("hit", node, index) for node, indexes in trace.hits.items() for index in indexes}
    if trace.rule is not None:
        keys |= {("cell", trace.rule.span, trace.rule.source), ("name", trace.rule.span, trace.rule.event)}
    return keys


def goals(program: Program) -> list[Goal]:
    """Every goal of a rule set that a test can reach, in the order of its files and lines."""
    switched_off = is_switched_off(program)
    return [each for each in _Goals(program).all() if not switched_off(each.at)]


def rules(program: Program) -> Iterator[Rule]:
    """Every rule that an event can find; what an `override` replaced is not among them."""
    dispatch = program.dispatch
    for by_source in (dispatch.by_name, dispatch.by_key):
        for by_name in by_source.values():
            yield from by_name.values()
    yield from dispatch.everything_else.values()


@dataclass(slots=True)
class _Goals:
    program: Program
    constants: Constants = field(init=False)
    rules: list[Rule] = field(init=False)
    actions: set[tuple[t.Action, ...]] = field(init=False)
    cells: set[tuple[Span, str]] = field(init=False)
    names: set[tuple[Span, str]] = field(init=False)

    def __post_init__(self) -> None:
        self.constants = Constants(self.program.lets)
        self.rules = list(rules(self.program))
        self.actions = {each.actions for each in self.rules}
        self.cells = {(each.span, each.source) for each in self.rules}
        self.names = {(each.span, each.event) for each in self.rules}

    def all(self) -> Iterator[Goal]:
        for file in self.program.files:
            for declaration in file.declarations:
                yield from self._declaration(declaration)

    def _declaration(self, node: t.Declaration) -> Iterator[Goal]:
        match node:
            case t.Let() | t.SourceRule():
                yield from self._expression(node.value)
            case t.DestinationBlock():
                for line in node.lines:
                    if isinstance(line, t.Requires):
                        yield from self._condition(line.condition, "gates", line.span)
            case t.Mapping():
                yield from self._body(node.body)
            case t.Table():
                for row in node.rows:
                    if isinstance(row, t.Row) and node.header is not None:
                        yield from self._row(node.header, row)
            case t.On():
                yield from self._on(node)
            case t.DropRule():
                yield from self._drop(node)
            case t.Use() | t.Schema() | t.SettingsBlock() | t.Test() | t.Broken():
                pass
            case _:
                assert_never(node)

    # -------------------------------------------------------------- rules

    def _row(self, header: t.Header, row: t.Row) -> Iterator[Goal]:
        what = ", ".join(each.text for each in row.events)
        sent = False
        for column, cell in zip(header.columns, row.cells, strict=False):
            if (row.span, column.text) in self.cells:
                sent = sent or isinstance(cell, t.TargetEvent)
                missing = f"no test of `{what}` for {column.text}, cell `{cell.span.text}`"
                yield Goal(cell.span, "table cells", missing, ("cell", row.span, column.text))
        yield from self._names(row.events, [row.span] * len(row.events))
        if sent and row.when is not None:
            names = [each.text for each in row.events if not each.star]
            yield from self._condition(row.when, "row conditions", row.when, names)

    def _names(self, events: tuple[t.EventName, ...], spans: list[Span]) -> Iterator[Goal]:
        """Of several names behind one another each needs a test; a single one has it with its cells."""
        for name, span in zip(events, spans, strict=True) if len(events) > 1 else ():
            if (span, name.text) in self.names:
                missing = f"no test of the event `{name.text}`"
                yield Goal(name.span, "event names", missing, ("name", span, name.text))

    def _on(self, node: t.On) -> Iterator[Goal]:
        if node.actions in self.actions:
            yield from self._names(node.events, [each.span for each in node.events])
            yield from self._actions(node.actions)

    def _actions(self, actions: Iterable[t.Action]) -> Iterator[Goal]:
        for node in actions:
            match node:
                case t.SendAction():
                    yield from self._send(node)
                case t.DropAction():
                    missing = "no test reaches this drop"
                    yield Goal(node.span, "actions", missing, ("ran", node))
                case t.WhenAction():
                    conditions = [condition for condition, _ in node.branches]
                    yield from self._branches(conditions, written=bool(node.otherwise))
                    for _, body in node.branches:
                        yield from self._actions(body)
                    yield from self._actions(node.otherwise)
                case t.Broken():
                    pass
                case _:
                    assert_never(node)

    def _send(self, node: t.SendAction) -> Iterator[Goal]:
        missing = f"no test reaches `{_first_line(node.span)}`"
        yield Goal(node.span, "actions", missing, ("ran", node))
        if isinstance(node.event, t.CustomEvent):
            yield from self._expression(node.event.name)
        if node.when is not None:
            yield from self._condition(node.when, "row conditions", node.when)
        if node.sample is not None:
            yield from _both(
                node.sample, "samples", "no test is in the sample", "no test is out of the sample"
            )
            yield from self._expression(node.sample.key)
        yield from self._body(node.body)

    def _drop(self, node: t.DropRule) -> Iterator[Goal]:
        if node.when is None:
            missing = f"no test is dropped by `{one_line(node.span.text)}`"
            yield Goal(node.span, "drops", missing, ("ran", node))
        else:
            yield from self._condition(node.when, "drops", node.span)

    # -------------------------------------------------------------- mappings

    def _body(self, body: Iterable[t.Statement]) -> Iterator[Goal]:
        for node in body:
            match node:
                case t.Assign():
                    yield from self._expression(node.value)
                case t.Each():
                    yield from self._each(node)
                case t.ForSources():
                    yield from self._body(node.body)
                case t.When():
                    conditions = [condition for condition, _ in node.branches]
                    yield from self._branches(conditions, written=bool(node.otherwise))
                    for _, inside in node.branches:
                        yield from self._body(inside)
                    yield from self._body(node.otherwise)
                case t.Require():
                    what = one_line(node.span.text)
                    yield from _both(
                        node, "requirements", f"no test meets `{what}`", f"no test fails `{what}`"
                    )
                case t.Include() | t.Omit() | t.Broken():
                    pass
                case _:
                    assert_never(node)

    def _each(self, node: t.Each) -> Iterator[Goal]:
        yield from self._expression(node.items)
        if node.where is not None:
            yield from self._condition(node.where, "filters", node.where)
        yield from self._body(node.body)

    def _branches(self, conditions: list[t.Expr], *, written: bool) -> Iterator[Goal]:
        """Each body, and the way past all conditions, whether or not an `otherwise` stands there."""
        for number, condition in enumerate(conditions, 1):
            what = one_line(condition.span.text)
            possible = truths(self.program, condition)
            if True in possible:
                missing = f"no test in which `{what}` holds"
                yield Goal(condition.span, "branches", missing, ("held", condition, True))
            if number == len(conditions) and False in possible:
                missing = f"no test takes `otherwise` of `{what}`" if written else _never_fails(what)
                yield Goal(condition.span, "branches", missing, ("held", condition, False))
            yield from self._expression(condition)

    # -------------------------------------------------------------- expressions

    def _condition(
        self, node: t.Expr, aspect: Aspect, at: t.Node | Span, names: Iterable[str] = ()
    ) -> Iterator[Goal]:
        """A condition both ways, as far as it has both."""
        span = at if isinstance(at, Span) else at.span
        what = one_line(node.span.text)
        for answer in sorted(truths(self.program, node, names), reverse=True):
            missing = f"no test in which `{what}` holds" if answer else _never_fails(what)
            yield Goal(span, aspect, missing, ("held", node, answer))
        yield from self._expression(node)

    def _expression(self, node: t.Expr) -> Iterator[Goal]:
        for each in everything(node):
            match each:
                case t.Coalesce():
                    yield from self._fallback(each)
                case t.If():
                    yield from self._if(each)
                case t.Match():
                    for arm in each.arms:
                        missing = f"no test takes `{one_line(arm.span.text)}`"
                        yield Goal(arm.span, "branches", missing, ("ran", arm))
                case _:
                    pass

    def _fallback(self, node: t.Coalesce) -> Iterator[Goal]:
        for index, choice in enumerate(node.choices):
            if not _is_missing(choice):
                missing = f"no test takes `{one_line(choice.span.text)}`, choice {index + 1}"
                yield Goal(choice.span, "fallbacks", missing, ("hit", node, index))
            if not self.constants.can_be_missing(choice):
                return
        missing = f"no test in which every choice of `{one_line(node.span.text)}` is missing"
        yield Goal(node.span, "fallbacks", missing, ("hit", node, None))

    def _if(self, node: t.If) -> Iterator[Goal]:
        possible = truths(self.program, node.condition)
        for answer, word, branch in ((True, "then", node.then), (False, "else", node.otherwise)):
            if answer in possible:
                missing = f"no test takes `{word} {one_line(branch.span.text)}`"
                yield Goal(branch.span, "branches", missing, ("held", node.condition, answer))


def _both(node: t.Node, aspect: Aspect, never: str, always: str) -> Iterator[Goal]:
    yield Goal(node.span, aspect, never, ("held", node, True))
    yield Goal(node.span, aspect, always, ("held", node, False))


def _never_fails(what: str) -> str:
    return f"no test in which `{what}` does not hold"


def _is_missing(node: t.Expr) -> bool:
    return isinstance(node, t.Literal) and node.value is None


def _first_line(span: Span) -> str:
    return one_line(span.text.partition("\n")[0].rstrip(" {"))
