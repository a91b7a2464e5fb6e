"""The plan of a program: every rule as a generated function, found by source and event name."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from threading import Lock
from types import TracebackType
from typing import Any, Final

from router.lang import tree as t
from router.lang.compiled.emitter import Code, NotCompiledError
from router.lang.compiled.events import beginning
from router.lang.compiled.handlers import Handler, Inactive, handler
from router.lang.compiled.seam import Finisher, Planned
from router.lang.compiled.sends import Library
from router.lang.compiled.writing import Common
from router.lang.outcome import Arrival, Note, Place, Result, Send, Unhandled
from router.lang.program import Program, Rule
from router.lang.route import DEFAULT_SOURCE, route

NONE_INACTIVE: Final[Inactive] = frozenset()
Table = Mapping[str | None, Handler]
_NO_RULES: Final[Table] = {}
RULES_AT_ONCE: Final = 1_000
FUNCTIONS_AT_ONCE: Final = 32
"""So many are compiled when rules are loaded; a function takes some ten milliseconds."""


@dataclass(frozen=True, slots=True)
class Walked:
    """A rule, or the beginning of all, that is left to the walker, and why."""

    at: Place | None
    why: str


@dataclass(frozen=True, slots=True)
class Plan:
    """A checked program, ready to run; as `route` and the target's finishing, and many times faster.

    Safe to share between threads. What could not be compiled is left to the walker: such events take the long
    way.
    """

    program: Program
    _finisher: Finisher
    _begin: Callable[..., Any] | None
    """None leaves every event to the walker."""
    _by_name: Mapping[str | None, Table]
    """For every source, and None for an event without one."""
    _by_key: Mapping[str, Table]
    _otherwise: Table
    _key: Callable[..., Any] | None
    _walked: list[Walked]
    _codes: list[Code] = field(repr=False)
    long_ways: Counter[str] = field(default_factory=Counter, compare=False)
    """How many `events` took the long way."""

    @property
    def walked(self) -> tuple[Walked, ...]:
        """What could not be compiled, as far as it was asked for."""
        return tuple(self._walked)

    @property
    def codes(self) -> tuple[Code, ...]:
        """The functions that were generated so far."""
        return tuple(self._codes)

    def run(self, arrival: Arrival, inactive: Inactive = NONE_INACTIVE) -> Planned:
        """Every outcome of one event, with finished payloads. `inactive` are (destination, source) pairs.

        What generated code raises is a bug of ours; it carries a note with the rule's place.
        """
        event, begin = arrival.event, self._begin
        notes: list[tuple[str, str]] = []
        planned = None
        try:
            if begin is not None and event.__class__ is dict:
                memo: dict[str, Any] = {}
                name, source, drop = begin(event, arrival, notes, memo)
                if drop is not None:
                    planned = Planned(Result(name, source, (drop,)), ())
                else:
                    found = self._by_name[source].get(name)
                    if found is None:
                        found = self._elsewhere(source, (event, arrival, notes, memo))
                    planned = found(event, arrival, notes, memo, inactive, name)
        except Exception as error:
            self._locate(error)
            raise
        if planned is None:
            self.long_ways["events"] += 1
            return self.walk(arrival, inactive)
        return _with_notes(planned, notes) if notes else planned

    def walk(self, arrival: Arrival, inactive: Inactive = NONE_INACTIVE) -> Planned:
        """The same by the walker: what `run` is measured by."""
        result = route(self.program, arrival, inactive=inactive)
        sends = [each for each in result.outcomes if isinstance(each, Send)]
        finished = tuple(self._finisher.finish(each, arrival) for each in sends)
        emptied = tuple(
            replace(each, payload={}) if isinstance(each, Send) else each for each in result.outcomes
        )
        return Planned(replace(result, outcomes=emptied), finished)

    def _elsewhere(self, source: str | None, run: tuple[Any, ...]) -> Handler:
        """Rules by another key, then those for everything else; else what says that there are none."""
        found = None
        if source is not None and self._key is not None:
            key = self._key(*run)
            found = self._by_key.get(source, _NO_RULES).get(key if isinstance(key, str) else None)
        return found or self._otherwise.get(source) or partial(_unhandled, source)

    def _locate(self, error: Exception) -> None:
        place = self._place(error.__traceback__)
        if place is not None:
            error.add_note(f"in the rules at {place}")

    def _place(self, traceback: TracebackType | None) -> Place | None:
        """The rule line of the innermost frame that is generated code."""
        found = None
        codes = {each.run.__code__: each for each in self.codes}
        while traceback is not None:
            code = codes.get(traceback.tb_frame.f_code)
            found = code.place(traceback.tb_lineno) if code is not None else found
            traceback = traceback.tb_next
        return found


def _unhandled(source: str | None, *run: Any) -> Planned:
    """No rule speaks of the event; the last of what a handler takes is its name."""
    return Planned(Result(run[-1], source, (Unhandled(),)), ())


def _with_notes(planned: Planned, notes: list[tuple[str, str]]) -> Planned:
    told = tuple(Note(*each) for each in sorted(set(notes)))
    return Planned(replace(planned.result, notes=told), planned.finished)


def compile_plan(program: Program, finisher: Finisher) -> Plan:
    """Generate a program's functions. What cannot be compiled is left to the walker, and listed."""
    return _Planning(program, finisher).plan()


