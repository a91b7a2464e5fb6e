"""The outline of a rule file."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

from router.lang import tree as t
from router.lang.source import Span

Shape = Literal[
    "file", "schema", "field", "value", "destination", "mapping", "table", "event", "rule", "test"
]


@dataclass(frozen=True, slots=True)
class Symbol:
    """A declaration: `whole` is all of it, `name_at` what the cursor goes to."""

    name: str
    shape: Shape
    whole: Span
    name_at: Span
    inside: tuple[Symbol, ...] = ()


def outline(file: t.File) -> list[Symbol]:
    """The declarations of one file, in order."""
    return [symbol for node in file.declarations for symbol in _symbol(node)]


def search(files: Iterable[t.File], query: str) -> list[Symbol]:
    """Declarations whose name holds the letters of the query in this order."""
    every = (each for file in files for each in outline(file))
    return [each for each in every if _holds(each.name.lower(), query.lower())]


def _holds(name: str, query: str) -> bool:
    letters = iter(name)
    return all(letter in letters for letter in query)


def _symbol(node: t.Declaration) -> Iterator[Symbol]:
    match node:
        case t.Use():
            yield Symbol(node.file.text or '""', "file", node.span, node.file.span)
        case t.Schema():
            yield Symbol(
                f"schema {node.name.text}", "schema", node.span, node.name.span, _fields(node.fields)
            )
        case t.Let():
            yield Symbol(node.name.text, "value", node.span, node.name.span)
        case t.DestinationBlock():
            yield Symbol(node.name.text, "destination", node.span, node.name.span)
        case t.Mapping():
            yield Symbol(node.name.text, "mapping", node.span, node.name.span)
        case t.Table():
            name = f"events {node.name.text}" if node.name else "events"
            yield Symbol(name, "table", node.span, node.name.span if node.name else _head(node), _rows(node))
        case t.On():
            yield Symbol("on " + _names(node.events), "rule", node.span, _head(node))
        case t.DropRule():
            yield Symbol(f"drop {_names(node.events)}".rstrip(), "rule", node.span, _head(node))
        case t.Test():
            yield Symbol(node.name.text or '""', "test", node.span, node.name.span)
        case t.SourceRule() | t.SettingsBlock():
            word = "source" if isinstance(node, t.SourceRule) else "settings"
            yield Symbol(word, "value", node.span, _head(node))
        case t.Broken():
            return


def _head(node: t.Node) -> Span:
    """The first word of a declaration."""
    length = len((node.span.text.split() or [""])[0])
    return Span(node.span.source, node.span.start, node.span.start + length)


def _fields(fields: Iterable[t.SchemaField | t.Broken]) -> tuple[Symbol, ...]:
    return tuple(
        Symbol(each.path.text or '""', "field", each.span, each.path.span, _inside(each.type))
        for each in fields
        if isinstance(each, t.SchemaField)
    )


def _inside(node: t.Type) -> tuple[Symbol, ...]:
    while isinstance(node, t.ListType):
        node = node.element
    return _fields(node.fields) if isinstance(node, t.ObjectType) else ()


def _rows(table: t.Table) -> tuple[Symbol, ...]:
    return tuple(
        Symbol(_names(row.events), "event", row.span, row.events[0].span)
        for row in table.rows
        if isinstance(row, t.Row) and row.events
    )


def _names(events: Iterable[t.EventName]) -> str:
    return ", ".join("*" if each.star else each.text or '""' for each in events)
