"""What a reference reads: its steps followed through the kinds of objects and lists."""

from __future__ import annotations

from typing import Literal

from router.lang import tree as t
from router.lang.check.fitting import UNKNOWN
from router.lang.check.schema_search import nearest
from router.lang.check.scope import Checking
from router.lang.kinds import ANY, Kind, list_of
from router.lang.messages import kinds as say_kind
from router.lang.messages import names as say
from router.lang.program import Access, At, Key
from router.lang.source import Span

Root = Literal["event", "let", "item"]


def follow(checking: Checking, node: t.Ref, root: Root, kind: Kind) -> Kind:
    """The kind at the end of the reference, noted as an `Access`; ANY where a step leads nowhere."""
    path = node.name.text
    personal = False
    for step in node.steps:
        personal = personal or kind.pii
        found = _step(checking, node, step, kind, path, root)
        if found is None:
            return UNKNOWN
        kind, path = found, node.span.source.text[node.span.start : step.span.end]
    if personal:
        kind = kind.marked(pii=True)
    access = Access(
        root, node.name.text, tuple(map(_taken, node.steps)), kind, _declared(checking, node, root)
    )
    checking.accesses[node] = access
    return list_of(kind) if access.is_column else kind


def _taken(step: t.Step) -> Key | At:
    if isinstance(step, t.Word):
        return Key(step.text)
    return At(step.number if isinstance(step, t.Index) else None)


def _declared(checking: Checking, node: t.Ref, root: Root) -> Span | None:
    """Where the schema declares what is read; elements of a list have no place of their own in a path."""
    names = [step.text for step in node.steps if isinstance(step, t.Word)]
    return checking.names.declared.get(".".join(names)) if root == "event" else None


def _step(checking: Checking, node: t.Ref, step: t.Step, kind: Kind, path: str, root: Root) -> Kind | None:
    if kind.base == "any":
        return ANY
    if isinstance(step, t.Word):
        return _key(checking, node, step, kind, path, root)
    if kind.base == "list":
        return kind.of or ANY
    checking.report(say.no_parts(step.span, path, say_kind.noun(kind)))
    return None


def _key(checking: Checking, node: t.Ref, step: t.Word, kind: Kind, path: str, root: Root) -> Kind | None:
    fields = kind.fields or {}
    if kind.base == "list":
        checking.report(say.field_of_list(step.span, path, step.text))
    elif kind.base != "object":
        checking.report(say.no_parts(step.span, path, say_kind.noun(kind)))
    elif step.text in fields:
        return fields[step.text]
    elif step.text not in checking.names.broken_fields and not checking.names.incomplete:
        _unknown_field(checking, node, step, path, root, list(fields))
    return None


def _unknown_field(
    checking: Checking, node: t.Ref, step: t.Word, path: str, root: Root, siblings: list[str]
) -> None:
    schema = checking.names.schema
    elsewhere = None
    if root == "event" and schema is not None:
        found = nearest(schema, [each.text for each in node.steps if isinstance(each, t.Word)])
        elsewhere = (node.span, f"event.{found}") if found else None
    before = path.partition(".")[2]
    checking.report(
        say.unknown_event_field(step.span, node.name.text, before, step.text, siblings, elsewhere)
    )