class _Planning:
    """Makes a plan. What is more than `AT_ONCE` is made when the first event asks for it."""

    def __init__(self, program: Program, finisher: Finisher) -> None:
        self.program = program
        self.finisher = finisher
        self.common = Common(program, finisher)
        self.library = Library(self.common)
        self.walked: list[Walked] = []
        self._rules = 0
        self._turn = Lock()

    def plan(self) -> Plan:
        dispatch = self.program.dispatch
        by_name: dict[str | None, Table] = dict.fromkeys(self._sources(), _NO_RULES)
        by_name |= {source: self._table(rules, by_name=True) for source, rules in dispatch.by_name.items()}
        by_key = {source: self._table(rules, by_name=False) for source, rules in dispatch.by_key.items()}
        otherwise = self._table(dispatch.everything_else, by_name=False)
        begin, key = self._before_rules(dispatch.key)
        return Plan(
            self.program, self.finisher, begin, by_name, by_key, otherwise, key, self.walked,
            self.common.codes,
        )  # fmt: skip

    def _sources(self) -> Iterator[str | None]:
        """All that the beginning can find."""
        yield from (None, DEFAULT_SOURCE, *self.program.environment.target.sources)

    def _before_rules(self, key: t.Ref | None) -> tuple[Callable[..., Any] | None, Callable[..., Any] | None]:
        """The beginning and the key of a table; both None where one of them is left to the walker."""
        try:
            return beginning(self.common), None if key is None else self.library.value(key)
        except (NotCompiledError, RecursionError) as reason:
            self.walked.append(Walked(None, str(reason)))
            return None, None

    def _table(self, rules: Mapping[str, Rule], *, by_name: bool) -> Table:
        """Handlers by name; an event without a name is one whose name is empty."""
        table: dict[str | None, Handler] = {}
        for name, rule in rules.items():
            keys = (name,) if name else (name, None)
            if self._rules < RULES_AT_ONCE and len(self.common.codes) < FUNCTIONS_AT_ONCE:
                made = self._handler(rule, by_name=by_name)
            else:
                made = self._at_first_use(table, keys, rule, by_name=by_name)
            table.update(dict.fromkeys(keys, made))
            self._rules += 1
        return table

    def _at_first_use(
        self, table: dict[str | None, Handler], keys: tuple[str | None, ...], rule: Rule, *, by_name: bool
    ) -> Handler:
        """Makes the handler that takes its place in the table."""

        def first(*run: Any) -> Planned | None:
            with self._turn:
                made = self._late(rule, by_name=by_name)
            table.update(dict.fromkeys(keys, made))
            return made(*run)

        return first

    def _late(self, rule: Rule, *, by_name: bool) -> Handler:
        """A mistake of ours that shows only now costs time, and no event."""
        try:
            return self._handler(rule, by_name=by_name)
        except Exception as mistake:
            self.walked.append(Walked(rule.span.place, repr(mistake)))
            return _long_way

    def _handler(self, rule: Rule, *, by_name: bool) -> Handler:
        try:
            return handler(self.library, rule, by_name=by_name)
        except (NotCompiledError, RecursionError) as reason:
            self.walked.append(Walked(rule.span.place, str(reason)))
            return _long_way


def _long_way(*_: Any) -> None:
    return None
