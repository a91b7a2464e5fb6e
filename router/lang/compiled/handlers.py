"""What a rule does with an event: its actions as steps, each with all that is the same for every event."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, assert_never

from router.lang import outcome as o
from router.lang import tree as t
from router.lang.compiled.events import drop_of
from router.lang.compiled.seam import Planned
from router.lang.compiled.sends import Library, Made, Test, gate_skip
from router.lang.outcome import Arrival, Drop, Outcome, Result, Send, Skip
from router.lang.program import Destination, Program, Rule
from router.lang.route import drawn, refusal, serving

Inactive = frozenset[tuple[str, str]]
Handler = Callable[[dict[str, Any], Arrival, Any, Any, Inactive, str | None], Planned | None]
"""Takes the event, its arrival, notes, computed names, inactive destinations and the name that was read. None
leaves the event to the walker."""
_new: Final = tuple.__new__


def handler(library: Library, rule: Rule, *, by_name: bool) -> Handler:
    """What happens to events of a rule; `by_name` says that it is found by the event's name."""
    found = _ordinary(library, rule) if by_name else None
    return found or _any(library, rule, rule.event if by_name else None)


# ------------------------------------------------------------------ the ordinary rule


@dataclass(frozen=True, slots=True)
class _Single:
    """One send of a named event to one destination."""

    send: t.SendAction
    event: str
    destination: Destination
    test: Test


def _ordinary(library: Library, rule: Rule) -> Handler | None:
    """A rule with a single send, whose outcome can be made beforehand; None for any other."""
    if rule.not_sent or len(rule.actions) != 1:
        return None
    send, program = rule.actions[0], library.common.program
    if not isinstance(send, t.SendAction) or not isinstance(send.event, t.TargetEvent) or send.sample:
        return None
    names, event = _destinations(program, send, rule.source), send.event.text
    if len(names) != 1 or refusal(program.environment.target, event, rule.source) is not None:
        return None
    destination = program.destinations[names[0]]
    test = send.when is None or library.test(send.when, rule.event)
    if test is False or rule.source not in destination.sources:
        return None
    return _handler_of(library, rule, _Single(send, event, destination, test))


def _handler_of(library: Library, rule: Rule, single: _Single) -> Handler:
    made = library.send(single.send, rule.source, single.destination.gates)
    code, head = made.code, library.common.finisher.head(single.event)
    name, event, at, source = single.destination.name, single.event, single.send.span.place, rule.source
    key = (name, source)
    arrived = rule.event or None
    sent = Result(arrived, source, (Send(name, source, event, {}, at),))

    def skipped(skip: Skip) -> Planned:
        return Planned(Result(arrived, source, (skip,)), ())

    def decide(
        read: Any, arrival: Arrival, notes: Any, memo: Any, inactive: Inactive, _: str | None
    ) -> Planned | None:
        if inactive and key in inactive:
            return skipped(Skip(name, o.DESTINATION_INACTIVE, at, event))
        done = code(read, arrival, notes, memo, head)
        if done.__class__ is int:
            return skipped(made.skip(done, name, event, at))
        return None if done is None else _new(Planned, (sent, (done,)))

    if callable(single.test):
        return _asked(single.test, decide, lambda: skipped(Skip(name, o.ROW_CONDITION, at, event)))
    return decide


def _asked(test: Callable[..., bool], decide: Handler, refused: Callable[[], Planned]) -> Handler:
    def decide_when(
        read: Any, arrival: Arrival, notes: Any, memo: Any, inactive: Inactive, name: str | None
    ) -> Planned | None:
        if test(read, arrival, notes, memo):
            return decide(read, arrival, notes, memo, inactive, name)
        return refused()

    return decide_when


def _destinations(program: Program, send: t.SendAction, source: str) -> list[str]:
    return [word.text for word in send.to] or serving(program, source)


# ------------------------------------------------------------------ any rule


class _LongWay(Exception):  # noqa: N818 - a signal of this module, not an error
    """The walker is to decide this event."""


@dataclass(slots=True)
class _Decision:
    """What the steps have decided so far of one event."""

    run: tuple[Any, ...]
    inactive: Inactive
    name: str | None
    outcomes: list[Outcome] = field(default_factory=list)
    finished: list[Any] = field(default_factory=list)
    drop: Drop | None = None


Step = Callable[[_Decision], None]
"""Adds what one action decides. When it sets `drop`, nothing after it runs."""


def _any(library: Library, rule: Rule, name: str | None) -> Handler:
    """Step by step, for rules with several sends, conditions or destinations."""
    if rule.not_sent:
        skips = _skips(serving(library.common.program, rule.source), o.NOT_FOR_SOURCE, rule.span.place, None)
        return lambda read, arrival, notes, memo, inactive, name: Planned(
            Result(name, rule.source, skips), ()
        )
    steps = _steps(library, rule.actions, rule.source, name)

    def decide(
        read: Any, arrival: Arrival, notes: Any, memo: Any, inactive: Inactive, name: str | None
    ) -> Planned | None:
        decision = _Decision((read, arrival, notes, memo), inactive, name)
        try:
            _take(steps, decision)
        except _LongWay:
            return None
        if decision.drop is not None:
            return Planned(Result(name, rule.source, (decision.drop,)), ())
        outcomes = tuple(decision.outcomes) or (Skip(None, o.NO_SEND, rule.span.place),)
        return Planned(Result(name, rule.source, outcomes), tuple(decision.finished))

    return decide


