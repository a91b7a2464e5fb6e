"""One event through the program: dropped, unhandled, or an outcome for every destination."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from typing import Any, assert_never

from router.lang import outcome as o
from router.lang import tree as t
from router.lang.environment import Field
from router.lang.kinds import ANY, Kind
from router.lang.outcome import Arrival, Drop, Outcome, Result, Send, Skip, Unhandled
from router.lang.program import Destination, Program, Rule
from router.lang.source import Span
from router.lang.trace import Line, Trace, Tried
from router.lang.walk import Evaluation, convert

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
        self.run_of = Evaluation(program, arrival, trace=trace)
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
        notes = tuple(self.run_of.notes.values())
        return Result(self.name, source, tuple(self.outcomes), notes)

    def _event_name(self, event: Any) -> str | None:
        for part in self.program.event_name:
            event = event.get(part) if event.__class__ is dict else None
        value, _ = self.run_of.reader.read(event, Kind("text"))
        return value if isinstance(value, str) else None

    # -------------------------------------------------------------- drop rules, source, look-up

    def _drops(self, source: str | None) -> None:
        """The first that holds, in the order of files and lines, gives the reason."""
        for rule in self.program.drops:
            due = not rule.sources or any(word.text == source for word in rule.sources)
            if due and self._about(rule.events) and (rule.when is None or self.run_of.holds(rule.when)):
                self._fired(rule)
                raise _Dropped(Drop(rule.reason.text if rule.reason else o.DROPPED, rule.span.place))

    def _about(self, events: Iterable[t.EventName]) -> bool:
        names = list(events)
        return not names or any(each.star or each.text == self.name for each in names)

    def _source(self) -> str | None:
        if self.program.source is None:
            return DEFAULT_SOURCE
        value = self.run_of.value(self.program.source)
        return value if isinstance(value, str) and value in self.target.sources else None

    def _rule(self, source: str | None) -> Rule | None:
        if source is None:
            return None
        dispatch = self.program.dispatch
        rule = dispatch.by_name.get(source, {}).get(self.name or "")
        if rule is None and dispatch.key is not None:
            key = self.run_of.text(dispatch.key)
            rule = dispatch.by_key.get(source, {}).get(key or "")
        return rule or dispatch.everything_else.get(source)

    # -------------------------------------------------------------- the rule

    def _apply(self, rule: Rule) -> None:
        if rule.not_sent:
            self._skip_all(self._serving(rule.source), o.NOT_FOR_SOURCE, rule.span, None)
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
                    self._actions(self._branch(action.branches, action.otherwise), rule)
                case t.DropAction():
                    self._fired(action)
                    raise _Dropped(
                        Drop(action.reason.text if action.reason else o.DROPPED, action.span.place)
                    )
                case t.Broken():
                    pass
                case _:
                    assert_never(action)

    def _branch(self, branches: Iterable[tuple[t.Expr, Any]], otherwise: Any) -> Any:
        for condition, body in branches:
            if self.run_of.holds(condition):
                self._fired(condition)
                return body
        return otherwise

    def _serving(self, source: str) -> list[str]:
        return [name for name, each in self.program.destinations.items() if source in each.sources]

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
        names = [word.text for word in send.to] or self._serving(rule.source)
        refusal = self._refusal(send, event, rule.source)
        if not names:
            self._skip_all([], o.NO_DESTINATION, send.span, event)
        elif refusal or event is None:
            self._skip_all(names, refusal or o.BAD_EVENT_NAME, send.span, event)
        else:
            self._fired(send)
            payload = _Payload(self, send, rule.source)
            for name in names:
                self.outcomes.append(
                    self._to(self.program.destinations[name], send, event, rule.source, payload)
                )
        if self.trace is not None:
            self.trace.sends += [send] * (len(self.outcomes) - before)

    def _target_event(self, send: t.SendAction) -> str | None:
        if isinstance(send.event, t.TargetEvent):
            return send.event.text
        return self.run_of.text(send.event.name)

    def _refusal(self, send: t.SendAction, event: str | None, source: str) -> str | None:
        """Why the send does not happen for any destination."""
        if send.when is not None and not self.run_of.holds(send.when):
            return o.ROW_CONDITION
        if send.sample is not None and not self._sampled(send.sample):
            return o.SAMPLED_OUT
        if event is None:
            return o.BAD_EVENT_NAME
        known = self.target.events.get(self.target.aliases.get(event, event))
        if known is not None:
            return None if source in known.sources else o.NOT_FOR_SOURCE
        if source in self.target.standard_only:
            return o.NOT_FOR_SOURCE
        return o.BAD_EVENT_NAME if self.target.custom_event_problem(event) else None

    def _sampled(self, sample: t.Sample) -> bool:
        """The same key is in or out for good: nothing random, and no memory of what was drawn."""
        key = self.run_of.value(sample.key)
        if key is None:
            return False
        seed = f"{sample.span.source.name}:{sample.span.line}\0{key}".encode("utf-8", "surrogatepass")
        return int.from_bytes(hashlib.sha256(seed).digest()[:8], "big") % 10_000 < sample.basis_points

    def _to(
        self, destination: Destination, send: t.SendAction, event: str, source: str, payload: _Payload
    ) -> Outcome:
        name, at = destination.name, send.span.place
        if self.trace is not None:
            payload.build()  # explain shows every line, even behind a closed gate
        if source not in destination.sources:
            return Skip(name, o.NOT_FOR_SOURCE, at, event)
        if (name, source) in self.inactive:
            return Skip(name, o.DESTINATION_INACTIVE, at, event)
        for gate in destination.gates:
            if not self.run_of.holds(gate.condition):
                return Skip(name, gate.reason.text if gate.reason else o.REQUIRES, gate.span.place, event)
        return payload.outcome(name, event, at)

    def _fired(self, node: t.Node) -> None:
        if self.trace is not None:
            self.trace.fired.add(node)


class _Payload:
    """The payload of one send, built when the first destination's gates are open and shared by all."""

    def __init__(self, of: _Route, send: t.SendAction, source: str) -> None:
        self.of = of
        self.send = send
        self.source = source
        self.values: dict[str, Any] = {}
        self.required: list[t.Require] = []
        self.built = False

    def outcome(self, destination: str, event: str, at: o.Place) -> Outcome:
        self.build()
        for require in self.required:
            if not any(self._assigned(path.text) for path in require.paths):
                detail = " or ".join(path.text for path in require.paths)
                reason = require.reason.text if require.reason else o.REQUIRES
                return Skip(destination, reason, require.span.place, event, detail)
        for path in self._always_required():
            if path not in self.values:
                return Skip(destination, o.MISSING_REQUIRED, at, event, path)
        return Send(destination, self.source, event, nested(self.values), at)

    def _always_required(self) -> list[str]:
        fields = self.of.target.fields.values()
        return [field.path for field in fields if self.source in field.required_for]

    def _assigned(self, path: str) -> bool:
        return path in self.values or any(name.startswith(path + ".") for name in self.values)

    def build(self) -> None:
        if self.built:
            return
        self.built = True
        for word in self.send.mappings:
            self._mapping(word.text)
        self._body(self.send.body)

    def _mapping(self, name: str) -> None:
        mapping = self.of.program.mappings[name]
        if not mapping.sources or any(word.text == self.source for word in mapping.sources):
            self._body(mapping.body)

    def _body(self, body: Iterable[t.Statement]) -> None:
        for node in body:
            match node:
                case t.Assign():
                    self._assign(node)
                case t.Each():
                    self._each(node)
                case t.Include():
                    for word in node.names:
                        self._mapping(word.text)
                case t.ForSources():
                    if any(word.text == self.source for word in node.sources):
                        self._body(node.body)
                case t.When():
                    self._body(self.of._branch(node.branches, node.otherwise))
                case t.Require():
                    self.required.append(node)
                case t.Omit():
                    self._omit(node)
                case t.Broken():
                    pass
                case _:
                    assert_never(node)

    def _field(self, path: str) -> Field | None:
        """The field for this source; None where the target has none, so that the line is left out."""
        field = self.of.target.fields.get(path)
        if field is None:
            return Field(path, ANY, frozenset({self.source}))
        return field if self.source in field.sources else None

    def _assign(self, node: t.Assign) -> None:
        field = self._field(node.path.text)
        if field is None:
            return
        value = self.of.run_of.value(node.value)
        if value is not None:
            value = self._converted(value, field)
            if value is not None:
                self.values[field.path] = value
        self._traced(node.path.text, node.value, value, node.span)

    def _converted(self, value: Any, field: Field) -> Any:
        element = field.kind.of
        if field.kind.base == "list" and element is not None and element.base == "object":
            items = value if value.__class__ is list else [value]
            return [each for item in items[:1000] if (each := self._element(item, field.path))] or None
        found, why = convert(value, field.kind, many=field.many)
        if why:
            self.of.run_of.note(field.path, why)
        return found

    def _element(self, item: Any, path: str) -> dict[str, Any]:
        """A list element that was written out: the fields that the target knows, converted."""
        found: dict[str, Any] = {}
        for name, value in item.items() if item.__class__ is dict else ():
            field = self.of.target.fields.get(f"{path}[].{name}")
            converted = self._converted(value, field) if field and self.source in field.sources else None
            if converted is not None:
                found[name] = converted
        return found

    def _each(self, node: t.Each) -> None:
        if self._field(node.path.text) is None:
            return
        elements: list[dict[str, Any]] = []
        for _ in self.of.run_of.each(node):
            element: dict[str, Any] = {}
            self._each_body(node.body, node.path.text, element)
            if element:
                elements.append(nested(element))
        if elements:
            self.values[node.path.text] = elements
        self._traced(node.path.text, node.items, elements or None, node.span)

    def _each_body(self, body: Iterable[t.Statement], path: str, element: dict[str, Any]) -> None:
        for node in body:
            match node:
                case t.Assign():
                    field = self._field(f"{path}[].{node.path.text}")
                    value = self.of.run_of.value(node.value) if field else None
                    value = self._converted(value, field) if field and value is not None else None
                    if value is not None:
                        element[node.path.text] = value
                case t.When():
                    self._each_body(self.of._branch(node.branches, node.otherwise), path, element)
                case t.ForSources():
                    if any(word.text == self.source for word in node.sources):
                        self._each_body(node.body, path, element)
                case _:
                    pass

    def _omit(self, node: t.Omit) -> None:
        for path in node.paths:
            for name in [
                name for name in self.values if name == path.text or name.startswith(path.text + ".")
            ]:
                del self.values[name]

    def _traced(self, path: str, node: t.Expr, value: Any, span: Span) -> None:
        trace = self.of.trace
        if trace is None:
            return
        lines = trace.lines.setdefault(self.send, [])
        lines.append(_line(trace, path, node, value, span))


def _line(trace: Trace, path: str, node: t.Expr, value: Any, span: Span) -> Line:
    choices = node.choices if isinstance(node, t.Coalesce) else ()
    hit = trace.chosen.get(node) if isinstance(node, t.Coalesce) and value is not None else None
    failed = choices if hit is None else choices[:hit]
    tried = tuple(Tried(_one_line(each.span.text), trace.whys.get(each, "missing")) for each in failed)
    text = _one_line((choices[hit] if hit is not None else node).span.text)
    why = "" if value is not None else trace.whys.get(node, "missing")
    return Line(path, value, span.place, text, None if hit is None else hit + 1, len(choices), tried, why)


def _one_line(text: str) -> str:
    return " ".join(text.split())


def nested(values: dict[str, Any]) -> dict[str, Any]:
    """`{"user.email": x}` as `{"user": {"email": x}}`."""
    out: dict[str, Any] = {}
    for path, value in values.items():
        *groups, leaf = path.split(".")
        place = out
        for group in groups:
            place = place.setdefault(group, {})
        place[leaf] = value
    return out
