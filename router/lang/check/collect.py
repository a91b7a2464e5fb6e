"""First pass: what is declared, and the event schema as one kind."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TypeVar

from router.lang import tree as t
from router.lang.check.scope import Checking
from router.lang.kinds import ANY, BOOL, NUMBER, OBJECT, TEXT, TIME, URL, Kind, list_of
from router.lang.messages import names as say
from router.lang.traverse import actions

_TYPES: dict[str, Kind] = {
    "text": TEXT, "number": NUMBER, "bool": BOOL, "time": TIME, "url": URL, "any": ANY,
}  # fmt: skip
_DECLARES = re.compile(r"\b(?:let|mapping|destination)[ \t]+([A-Za-z_][A-Za-z0-9_]*)")
_RULE = re.compile(r"^[ \t]*(?:override|on|events|drop)\b", re.MULTILINE)
_SCHEMA = re.compile(r"^[ \t]*(?:extend[ \t]+)?schema\b", re.MULTILINE)
_WORD = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
N = TypeVar("N", t.Let, t.Mapping, t.DestinationBlock)


def collect(checking: Checking) -> None:
    """Fill `checking.names`, by place, so that the order of files means nothing."""
    names = checking.names
    schemas: list[t.Schema] = []
    for declaration in sorted(checking.declarations(), key=lambda each: each.span.sort_key):
        match declaration:
            case t.Let():
                _declare(checking, names.lets, declaration, "name")
            case t.Mapping():
                _declare(checking, names.mappings, declaration, "mapping")
            case t.DestinationBlock():
                _declare(checking, names.destinations, declaration, "destination")
            case t.Schema():
                schemas.append(declaration)
            case _:
                pass
    _broken(checking)
    _schema(checking, schemas)


def _broken(checking: Checking) -> None:
    """What lines that did not read may have said, so that nothing is blamed on their absence."""
    names = checking.names
    for declaration in checking.declarations():
        match declaration:
            case t.Broken():
                names.broken |= set(_DECLARES.findall(declaration.span.text))
                names.incomplete |= declaration.span.text.lstrip().startswith("use")
                names.rules_broken |= _RULE.search(declaration.span.text) is not None
                if _SCHEMA.search(declaration.span.text):
                    names.broken_fields |= set(_WORD.findall(declaration.span.text))
            case t.Schema():
                for line in declaration.fields:
                    names.broken_fields |= _broken_words(line)
            case t.Table():
                names.rules_broken |= declaration.header is None or _has_broken(declaration.rows)
            case t.On():
                names.rules_broken |= _has_broken(actions(declaration.actions))
            case _:
                pass


def _has_broken(nodes: Iterable[t.Node]) -> bool:
    return any(isinstance(each, t.Broken) for each in nodes)


def _broken_words(line: t.SchemaField | t.Broken) -> set[str]:
    if isinstance(line, t.Broken):
        return set(_WORD.findall(line.span.text))
    kind = line.type
    while isinstance(kind, t.ListType):
        kind = kind.element
    inside = kind.fields if isinstance(kind, t.ObjectType) else ()
    return {word for each in inside for word in _broken_words(each)}


def _declare(checking: Checking, table: dict[str, N], node: N, noun: str) -> None:
    first = table.get(node.name.text)
    if first is None:
        table[node.name.text] = node
        return
    checking.report(say.declared_twice(node.name.span, first.name.span, noun))


def _schema(checking: Checking, schemas: list[t.Schema]) -> None:
    own = [each for each in schemas if not each.extend]
    for extra in own[1:]:
        checking.report(say.second_schema(extra.name.span, own[0].name.span))
    if not own:
        for each in schemas if not checking.names.incomplete else ():
            checking.report(say.nothing_to_extend(each.name.span))
        return
    fields: dict[str, Kind] = {}
    for schema in [own[0], *(each for each in schemas if each.extend)]:
        _add_fields(checking, fields, schema.fields, "", pii=False)
    checking.names.schema = Kind("object", fields=fields)
    checking.names.schema_span = own[0].name.span


def _add_fields(
    checking: Checking,
    into: dict[str, Kind],
    fields: Iterable[t.SchemaField | t.Broken],
    prefix: str,
    *,
    pii: bool,
) -> None:
    for field in fields:
        if isinstance(field, t.SchemaField):
            _add(checking, into, field, prefix, pii=pii or field.pii)


def _add(checking: Checking, into: dict[str, Kind], field: t.SchemaField, prefix: str, *, pii: bool) -> None:
    """Put a field at its path; objects on the way, and objects declared again by an extension, are joined."""
    *groups, leaf = field.path.parts
    path = prefix
    for part in groups:
        path += part.text
        found = _object_at(checking, into, part, path)
        if found is None:
            return
        into = found
        path += "."
    path += leaf.text
    if isinstance(field.type, t.ObjectType):
        found = _object_at(checking, into, leaf, path)
        if found is not None:
            _add_fields(checking, found, field.type.fields, path + ".", pii=pii)
    elif leaf.text in into:
        checking.report(say.field_declared_twice(field.path.span, path, checking.names.declared[path]))
    else:
        checking.names.declared[path] = field.path.span
        into[leaf.text] = _kind(checking, field.type, path, pii=pii)


def _object_at(checking: Checking, into: dict[str, Kind], word: t.Word, path: str) -> dict[str, Kind] | None:
    """The fields of an object, to be added to; None where the name is something else already."""
    found = into.get(word.text)
    if found is None:
        fields: dict[str, Kind] = {}
        into[word.text] = Kind("object", fields=fields)
        checking.names.declared[path] = word.span
        return fields
    if found.base == "object" and isinstance(found.fields, dict):
        return found.fields
    checking.report(say.field_declared_twice(word.span, path, checking.names.declared[path]))
    return None


def _kind(checking: Checking, node: t.Type, path: str, *, pii: bool) -> Kind:
    match node:
        case t.NamedType():
            kind = _TYPES.get(node.name)
            if kind is None:
                checking.report(say.unknown_type(node.span, node.name, _TYPES))
            return (kind or ANY).marked(pii=pii)
        case t.ListType():
            return list_of(_kind(checking, node.element, path, pii=pii))
        case t.EnumType():
            return Kind("text", options=tuple(map(_option, node.options)), pii=pii)
        case t.ObjectType():
            fields: dict[str, Kind] = {}
            _add_fields(checking, fields, node.fields, path + ".", pii=pii)
            return Kind("object", fields=fields, pii=pii) if fields else OBJECT.marked(pii=pii)


def _option(node: t.Literal) -> str:
    return node.value if isinstance(node.value, str) else node.span.text
