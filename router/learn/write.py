"""The text of a learned schema, or of what an existing one lacks."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass

from router.lang.kinds import Kind
from router.learn.decide import Decision, decide, share
from router.learn.shape import Shape

_PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_CONTINUES = frozenset({"and", "or", "then", "else", "otherwise"})
"""Words that, at the start of a line, go on with the line before."""


@dataclass(frozen=True, slots=True)
class Learned:
    """What was seen of all events: the shape of them together, and how many could not be read."""

    shape: Shape
    events: int
    unreadable: int = 0


def schema(learned: Learned, name: str = "event") -> str:
    """A whole rule file that declares the events' shape."""
    lines = [*_head(learned), f"schema {name} {{", *_children(learned.shape, (), "  "), "}"]
    return "\n".join(lines) + "\n"


def extension(learned: Learned, declared: Kind, file: str) -> str:
    """A rule file that adds what `declared`, the schema of `file`, does not have."""
    added = list(_beyond(learned.shape, declared, (), "  "))
    block = (
        ["extend schema event {", *added, "}"] if added else ["# The schema has every field that was seen."]
    )
    return "\n".join([*_head(learned), f"use {_quoted(file)}", "", *block]) + "\n"


def _head(learned: Learned) -> Iterator[str]:
    yield "language 1"
    yield ""
    left = f"; {learned.unreadable} more could not be read" if learned.unreadable else ""
    events = "1 event" if learned.events == 1 else f"{learned.events} events"
    yield f"# Learned from {events}{left}. The shares say how often a field has a value where its"
    yield "# object is there. `pii` is a guess from names and looks: read it before you rely on it."
    yield ""


# ------------------------------------------------------------------ fields


def _children(shape: Shape, path: tuple[str, ...], indent: str) -> Iterator[str]:
    """The fields of an object, as lines inside its braces."""
    for key, each in (shape.fields or {}).items():
        if _is_plain(key):
            yield from _field(key, each, (*path, key), indent, shape.types["object"])
        elif not path or path[-1] == "[]":
            yield f"{indent}# {_quoted(key)}: a schema cannot declare this key here"


def _field(written: str, shape: Shape, path: tuple[str, ...], indent: str, owners: int) -> Iterator[str]:
    """A field with all inside it; keys that are no plain names follow as paths with quoted segments."""
    decision = decide(shape, path)
    text, inside = _type(decision, path)
    comment = "  # " + ", ".join(filter(None, (share(shape.seen, owners), _remarks(decision, path))))
    if inside is None:
        yield f"{indent}{written}: {text}{comment}"
        return
    if text != "" or _has_plain(inside):
        inner = path if text == "" else (*path, "[]")
        yield f"{indent}{written}: {text}{{{comment}"
        yield from _children(inside, inner, indent + "  ")
        yield f"{indent}}}"
    if text == "":
        yield from _odd(written, inside, path, indent)


def _odd(written: str, shape: Shape, path: tuple[str, ...], indent: str) -> Iterator[str]:
    for key, each in (shape.fields or {}).items():
        if not _is_plain(key) and key:
            yield from _field(f"{written}.{_quoted(key)}", each, (*path, key), indent, shape.types["object"])


def _type(decision: Decision, path: tuple[str, ...]) -> tuple[str, Shape | None]:
    """The type's text, and the object whose fields stand in the braces that follow it, if any."""
    if decision.form == "object":
        return "", decision.element
    if decision.form == "list" and decision.element is not None:
        inner = decide(decision.element, path)
        text, inside = _type(inner, path)
        return f"list of {text}", inside
    if decision.codes:
        return f"one of ({', '.join(map(_quoted, decision.codes))})", None
    return decision.form + (" pii" if decision.pii else ""), None


def _remarks(decision: Decision, path: tuple[str, ...]) -> str:
    own = [decision.remark]
    if decision.form == "list" and decision.element is not None:
        own.append(_remarks(decide(decision.element, path), path))
    return ", ".join(filter(None, own))


def _is_plain(key: str) -> bool:
    return _PLAIN.fullmatch(key) is not None and key not in _CONTINUES


def _has_plain(shape: Shape) -> bool:
    return any(map(_is_plain, shape.fields or ()))


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


# ------------------------------------------------------------------ beside a schema


def _beyond(shape: Shape, declared: Kind, path: tuple[str, ...], indent: str) -> Iterator[str]:
    """Lines for the fields that a declared object lacks."""
    known = declared.fields or {}
    for key, each in (shape.fields or {}).items():
        inner, kind = (*path, key), known.get(key)
        if kind is None:
            yield from _new(each, inner, indent, shape.types["object"])
        elif kind.base == "object" and kind.fields and "object" in each.types:
            yield from _beyond(each, kind, inner, indent)
        elif kind.base == "list" and kind.of and kind.of.fields and each.element is not None:
            yield from _in_elements(each.element, kind.of, inner, indent)
        elif kind.base != "any" and "object" in each.types:
            yield f"{indent}# {_dotted(inner)} is declared as {kind.base} and was an object"


def _new(shape: Shape, path: tuple[str, ...], indent: str, owners: int) -> Iterator[str]:
    written = _dotted(path)
    if _is_plain(path[0]) and all(path):
        yield from _field(written, shape, path, indent, owners)
    else:
        yield f"{indent}# {written}: a schema cannot declare this key here"


def _in_elements(shape: Shape, declared: Kind, path: tuple[str, ...], indent: str) -> Iterator[str]:
    known = declared.fields or {}
    for key in shape.fields or {}:
        if key not in known:
            yield f"{indent}# {_dotted(path)}[].{key}: elements of a declared list cannot be extended"


def _dotted(path: tuple[str, ...]) -> str:
    return ".".join(part if _PLAIN.fullmatch(part) else _quoted(part) for part in path)
