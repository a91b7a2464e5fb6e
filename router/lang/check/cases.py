"""Test blocks: a test must name things that exist, and must be able to fail."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import assert_never

from router.lang import tree as t
from router.lang.check.expressions import Expressions, Scope
from router.lang.check.fitting import assignable
from router.lang.check.mappings import Mappings
from router.lang.check.scope import Checking
from router.lang.messages import cases as say
from router.lang.messages import kinds as say_kind
from router.lang.messages import names as say_name
from router.lang.outcome import BUILT_IN_REASONS
from router.lang.program import Destination, Dispatch
from router.lang.traverse import actions, sends, statements

_TEST = Scope({}, "test")


class Cases:
    """Checks the `test` blocks against the finished dispatch table."""

    def __init__(
        self,
        checking: Checking,
        expressions: Expressions,
        mappings: Mappings,
        destinations: dict[str, Destination],
        dispatch: Dispatch,
        event_name: tuple[str, ...],
    ) -> None:
        self.checking = checking
        self.expressions = expressions
        self.mappings = mappings
        self.destinations = destinations
        self.dispatch = dispatch
        self.event_path = ".".join(event_name)
        drops = [each for each in checking.declarations() if isinstance(each, t.DropRule)]
        self.known = dispatch.names() | {name.text for drop in drops for name in drop.events}
        self.reasons = set(_reasons(checking.declarations()))
        self.unsure = checking.names.rules_broken or checking.names.incomplete

    def check(self) -> tuple[t.Test, ...]:
        tests = [each for each in self.checking.declarations() if isinstance(each, t.Test)]
        seen: dict[str, t.Test] = {}
        for test in tests:
            if test.name.text in seen:
                self.checking.report(say.same_test(test.name.span, seen[test.name.text].name.span))
            seen.setdefault(test.name.text, test)
            self._test(test)
        return tuple(tests)

    def _test(self, test: t.Test) -> None:
        expects = [line for line in test.lines if not isinstance(line, t.Given | t.Broken)]
        if not expects and not any(isinstance(line, t.Broken) for line in test.lines):
            self.checking.report(say.no_expectation(test.name.span))
        for line in test.lines:
            if isinstance(line, t.Given):
                self._given(line, expects)
            elif not isinstance(line, t.Broken):
                self._expectation(line)

    # -------------------------------------------------------------- given

    def _given(self, given: t.Given, expects: list[t.Expectation]) -> None:
        if given.unknown_event is not None and given.unknown_event.text in self.known:
            self.checking.report(say.known_after_all(given.unknown_event.span, given.unknown_event.text))
        for line in given.lines:
            if isinstance(line, t.Assign):
                self._given_line(line, expects)
            elif not isinstance(line, t.Broken):
                self.checking.report(say.unknown_given(line.span, line.span.text.split()[0]))

    def _given_line(self, line: t.Assign, expects: list[t.Expectation]) -> None:
        self.expressions.kind(line.value, _TEST)
        root, *rest = line.path.parts
        match root.text:
            case "event":
                self._given_event(line, rest)
            case "cookie" | "header" if len(rest) == 1:
                pass
            case "now" if not rest:
                pass
            case _:
                self.checking.report(say.unknown_given(line.path.span, line.path.text))
        for name in self._names_given(line):
            if name.value not in self.known and not self._open_ended():
                self.checking.report(
                    say.no_rule_knows(name.span, str(name.value), self.known, _passing(expects))
                )

    def _open_ended(self) -> bool:
        """Rules for names that nobody wrote down: `on *`, or a table with another key."""
        return bool(self.dispatch.everything_else) or self.dispatch.key is not None or self.unsure

    def _given_event(self, line: t.Assign, rest: list[t.Word]) -> None:
        """The path must be one that rules could read."""
        kind = self.checking.names.schema
        before = ""
        for word in rest:
            if kind is None or kind.base != "object":
                return
            fields = kind.fields or {}
            if word.text not in fields:
                self.checking.report(
                    say_name.unknown_event_field(word.span, "event", before, word.text, list(fields), None)
                )
                return
            kind = fields[word.text]
            before = f"{before}.{word.text}" if before else word.text

    def _names_given(self, line: t.Assign) -> Iterator[t.Literal]:
        """Literals that name the event: `event.event_name = "x"`, or inside `event = { … }`."""
        path = line.path.text.removeprefix("event").lstrip(".")
        if (
            path == self.event_path
            and isinstance(line.value, t.Literal)
            and isinstance(line.value.value, str)
        ):
            yield line.value
        if line.path.text == "event" and isinstance(line.value, t.ObjectOf):
            for key, value in line.value.pairs:
                if (
                    key.text == self.event_path
                    and isinstance(value, t.Literal)
                    and isinstance(value.value, str)
                ):
                    yield value

    # -------------------------------------------------------------- expect

    def _expectation(self, line: t.Expectation) -> None:
        match line:
            case t.ExpectSend():
                self._expect_send(line)
            case t.ExpectSkip():
                self._destinations(line.to)
                self._reason(line.reason)
            case t.ExpectDrop():
                self._reason(line.reason)
            case t.ExpectNothing():
                self._destinations(line.to)
            case t.ExpectUnhandled():
                pass
            case _:
                assert_never(line)

    def _expect_send(self, line: t.ExpectSend) -> None:
        self._destinations(line.to)
        sent, open_ended = self._sent()
        if line.event.text not in sent and not (open_ended or self.unsure):
            self.checking.report(say.never_sent(line.event.span, line.event.text, sent))
        for each in line.lines:
            if isinstance(each, t.ExpectMissing):
                self.mappings.field(each.path, group=True)
            elif isinstance(each, t.Assign):
                self._expected_value(each)

    def _expected_value(self, line: t.Assign) -> None:
        kind = self.expressions.kind(line.value, _TEST)
        field = self.mappings.field(line.path)
        if field is None or (field.kind.base == "time" and kind.base in ("number", "integer")):
            return
        if not assignable(kind, field.kind, many=True) and field.kind.base != "bool":
            self.checking.report(say_kind.wrong_type(line.value.span, line.path.span, field.kind, kind, None))

    def _sent(self) -> tuple[set[str], bool]:
        """The target events that rules send, and whether some compute their name."""
        names: set[str] = set()
        open_ended = False
        for declaration in self.checking.declarations():
            for event in _events(declaration):
                if isinstance(event, t.CustomEvent):
                    open_ended = True
                else:
                    names.add(event.text)
        return names, open_ended

    def _destinations(self, words: Iterable[t.Word]) -> None:
        for word in words:
            if word.text not in self.destinations and not self.checking.names.excuses(word.text):
                self.checking.report(say_name.unknown_destination(word.span, word.text, self.destinations))

    def _reason(self, word: t.Word | None) -> None:
        if word is None or word.text in self.reasons | BUILT_IN_REASONS or self.unsure:
            return
        self.checking.report(say.no_such_reason(word.span, word.text, self.reasons))


def _passing(expects: list[t.Expectation]) -> str:
    if any(isinstance(line, t.ExpectSend) for line in expects):
        return "`expect send` could never pass"
    if any(isinstance(line, t.ExpectUnhandled) for line in expects):
        return "`expect unhandled` would always pass"
    return "`expect nothing` would always pass"


def _events(declaration: t.Declaration) -> Iterator[t.TargetEvent | t.CustomEvent]:
    if isinstance(declaration, t.Table):
        for row in declaration.rows:
            if isinstance(row, t.Row):
                yield from (cell for cell in row.cells if isinstance(cell, t.TargetEvent))
    elif isinstance(declaration, t.On):
        yield from (send.event for send in sends(declaration.actions))


def _reasons(declarations: Iterable[t.Declaration]) -> Iterator[str]:
    """Every reason that a rule set gives."""
    for declaration in declarations:
        match declaration:
            case t.DropRule():
                words = [declaration.reason]
            case t.DestinationBlock():
                words = [line.reason for line in declaration.lines if isinstance(line, t.Requires)]
            case t.Mapping():
                words = list(_require_reasons(declaration.body))
            case t.On():
                words = list(_action_reasons(declaration.actions))
            case _:
                words = []
        yield from (word.text for word in words if word is not None)


def _require_reasons(body: Iterable[t.Statement]) -> Iterator[t.Word | None]:
    return (node.reason for node in statements(body) if isinstance(node, t.Require))


def _action_reasons(body: Iterable[t.Action]) -> Iterator[t.Word | None]:
    for node in actions(body):
        if isinstance(node, t.DropAction):
            yield node.reason
        elif isinstance(node, t.SendAction):
            yield from _require_reasons(node.body)
