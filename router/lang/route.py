"""One event through the program: dropped, unhandled, or an outcome for every destination."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from typing import Any, assert_never

from router.lang import outcome as o
from router.lang import tree as t
from router.lang.assemble import Payload
from router.lang.environment import Target
from router.lang.kinds import Kind
from router.lang.outcome import Arrival, Drop, Outcome, Result, Skip, Unhandled
from router.lang.program import Destination, Program, Rule
from router.lang.source import Span
from router.lang.trace import Trace
from router.lang.walk import Evaluation

DEFAULT_SOURCE = "web"


def route(
    program: Program,
    arrival: Arrival,
    *,
    inactive: frozenset[tuple[str, str]] = frozenset(),
    trace: Trace | None = None,
) -> Result:
    """Every outcome of one event. `inactive` are (destination, source) pairs that have no id at run time."""
    return _Route(program, arrival, inactive, trace).run()


class _Dropped(Exception):  # noqa: N818 - a signal inside this module, not an error
    def __init__(self, drop: Drop) -> None:
        self.drop = drop


class _Route:
    def __init__(
        self, program: Program, arrival: Arrival, inactive: frozenset[tuple[str, str]], trace: Trace | None
    ) -> None:
        self.program = program
        self.target = program.environment.target
        self.evaluation = Evaluation(program, arrival, trace=trace)
        self.inactive = inactive
        self.trace = trace
        self.outcomes: list[Outcome] = []
        self.name = self._event_name(arrival.event)

    def run(self) -> Result:
        """Drops first, then one look-up, and the rule."""
        source = self._source()
        try:
            self._drops(source)
            rule = self._rule(source)
            if rule is None:
                self.outcomes = [Unhandled()]
            else:
                self._apply(rule)
        except _Dropped as dropped:
            self.outcomes = [dropped.drop]
            if self.trace is not None:
                self.trace.sends.clear()
        notes = tuple(sorted(self.evaluation.notes.values()))
        return Result(self.name, source, tuple(self.outcomes), notes)

    def _event_name(self, event: Any) -> str | None:
        for part in self.program.event_name:
            event = event.get(part) if event.__class__ is dict else None
        value, _ = self.evaluation.reader.read(event, Kind("text"))
        return value if isinstance(value, str) else None

    # -------------------------------------------------------------- drop rules, source, look-up

    def _drops(self, source: str | None) -> None:
        """The first that holds, in the order of files and lines, gives the reason."""
        for rule in self.program.drops:
            due = not rule.sources or any(word.text == source for word in rule.sources)
            if due and self._about(rule.events) and (rule.when is None or self.evaluation.holds(rule.when)):
                self.evaluation.fired(rule)
                raise _Dropped(Drop(rule.reason.text if rule.reason else o.DROPPED, rule.span.place))

    def _about(self, events: Iterable[t.EventName]) -> bool:
        names = list(events)
        return not names or any(each.star or each.text == self.name for each in names)

    def _source(self) -> str | None:
        if self.program.source is None:
            return DEFAULT_SOURCE
        value = self.evaluation.value(self.program.source)
        return value if isinstance(value, str) and value in self.target.sources else None

    def _rule(self, source: str | None) -> Rule | None:
        if source is None:
            return None
        dispatch = self.program.dispatch
        rule = dispatch.by_name.get(source, {}).get(self.name or "")
        if rule is None and dispatch.key is not None:
            key = self.evaluation.text(dispatch.key)
            rule = dispatch.by_key.get(source, {}).get(key or "")
        return rule or dispatch.everything_else.get(source)

    # -------------------------------------------------------------- the rule

    def _apply(self, rule: Rule) -> None:
        if self.trace is not None:
            self.trace.rule = rule
        if rule.not_sent:
            self._skip_all(serving(self.program, rule.source), o.NOT_FOR_SOURCE, rule.span, None)
            return
        self._actions(rule.actions, rule)
        if not self.outcomes:
            self.outcomes = [Skip(None, o.NO_SEND, rule.span.place)]

    def _actions(self, actions: Iterable[t.Action], rule: Rule) -> None:
        for action in actions:
            match action:
                case t.SendAction():
                    self._send(action, rule)
                case t.WhenAction():
                    self._actions(self.evaluation.branch(action.branches, action.otherwise), rule)
                case t.DropAction():
                    self.evaluation.fired(action)
                    raise _Dropped(
                        Drop(action.reason.text if action.reason else o.DROPPED, action.span.place)
                    )
                case t.Broken():
                    pass
                case _:
                    assert_never(action)

    def _skip_all(
        self, names: list[str], reason: str, span: Span, event: str | None, detail: str = ""
    ) -> None:
        for name in names:
            self.outcomes.append(Skip(name, reason, span.place, event, detail))
        if not names:
            self.outcomes.append(Skip(None, reason, span.place, event, detail))

    # -------------------------------------------------------------- sends

    def _send(self, send: t.SendAction, rule: Rule) -> None:
        before = len(self.outcomes)
        event = self._target_event(send)
        names = [word.text for word in send.to] or serving(self.program, rule.source)
        refusal = self._refusal(send, event, rule.source)
        if not names:
            self._skip_all([], o.NO_DESTINATION, send.span, event)
        elif refusal or event is None:
            self._skip_all(names, refusal or o.BAD_EVENT_NAME, send.span, event)
        else:
            self.evaluation.fired(send)
            payload = Payload(self.evaluation, send, rule.source)
            for name in names:
                self.outcomes.append(
                    self._to(self.program.destinations[name], send, event, rule.source, payload)
                )
        if self.trace is not None:
            self.trace.sends += [send] * (len(self.outcomes) - before)

    def _target_event(self, send: t.SendAction) -> str | None:
        if isinstance(send.event, t.TargetEvent):
            return send.event.text
        return self.evaluation.text(send.event.name)

    def _refusal(self, send: t.SendAction, event: str | None, source: str) -> str | None:
        """Why the send does not happen for any destination."""
        if send.when is not None and not self.evaluation.holds(send.when):
            return o.ROW_CONDITION
        sample = send.sample
        if sample is not None and not self.evaluation.asked(sample, self._sampled(sample, event)):
            return o.SAMPLED_OUT
        return refusal(self.target, event, source)

    def _sampled(self, sample: t.Sample, event: str | None) -> bool:
        return drawn(sample, self.name, event, self.evaluation.value(sample.key))

    def _to(
        self, destination: Destination, send: t.SendAction, event: str, source: str, payload: Payload
    ) -> Outcome:
        name, at = destination.name, send.span.place
        if self.trace is not None and self.trace.behind_gates:
            payload.build()  # explain shows every line, even behind a closed gate
        if source not in destination.sources:
            return Skip(name, o.NOT_FOR_SOURCE, at, event)
        if (name, source) in self.inactive:
            return Skip(name, o.DESTINATION_INACTIVE, at, event)
        for gate in destination.gates:
            if not self.evaluation.holds(gate.condition):
                return Skip(name, gate.reason.text if gate.reason else o.REQUIRES, gate.span.place, event)
        return payload.outcome(name, event, at)


def serving(program: Program, source: str) -> list[str]:
    """The destinations of a source, for rules that name none."""
    return [name for name, each in program.destinations.items() if source in each.sources]


def refusal(target: Target, event: str | None, source: str) -> str | None:
    """Why the target takes no event of this name from the source, None where it does."""
    if event is None:
        return o.BAD_EVENT_NAME
    known = target.events.get(target.aliases.get(event, event))
    if known is not None:
        return None if source in known.sources else o.NOT_FOR_SOURCE
    if source in target.standard_only:
        return o.NOT_FOR_SOURCE
    return o.BAD_EVENT_NAME if target.custom_event_problem(event) else None


def drawn(sample: t.Sample, name: str | None, event: str | None, key: Any) -> bool:
    """The same key is in or out for good: nothing random, and no memory of what was drawn.

    Drawn anew for each event name, so that the few who are in for one are not in for all.
    """
    if key is None:
        return False
    seed = f"{name}\0{event}\0{key}".encode("utf-8", "surrogatepass")
    return int.from_bytes(hashlib.sha256(seed).digest()[:8], "big") % 10_000 < sample.basis_points
