"""The payload of one send: mapping lines top to bottom, a later one replacing an earlier one."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, assert_never

from router.lang import outcome as o
from router.lang import tree as t
from router.lang.environment import Field, Target
from router.lang.kinds import ANY
from router.lang.outcome import Outcome, Send, Skip
from router.lang.trace import Line, Trace, Tried
from router.lang.values import MAX_LIST
from router.lang.walk import Evaluation, convert

Names = tuple[str, ...]


class Payload:
    """Built when the first destination's gates are open, and shared by all destinations of the send."""

    def __init__(self, run: Evaluation, send: t.SendAction, source: str) -> None:
        self.run = run
        self.send = send
        self.source = source
        self.target = run.program.environment.target
        self.values: dict[Names, Any] = {}
        self.required: list[t.Require] = []
        self.built = False

    def outcome(self, destination: str, event: str, at: o.Place) -> Outcome:
        """Send it, or skip it for what is required and missing."""
        self.build()
        for require in self.required:
            if not self.run.asked(require, any(self._under(path.names) for path in require.paths)):
                detail = " or ".join(path.text for path in require.paths)
                reason = require.reason.text if require.reason else o.REQUIRES
                return Skip(destination, reason, require.span.place, event, detail)
        for names in self.run.program.required[self.source]:
            if names not in self.values:
                return Skip(destination, o.MISSING_REQUIRED, at, event, ".".join(names))
        return Send(destination, self.source, event, nested(self.values), at)

    def build(self) -> None:
        """Run the lines of the mappings and of the send itself, once."""
        if self.built:
            return
        self.built = True
        for word in self.send.mappings:
            self._mapping(word.text)
        self._body(self.send.body)

    def _under(self, names: Names) -> list[Names]:
        """What is assigned at a path: the field, or fields of the group."""
        return [each for each in self.values if each[: len(names)] == names]

    # -------------------------------------------------------------- lines

    def _mapping(self, name: str) -> None:
        mapping = self.run.program.mappings[name]
        if not mapping.sources or self._for(mapping.sources):
            self._body(mapping.body)

    def _for(self, sources: Iterable[t.Word]) -> bool:
        return any(word.text == self.source for word in sources)

    def _body(self, body: Iterable[t.Statement]) -> None:
        for node in body:
            self.run.fired(node)
            match node:
                case t.Assign():
                    self._assign(node)
                case t.Each():
                    self._each(node)
                case t.Include():
                    for word in node.names:
                        self._mapping(word.text)
                case t.ForSources():
                    if self._for(node.sources):
                        self._body(node.body)
                case t.When():
                    self._body(self.run.branch(node.branches, node.otherwise))
                case t.Require():
                    self.required.append(node)
                case t.Omit():
                    self._omit(node)
                case t.Broken():
                    pass
                case _:
                    assert_never(node)

    def _omit(self, node: t.Omit) -> None:
        for path in node.paths:
            for names in self._under(path.names):
                del self.values[names]

    def _field(self, path: str) -> Field | None:
        """The field for this source; None where the target has none, so that the line is left out."""
        field = self.target.fields.get(path)
        if field is None:
            return Field(path, ANY, frozenset({self.source}))
        return field if self.source in field.sources else None

    def _assign(self, node: t.Assign) -> None:
        field = self._field(node.path.text)
        if field is None:
            return
        value = self._value(node.value, field)
        if value is not None:
            self.values[node.path.names] = value
        self._traced(node.path.text, node.value, value, node)

    # -------------------------------------------------------------- values

    def _value(self, node: t.Expr, field: Field) -> Any:
        value = self.run.value(node)
        return None if value is None else converted(value, field, self.target, self.source, self.run.note)

    # -------------------------------------------------------------- each

    def _each(self, node: t.Each) -> None:
        if self._field(node.path.text) is None:
            return
        elements: list[dict[str, Any]] = []
        for _ in self.run.each(node):
            element: dict[Names, Any] = {}
            self._each_body(node.body, node.path.text, element)
            if element:
                elements.append(nested(element))
        if elements:
            self.values[node.path.names] = elements
        self._traced(node.path.text, node.items, elements or None, node)

    def _each_body(self, body: Iterable[t.Statement], path: str, element: dict[Names, Any]) -> None:
        for node in body:
            self.run.fired(node)
            match node:
                case t.Assign():
                    field = self._field(f"{path}[].{node.path.text}")
                    value = None if field is None else self._value(node.value, field)
                    if value is not None:
                        element[node.path.names] = value
                case t.When():
                    self._each_body(self.run.branch(node.branches, node.otherwise), path, element)
                case t.ForSources():
                    if self._for(node.sources):
                        self._each_body(node.body, path, element)
                case _:
                    pass

    # -------------------------------------------------------------- trace

    def _traced(self, path: str, value_of: t.Expr, value: Any, node: t.Assign | t.Each) -> None:
        trace = self.run.trace
        if trace is not None:
            line = _line(trace, path, value_of, value, node.span.place)
            trace.lines.setdefault(self.send, []).append(line)


def converted(value: Any, field: Field, target: Target, source: str, note: Callable[[str, str], None]) -> Any:
    """A computed value as a payload field takes it; what does not fit is None and noted."""
    inside = field.kind.of
    if field.kind.base == "list" and inside is not None and inside.base == "object":
        items = value if value.__class__ is list else [value]
        elements = (_element(item, field.path, target, source, note) for item in items[:MAX_LIST])
        return [each for each in elements if each] or None
    found, why = convert(value, field.kind, many=field.many)
    if why:
        note(field.path, why)
    return found[0] if field.many and found.__class__ is list and len(found) == 1 else found


def _element(
    item: Any, path: str, target: Target, source: str, note: Callable[[str, str], None]
) -> dict[str, Any]:
    """A list element that was written out: the fields that the target knows, converted."""
    found: dict[str, Any] = {}
    for name, value in item.items() if item.__class__ is dict else ():
        field = target.fields.get(f"{path}[].{name}")
        if field is None or source not in field.sources or value is None:
            continue
        fitting = converted(value, field, target, source, note)
        if fitting is not None:
            found[name] = fitting
    return found


def _line(trace: Trace, path: str, node: t.Expr, value: Any, at: o.Place) -> Line:
    choices = node.choices if isinstance(node, t.Coalesce) else ()
    hit = trace.chosen.get(node) if isinstance(node, t.Coalesce) and value is not None else None
    failed = choices if hit is None else choices[:hit]
    tried = tuple(Tried(_one_line(each.span.text), trace.whys.get(each, "missing")) for each in failed)
    text = _one_line((choices[hit] if hit is not None else node).span.text)
    why = "" if value is not None else trace.whys.get(node, "missing")
    return Line(path, value, at, text, None if hit is None else hit + 1, len(choices), tried, why)


def _one_line(text: str) -> str:
    return " ".join(text.split())


def nested(values: dict[Names, Any]) -> dict[str, Any]:
    """`{("user", "email"): x}` as `{"user": {"email": x}}`."""
    out: dict[str, Any] = {}
    for (*groups, leaf), value in values.items():
        place = out
        for group in groups:
            place = place.setdefault(group, {})
        place[leaf] = value
    return out