def _take(steps: Sequence[Step], decision: _Decision) -> None:
    for step in steps:
        step(decision)
        if decision.drop is not None:
            return


def _skips(names: Sequence[str], reason: str, at: o.Place, event: str | None) -> tuple[Skip, ...]:
    return tuple(Skip(name, reason, at, event) for name in names) or (Skip(None, reason, at, event),)


def _steps(library: Library, actions: Iterable[t.Action], source: str, name: str | None) -> list[Step]:
    found: list[Step] = []
    for action in actions:
        match action:
            case t.SendAction():
                found.append(_Sending(library, action, source, name))
            case t.WhenAction():
                found.append(_when(library, action, source, name))
            case t.DropAction():
                found.append(_dropping(drop_of(action)))
            case t.Broken():
                pass
            case _:
                assert_never(action)
    return found


def _dropping(drop: Drop) -> Step:
    def step(decision: _Decision) -> None:
        decision.drop = drop

    return step


def _when(library: Library, action: t.WhenAction, source: str, name: str | None) -> Step:
    branches = [
        (library.test(test, name), _steps(library, body, source, name)) for test, body in action.branches
    ]
    otherwise = _steps(library, action.otherwise, source, name)

    def step(decision: _Decision) -> None:
        for test, body in branches:
            if test is True or (callable(test) and test(*decision.run)):
                _take(body, decision)
                return
        _take(otherwise, decision)

    return step


class _Sending:
    """A send in general: to any number of destinations, under a name that may be computed."""

    def __init__(self, library: Library, send: t.SendAction, source: str, name: str | None) -> None:
        program, self.target = library.common.program, library.common.program.environment.target
        self.finisher = library.common.finisher
        self.send, self.source, self.at = send, source, send.span.place
        self.names = _destinations(program, send, source)
        self.destinations = [program.destinations[each] for each in self.names]
        self.event = (
            send.event.text if isinstance(send.event, t.TargetEvent) else library.value(send.event.name)
        )
        self.test = send.when is None or library.test(send.when, name)
        self.sample = None if send.sample is None else library.value(send.sample.key)
        gates = {gate for each in self.destinations for gate in each.gates}
        self.gates = {gate: library.test(gate.condition, name) for gate in gates}
        self.made = library.send(send, source, ())

    def __call__(self, decision: _Decision) -> None:
        event = self.event if isinstance(self.event, str) else _text(self.event(*decision.run))
        refused = self._refusal(decision, event)
        if not self.names:
            decision.outcomes += _skips((), o.NO_DESTINATION, self.at, event)
        elif refused is not None or event is None:
            decision.outcomes += _skips(self.names, refused or o.BAD_EVENT_NAME, self.at, event)
        else:
            self._deliver(decision, event)

    def _refusal(self, decision: _Decision, event: str | None) -> str | None:
        """Why the send does not happen for any destination."""
        if self.test is not True and not (callable(self.test) and self.test(*decision.run)):
            return o.ROW_CONDITION
        if self.sample is not None and self.send.sample is not None:
            key = self.sample(*decision.run)
            if not drawn(self.send.sample, decision.name, event, key):
                return o.SAMPLED_OUT
        return refusal(self.target, event, self.source)

    def _deliver(self, decision: _Decision, event: str) -> None:
        """The payload is made when the first destination's gates are open, and shared by all."""
        payload = _Payload(self.made, decision.run, lambda: self.finisher.head(event))
        for each in self.destinations:
            skip = self._closed(decision, each, event)
            decision.outcomes.append(skip or self._outcome(decision, payload, each.name, event))

    def _closed(self, decision: _Decision, to: Destination, event: str) -> Skip | None:
        """Why this destination does not get it, before the payload is looked at."""
        if self.source not in to.sources:
            return Skip(to.name, o.NOT_FOR_SOURCE, self.at, event)
        if (to.name, self.source) in decision.inactive:
            return Skip(to.name, o.DESTINATION_INACTIVE, self.at, event)
        for gate in to.gates:
            test = self.gates[gate]
            if test is not True and not (callable(test) and test(*decision.run)):
                return gate_skip(gate, to.name, event)
        return None

    def _outcome(self, decision: _Decision, payload: _Payload, name: str, event: str) -> Outcome:
        done = payload.done()
        if done.__class__ is int:
            return self.made.skip(done, name, event, self.at)
        decision.finished.append(done)
        return Send(name, self.source, event, {}, self.at)


@dataclass(slots=True)
class _Payload:
    """What the generated function of a send gives, once."""

    made: Made
    run: tuple[Any, ...]
    head: Callable[[], Any]
    _done: Any = None

    def done(self) -> Any:
        if self._done is None:
            self._done = self.made.code(*self.run, self.head())
            if self._done is None:
                raise _LongWay
        return self._done


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) else None
