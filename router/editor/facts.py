"""What is known of names, as Markdown: doc comments, declared types, the catalogue's text, signatures."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

from router.editor.ruleset import RuleSet, inside
from router.lang import tree as t
from router.lang.kinds import Kind
from router.lang.library import Function
from router.lang.source import Span
from router.tiktok.catalogue import ENTRIES, EVENTS, wire_name

_DOC = re.compile(r"[ \t]*##[ \t]?(.*)")


def code(text: str) -> str:
    """A block of the rule language."""
    return f"```tagwright\n{text}\n```"


def doc_comment(span: Span) -> str:
    """The `##` lines right above a declaration, without their signs."""
    found: list[str] = []
    number = span.line - 1
    while number > 0 and (line := _DOC.fullmatch(span.source.lines[number - 1])):
        found.insert(0, line[1])
        number -= 1
    return "\n".join(found).strip()


def kind_text(kind: Kind | None) -> str:
    """A type as its author would write it; objects by name only."""
    if kind is None:
        return "unknown"
    marks = " pii" if kind.pii else ""
    if kind.base == "list" and kind.of and kind.of.base == "object":
        return "list of objects" + marks
    return f"{kind}{marks}"


def field_text(rules: RuleSet, path: str) -> str:
    """A field of the event: its type, what the schema says of it, and what is in it."""
    kind = rules.field_kind(path)
    if kind is None:
        return f"{code('event.' + path)}\nnot in `schema event`"
    parts = [code(f"event.{path}: {kind_text(kind)}")]
    parts += [text for text in _descriptions(rules, path) if text]
    if kind.pii:
        parts.append("Personal data: it leaves only hashed, or where TikTok asks for it in clear text.")
    fields = inside(kind)
    if fields:
        parts.append("Fields: " + ", ".join(f"`{name}`" for name in fields))
    return "\n\n".join(parts)


def _descriptions(rules: RuleSet, path: str) -> Iterator[str | None]:
    for each in rules.occurrences:
        if each.space == "field" and each.key == path and isinstance(each.node, t.SchemaField):
            yield each.node.description
            yield doc_comment(each.span)


def payload_text(path: str) -> str:
    """A field of the target as its catalogue documents it, with the source of the fact."""
    entry = ENTRIES.get(path)
    if entry is None:
        return f"{code(path)}\nnot in TikTok's catalogue"
    parts = [code(f"{path}: {entry.type}"), entry.summary]
    parts.append(f"Sources: {', '.join(sorted(entry.sources))}. Need: {entry.need}.")
    if entry.options:
        parts.append("One of " + ", ".join(f"`{each}`" for each in entry.options) + ".")
    if entry.hash_with:
        parts.append(f"Leaves hashed: use `{entry.hash_with}( )`.")
    parts += [entry.note] if entry.note else []
    parts.append(f"*{', '.join(entry.src)}, confidence {entry.confidence}*")
    return "\n\n".join(parts)


def target_text(name: str) -> str:
    """A standard event of the target, or what a custom one means."""
    event = EVENTS.get(wire_name(name))
    if event is None:
        return f"{code(name)}\nA custom event: TikTok reports it, but does not optimise for it."
    parts = [code(name), f"TikTok event for {', '.join(sorted(event.sources))}, {event.status}."]
    if event.canonical:
        parts.append(f"TikTok reports it as `{event.canonical}`.")
    if event.neutral:
        parts.append("Usual for: " + ", ".join(f"`{each}`" for each in event.neutral) + ".")
    return "\n\n".join([*parts, *([event.note] if event.note else [])])


def function_text(function: Function) -> str:
    """Signature, documentation and examples."""
    shown = "\n".join(f"{each.expression}  # {_result(each.result)}" for each in function.examples)
    parts = [code(function.signature), function.summary, function.detail, code(shown) if shown else ""]
    return "\n\n".join(part for part in parts if part)


def _result(value: object) -> str:
    return "missing" if value is None else json.dumps(value, ensure_ascii=False)


def declaration_text(rules: RuleSet, node: t.Let | t.Mapping | t.DestinationBlock) -> str:
    """The head of a declaration, its type where it has one, and its doc comment."""
    head = node.span.text if isinstance(node, t.Let) else node.span.text.partition("{")[0].rstrip()
    parts = [code(head)]
    if isinstance(node, t.Let):
        parts.append(f"Type: {kind_text(rules.let_kind(node.name.text))}")
    parts.append(doc_comment(node.span))
    parts.append(f"*{node.span.place}*")
    return "\n\n".join(part for part in parts if part)
