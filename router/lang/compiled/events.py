"""What is found out about every event before its rule: its name, its source, and whether it is dropped."""

from __future__ import annotations

import ast
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from router.lang import tree as t
from router.lang.compiled import nodes as n
from router.lang.compiled.expressions import RUN, Expressions
from router.lang.compiled.shapes import TEXT as TEXT_SHAPE
from router.lang.compiled.writing import Common, Operand, known
from router.lang.kinds import TEXT
from router.lang.outcome import DROPPED, Drop
from router.lang.program import Access, Key
from router.lang.route import DEFAULT_SOURCE


def condition(common: Common, node: t.Expr) -> Callable[..., bool]:
    """A function that tells whether a condition holds."""
    writer = Expressions(common)
    writer.count(node)
    with writer.out.at(node.span):
        test = writer.test(node)
        writer.out.emit(n.returned(n.choose(test, n.plain(True), n.plain(False))))
    return writer.finished(*RUN).run


def computed(common: Common, node: t.Expr) -> Callable[..., Any]:
    """A function that gives the value of an expression."""
    writer = Expressions(common)
    writer.count(node)
    with writer.out.at(node.span):
        writer.out.emit(n.returned(writer.load(writer.value(node))))
    return writer.finished(*RUN).run


def beginning(common: Common) -> Callable[..., Any]:
    """A function that gives (name, source, drop) of an event; the first drop rule that holds ends it."""
    return _Beginning(common).write()


class _Beginning(Expressions):
    """Drop rules for names that do not arrive cost one look-up for as many as stand together."""

    def write(self) -> Callable[..., Any]:
        for node in (self.program.source, *(rule.when for rule in self.program.drops)):
            if node is not None:
                self.count(node)
        name = self._event_name()
        source = self._source()
        together: list[t.DropRule] = []
        for rule in self.program.drops:
            if rule.events and not any(each.star for each in rule.events):
                together.append(rule)
                continue
            self._by_name(name, source, together)
            together = []
            self._drop(rule, name, source)
        self._by_name(name, source, together)
        self._answer(name, source, n.plain(None))
        return self.finished(*RUN).run

    def _event_name(self) -> Operand:
        steps = tuple(Key(part) for part in self.program.event_name)
        raw = self._raw(Access("event", "event", steps, TEXT), steps)
        return self._typed(raw, TEXT, None, loose=False)

    def _source(self) -> Operand:
        if self.program.source is None:
            return known(DEFAULT_SOURCE)
        with self.out.at(self.program.source.span):
            found = self.value(self.program.source)
            if found.shape.base != "text" and not found.is_known:
                found = Operand(TEXT_SHAPE, self.out.let(n.call(self.constant(_text_only), self.load(found))))
            there = n.compare(self.load(found), "in", self.constant(frozenset(self.target_sources)))
            return Operand(TEXT_SHAPE, self.out.let(n.choose(there, self.load(found), n.plain(None))))

    @property
    def target_sources(self) -> tuple[str, ...]:
        return self.program.environment.target.sources

    def _answer(self, name: Operand, source: Operand, drop: ast.expr) -> None:
        self.out.emit(self._answered(name, source, drop))

    def _answered(self, name: Operand, source: Operand, drop: ast.expr) -> ast.stmt:
        return n.returned(n.tuple_of(self.load(name), self.load(source), drop))

    def _drop(self, rule: t.DropRule, name: Operand, source: Operand) -> None:
        """A rule for any name."""
        with self.out.at(rule.span):
            due = n.plain(True)
            if rule.sources:
                due = n.compare(self.load(source), "in", self.constant(frozenset(_words(rule))))
            with self.branch() as body:
                test = n.plain(True) if rule.when is None else self.test(rule.when)
                answer = self._answered(name, source, self.constant(drop_of(rule)))
                self.out.emit(n.when(test, [answer]))
            self.out.emit(n.when(due, body))

    def _by_name(self, name: Operand, source: Operand, rules: list[t.DropRule]) -> None:
        """Rules for certain names that stand together: the first of those for this name that holds."""
        if not rules:
            return
        table: dict[str, list[_Named]] = {}
        for rule in rules:
            test = None if rule.when is None else condition(self.common, rule.when)
            made = _Named(frozenset(_words(rule)) or None, test, drop_of(rule))
            for event in dict.fromkeys(each.text for each in rule.events):
                table.setdefault(event, []).append(made)
        found = self.out.let(n.method(self.constant(table), "get", self.load(name)))
        asked = n.call(self.constant(_first), n.name(found), self.load(source), *map(n.name, RUN))
        drop = self.out.fresh("d")
        answer = n.when(n.not_none(n.name(drop)), [self._answered(name, source, n.name(drop))])
        self.out.emit(n.when(n.not_none(n.name(found)), [n.assign(drop, asked), answer]))


@dataclass(frozen=True, slots=True)
class _Named:
    """A drop rule for certain names: the sources it is for (None is any), its condition, what it does."""

    sources: frozenset[str] | None
    test: Callable[..., bool] | None
    drop: Drop


def _first(rules: list[_Named], source: str | None, *run: Any) -> Drop | None:
    for rule in rules:
        if (rule.sources is None or source in rule.sources) and (rule.test is None or rule.test(*run)):
            return rule.drop
    return None


def _words(rule: t.DropRule) -> list[str]:
    return [word.text for word in rule.sources]


def drop_of(rule: t.DropRule | t.DropAction) -> Drop:
    """What a rule that ends the event says of it."""
    return Drop(rule.reason.text if rule.reason else DROPPED, rule.span.place)


def _text_only(value: Any) -> str | None:
    return value if isinstance(value, str) else None
