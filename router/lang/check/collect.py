"""First pass: what is declared, and the event schema as one kind."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TypeVar

from router.lang import tree as t
from router.lang.check.scope import Checking
from router.lang.kinds import ANY, BOOL, NUMBER, OBJECT, TEXT, TIME, URL, Kind, list_of
from router.lang.messages import names as say

_TYPES: dict[str, Kind] = {
    "text": TEXT, "number": NUMBER, "bool": BOOL, "time": TIME, "url": URL, "any": ANY,
}  # fmt: skip
_DECLARES = re.compile(r"\b(?:let|mapping|destination)[ \t]+([A-Za-z_][A-Za-z0-9_]*)")
N = TypeVar("N", t.Let, t.Mapping, t.DestinationBlock)


def collect(checking: Checking) -> None:
    """Fill `checking.names`."""
    names = checking.names
    schemas: list[t.Schema] = []
    for declaration in checking.declarations():
        match declaration:
            case t.Let():
                _declare(checking, names.lets, declaration, "name")
            case t.Mapping():
                _declare(checking, names.mappings, declaration, "mapping")
            case t.DestinationBlock():
                _declare(checking, names.destinations, declaration, "destination")
            case t.Schema():
                schemas.append(declaration)
            case t.Broken():
                names.broken |= set(_DECLARES.findall(declaration.span.text))
            case _:
                pass
    _schema(checking, schemas)


def _declare(checking: Checking, table: dict[str, N], node: N, noun: str) -> None:
    first = table.get(node.name.text)
    if first is None:
        table[node.name.text] = node
        return
    earlier, later = sorted((first.name.span, node.name.span), key=lambda span: span.sort_key)
    checking.report(say.declared_twice(later, earlier, noun))


def _schema(checking: Checking, schemas: list[t.Schema]) -> None:
    own = [each for each in schemas if not each.extend]
    for extra in own[1:]:
        checking.report(say.second_schema(extra.name.span, own[0].name.span))
    if not own:
        for each in schemas:
            checking.report(say.nothing_to_extend(each.name.span))
        return
    fields: dict[str, Kind] = {}
    for schema in [own[0], *(each for each in schemas if each.extend)]:
        _add_fields(checking, fields, schema.fields, "")
    checking.names.schema = Kind("object", fields=fields)
    checking.names.schema_span = own[0].name.span


def _add_fields(
    checking: Checking, into: dict[str, Kind], fields: Iterable[t.SchemaField | t.Broken], prefix: str
) -> None:
    for field in fields:
        if isinstance(field, t.SchemaField):
            _add(checking, into, field, prefix)


def _add(checking: Checking, into: dict[str, Kind], field: t.SchemaField, prefix: str) -> None:
    """Put a field at its path; objects on the way, and objects declared again by an extension, are joined."""
    path = prefix
    for part in field.path.parts[:-1]:
        path += part.text
        into = _object_at(into, part.text)
        checking.names.declared.setdefault(path, field.span)
        path += "."
    name = field.path.parts[-1].text
    path += name
    if isinstance(field.type, t.ObjectType):
        checking.names.declared.setdefault(path, field.path.span)
        _add_fields(checking, _object_at(into, name), field.type.fields, path + ".")
        return
    if name in into:
        checking.report(say.field_declared_twice(field.path.span, path, checking.names.declared[path]))
        return
    checking.names.declared[path] = field.path.span
    into[name] = _kind(checking, field.type, path).marked(pii=field.pii)
    if into[name].base == "list" and field.pii:
        element = into[name].of or TEXT
        into[name] = list_of(element.marked(pii=True))


def _object_at(into: dict[str, Kind], name: str) -> dict[str, Kind]:
    found = into.get(name)
    if found is None or found.base != "object" or not isinstance(found.fields, dict):
        found = Kind("object", fields={})
        into[name] = found
    assert isinstance(found.fields, dict)
    return found.fields


def _kind(checking: Checking, node: t.Type, path: str) -> Kind:
    match node:
        case t.NamedType():
            kind = _TYPES.get(node.name)
            if kind is None:
                checking.report(say.unknown_type(node.span, node.name, _TYPES))
            return kind or ANY
        case t.ListType():
            return list_of(_kind(checking, node.element, path))
        case t.EnumType():
            return Kind("text", options=tuple(str(option.value) for option in node.options))
        case t.ObjectType():
            fields: dict[str, Kind] = {}
            _add_fields(checking, fields, node.fields, path + ".")
            return Kind("object", fields=fields) if fields else OBJECT
