"""The plan of a program: every rule as a generated function, found by source and event name."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
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
from router.lang.route import route

NONE_INACTIVE: Final[Inactive] = frozenset()
Table = Mapping[str | None, Handler]
_NO_RULES: Final[Table] = {}


@dataclass(frozen=True, slots=True)
class Walked:
    """A rule, or the beginning of all, that is left to the walker, and why."""

    at: Place | None
    why: str


@dataclass(frozen=True, slots=True)
class Plan:
    """A checked program, ready to run; as `route` and the target's finishing, and many times faster.

    Safe to share between threads. `walked` lists what could not be compiled; such events take the long way.
    """

    program: Program
    walked: tuple[Walked, ...]
    _finisher: Finisher
    _begin: Callable[..., Any] | None
    """None leaves every event to the walker."""
    _by_name: Mapping[str, Table]
    _by_key: Mapping[str, Table]
    _otherwise: Mapping[str, Handler]
    _key: Callable[..., Any] | None
    codes: tuple[Code, ...] = field(repr=False)
    long_ways: Counter[str] = field(default_factory=Counter, compare=False)
    """How many `events` took the long way."""

    def run(self, arrival: Arrival, inactive: Inactive = NONE_INACTIVE) -> Planned:
        """Every outcome of one event, with finished payloads. `inactive` are (destination, source) pairs.

        What generated code raises is a bug of ours; it carries a note with the rule's place.
        """
        notes: list[tuple[str, str]] = []
        try:
            planned = self._decided(arrival, inactive, notes)
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

    def _decided(self, arrival: Arrival, inactive: Inactive, notes: list[tuple[str, str]]) -> Planned | None:
        event = arrival.event
        memo: dict[str, Any] = {}
        if self._begin is None or event.__class__ is not dict:
            return None
        name, source, drop = self._begin(event, arrival, notes, memo)
        if drop is not None:
            return Planned(Result(name, source, (drop,)), ())
        found = self._by_name.get(source, _NO_RULES).get(name)
        if found is None and source is not None:
            found = self._elsewhere(source, (event, arrival, notes, memo))
        if found is None:
            return Planned(Result(name, source, (Unhandled(),)), ())
        return found(event, arrival, notes, memo, inactive, name)

    def _elsewhere(self, source: str, run: tuple[Any, ...]) -> Handler | None:
        """Rules by another key, then those for everything else."""
        found = None
        if self._key is not None:
            key = self._key(*run)
            found = self._by_key.get(source, {}).get(key if isinstance(key, str) else None)
        return found or self._otherwise.get(source)

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


def _with_notes(planned: Planned, notes: list[tuple[str, str]]) -> Planned:
    told = tuple(Note(*each) for each in dict.fromkeys(notes))
    return Planned(replace(planned.result, notes=told), planned.finished)


def compile_plan(program: Program, finisher: Finisher) -> Plan:
    """Generate a program's functions. What cannot be compiled is left to the walker, and listed."""
    return _Planning(program, finisher).plan()


class _Planning:
    def __init__(self, program: Program, finisher: Finisher) -> None:
        self.program = program
        self.finisher = finisher
        self.common = Common(program, finisher)
        self.library = Library(self.common)
        self.walked: list[Walked] = []

    def plan(self) -> Plan:
        dispatch = self.program.dispatch
        by_name = {source: self._table(rules, by_name=True) for source, rules in dispatch.by_name.items()}
        by_key = {source: self._table(rules, by_name=False) for source, rules in dispatch.by_key.items()}
        otherwise = {
            source: self._handler(rule, by_name=False) for source, rule in dispatch.everything_else.items()
        }
        begin, key = self._before_rules(dispatch.key)
        return Plan(
            self.program, tuple(self.walked), self.finisher, begin, by_name, by_key, otherwise, key,
            tuple(self.common.codes),
        )  # fmt: skip

    def _before_rules(self, key: t.Ref | None) -> tuple[Callable[..., Any] | None, Callable[..., Any] | None]:
        """The beginning and the key of a table; both None where one of them is left to the walker."""
        try:
            return beginning(self.common), None if key is None else self.library.value(key)
        except (NotCompiledError, RecursionError) as reason:
            self.walked.append(Walked(None, str(reason)))
            return None, None

    def _table(self, rules: Mapping[str, Rule], *, by_name: bool) -> Table:
        """Handlers by name; an event without a name is one whose name is empty."""
        table: dict[str | None, Handler] = {
            name: self._handler(rule, by_name=by_name) for name, rule in rules.items()
        }
        return table | {None: table[""]} if "" in table else table

    def _handler(self, rule: Rule, *, by_name: bool) -> Handler:
        try:
            return handler(self.library, rule, by_name=by_name)
        except (NotCompiledError, RecursionError) as reason:
            self.walked.append(Walked(rule.span.place, str(reason)))
            return _long_way


def _long_way(*_: Any) -> None:
    return None
