"""Every name in rule files and what it stands for: the one index behind hover, navigation and rename."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal, assert_never

from router.lang import tree as t
from router.lang.source import Span
from router.lang.traverse import everything

Space = Literal[
    "let",
    "mapping",
    "destination",
    "field",
    "item",
    "function",
    "payload",
    "target",
    "name",
    "source",
    "file",
]
"""`field` is the event's, by path without list steps; `payload` the target's; `name` a neutral event name;
`item` a loop variable, whose key holds its place because it lives in one `each` only."""


@dataclass(frozen=True, slots=True)
class Occurrence:
    """A name at a place. `node` is what a definition declares, or the statement around a payload path."""

    space: Space
    key: str
    span: Span
    defines: bool = False
    node: t.Node | None = None


@dataclass(frozen=True, slots=True)
class _Item:
    """A loop variable in scope; `base` is the event path of the list it walks, where that is known."""

    key: str
    base: str | None


_Scope = Mapping[str, _Item]


def occurrences(files: Iterable[t.File]) -> Iterator[Occurrence]:
    """All names of all files, in the order of files and declarations."""
    files = tuple(files)
    lets = {each.name.text: each for file in files for each in file.declarations if isinstance(each, t.Let)}
    reader = _Reader(lets)
    for file in files:
        for declaration in file.declarations:
            yield from reader.declaration(declaration)


class _Reader:
    def __init__(self, lets: Mapping[str, t.Let]) -> None:
        self.lets = lets

    def declaration(self, node: t.Declaration) -> Iterator[Occurrence]:
        match node:
            case t.Use():
                yield Occurrence("file", node.file.text, node.file.span, True, node)
            case t.Schema():
                yield from _schema(node.fields, "")
            case t.Let():
                yield Occurrence("let", node.name.text, node.name.span, True, node)
                yield from self.expression(node.value, {})
            case t.SourceRule():
                yield from self.expression(node.value, {})
            case t.SettingsBlock():
                yield from self._settings(node.settings)
            case t.DestinationBlock():
                yield Occurrence("destination", node.name.text, node.name.span, True, node)
                yield from self._settings(node.lines)
            case t.Mapping():
                yield Occurrence("mapping", node.name.text, node.name.span, True, node)
                yield from _words("source", node.sources)
                yield from self.body(node.body, {})
            case t.Table():
                yield from self._table(node)
            case t.On():
                yield from _names(node.events)
                yield from _words("source", node.sources)
                yield from self._actions(node.actions)
            case t.DropRule():
                yield from _names(node.events)
                yield from _words("source", node.sources)
                yield from self._optional(node.when)
            case t.Test():
                for line in node.lines:
                    yield from self._test_line(line)
            case t.Broken():
                return
            case _:
                assert_never(node)

    def _settings(
        self, lines: Iterable[t.Setting | t.Requires | t.Include | t.Broken]
    ) -> Iterator[Occurrence]:
        for line in lines:
            match line:
                case t.Setting():
                    yield from self.expression(line.value, {})
                case t.Requires():
                    yield from self.expression(line.condition, {})
                case t.Include():
                    yield from _words("destination", line.names)
                case t.Broken():
                    pass
                case _:
                    assert_never(line)

    # -------------------------------------------------------------- rules

    def _table(self, node: t.Table) -> Iterator[Occurrence]:
        yield from self._optional(node.key)
        yield from _words("mapping", node.mappings)
        yield from _words("source", node.header.columns if node.header else ())
        for row in node.rows:
            if isinstance(row, t.Row):
                yield from _names(row.events)
                for cell in row.cells:
                    yield from _target(cell)
                yield from _words("mapping", row.mappings)
                yield from self._optional(row.when)

    def _actions(self, body: Iterable[t.Action]) -> Iterator[Occurrence]:
        for node in body:
            match node:
                case t.SendAction():
                    yield from self._send(node)
                case t.WhenAction():
                    for condition, inside in node.branches:
                        yield from self.expression(condition, {})
                        yield from self._actions(inside)
                    yield from self._actions(node.otherwise)
                case t.DropAction() | t.Broken():
                    pass
                case _:
                    assert_never(node)

    def _send(self, node: t.SendAction) -> Iterator[Occurrence]:
        if isinstance(node.event, t.CustomEvent):
            yield from self.expression(node.event.name, {})
        else:
            yield from _target(node.event)
        yield from _words("destination", node.to)
        yield from _words("mapping", node.mappings)
        yield from self._optional(node.when)
        yield from self._optional(node.sample.key if node.sample else None)
        yield from self.body(node.body, {})

    # -------------------------------------------------------------- mappings

    def body(self, body: Iterable[t.Statement], scope: _Scope, prefix: str = "") -> Iterator[Occurrence]:
        for node in body:
            yield from self._statement(node, scope, prefix)

    def _statement(self, node: t.Statement, scope: _Scope, prefix: str) -> Iterator[Occurrence]:
        match node:
            case t.Assign():
                yield _payload(node.path, prefix, node)
                yield from self.expression(node.value, scope)
            case t.Each():
                yield from self._each(node, scope, prefix)
            case t.Include():
                yield from _words("mapping", node.names)
            case t.ForSources():
                yield from _words("source", node.sources)
                yield from self.body(node.body, scope, prefix)
            case t.When():
                for condition, inside in node.branches:
                    yield from self.expression(condition, scope)
                    yield from self.body(inside, scope, prefix)
                yield from self.body(node.otherwise, scope, prefix)
            case t.Require() | t.Omit():
                yield from (_payload(path, prefix, node) for path in node.paths)
            case t.Broken():
                return
            case _:
                assert_never(node)

    def _each(self, node: t.Each, scope: _Scope, prefix: str) -> Iterator[Occurrence]:
        yield _payload(node.path, prefix, node)
        key = f"{node.item.text}@{node.item.span.source.name}:{node.item.span.start}"
        inner = {**scope, node.item.text: _Item(key, self._list_path(node.items, scope))}
        yield from self.expression(node.items, scope)
        yield Occurrence("item", key, node.item.span, True, node)
        if node.where is not None:
            yield from self.expression(node.where, inner)
        yield from self.body(node.body, inner, f"{prefix}{node.path.text}[].")

    def _list_path(self, node: t.Expr, scope: _Scope) -> str | None:
        """The event path of a list, through at most one `let`."""
        if not isinstance(node, t.Ref):
            return None
        let = None if node.name.text in scope else self.lets.get(node.name.text)
        if let is not None and not node.steps and isinstance(let.value, t.Ref):
            node = let.value
        return _path(node, "" if node.name.text == "event" else _base(node, scope))

    # -------------------------------------------------------------- expressions

    def _optional(self, node: t.Expr | None) -> Iterator[Occurrence]:
        if node is not None:
            yield from self.expression(node, {})

    def expression(self, node: t.Expr, scope: _Scope) -> Iterator[Occurrence]:
        for each in everything(node):
            if isinstance(each, t.Ref):
                yield from self._ref(each, scope)
            elif isinstance(each, t.Call):
                yield Occurrence("function", each.name.text, each.name.span)

    def _ref(self, node: t.Ref, scope: _Scope) -> Iterator[Occurrence]:
        name = node.name.text
        if name in scope:
            yield Occurrence("item", scope[name].key, node.name.span)
            yield from _fields(_steps(node), scope[name].base)
        elif name == "event":
            yield from _fields(_steps(node), "")
        else:
            yield Occurrence("let", name, node.name.span)

    # -------------------------------------------------------------- tests

    def _test_line(self, line: t.Given | t.Expectation | t.Broken) -> Iterator[Occurrence]:
        match line:
            case t.Given():
                for each in line.lines:
                    yield from self._given(each)
            case t.ExpectSend():
                yield from _target(line.event)
                yield from _words("destination", line.to)
                for expected in line.lines:
                    yield from self._expected(expected)
            case t.ExpectSkip() | t.ExpectNothing():
                yield from _words("destination", line.to)
            case t.ExpectDrop() | t.ExpectUnhandled() | t.Broken():
                return
            case _:
                assert_never(line)

    def _given(self, line: t.Statement) -> Iterator[Occurrence]:
        if isinstance(line, t.Assign):
            if line.path.parts[0].text == "event":
                yield from _fields(line.path.parts[1:], "")
            yield from self.expression(line.value, {})

    def _expected(self, line: t.Assign | t.ExpectMissing | t.Broken) -> Iterator[Occurrence]:
        if isinstance(line, t.Assign):
            yield _payload(line.path, "", line)
            yield from self.expression(line.value, {})
        elif isinstance(line, t.ExpectMissing):
            yield _payload(line.path, "", line)


def _schema(fields: Iterable[t.SchemaField | t.Broken], prefix: str) -> Iterator[Occurrence]:
    for field in fields:
        if not isinstance(field, t.SchemaField):
            continue
        path = prefix
        for part in field.path.parts:
            path += part.text
            yield Occurrence("field", path, part.span, True, field if part is field.path.parts[-1] else None)
            path += "."
        kind = field.type
        while isinstance(kind, t.ListType):
            kind = kind.element
        if isinstance(kind, t.ObjectType):
            yield from _schema(kind.fields, path)


def _words(space: Space, words: Iterable[t.Word]) -> Iterator[Occurrence]:
    return (Occurrence(space, word.text, word.span) for word in words)


def _names(names: Iterable[t.EventName]) -> Iterator[Occurrence]:
    return (Occurrence("name", each.text, each.span) for each in names if not each.star)


def _target(cell: t.Cell) -> Iterator[Occurrence]:
    if isinstance(cell, t.TargetEvent):
        yield Occurrence("target", cell.text, cell.span)


def _payload(path: t.Path, prefix: str, node: t.Node) -> Occurrence:
    return Occurrence("payload", prefix + path.text, path.span, node=node)


def _steps(node: t.Ref) -> list[t.Word]:
    return [step for step in node.steps if isinstance(step, t.Word)]


def _fields(words: Iterable[t.Word], base: str | None) -> Iterator[Occurrence]:
    """Each step of a path; nothing where nobody knows what the path starts from."""
    path = base
    for word in words if path is not None else ():
        path = f"{path}.{word.text}" if path else word.text
        yield Occurrence("field", path, word.span)


def _base(node: t.Ref, scope: _Scope) -> str | None:
    item = scope.get(node.name.text)
    return item.base if item else None


def _path(node: t.Ref, base: str | None) -> str | None:
    if base is None:
        return None
    return ".".join([base, *(word.text for word in _steps(node))] if base else [w.text for w in _steps(node)])
