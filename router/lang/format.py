"""The one layout of rule files: text to text, with the same meaning and every comment."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields

from router.lang import tree as t
from router.lang.diagnostics import Diagnostic, has_errors
from router.lang.layout_columns import pads
from router.lang.layout_shape import shape
from router.lang.layout_tokens import comments, read
from router.lang.layout_writer import write
from router.lang.messages import syntax as say
from router.lang.parse import MAX_BYTES, parse
from router.lang.recover import BROKEN
from router.lang.source import Source, Span


@dataclass(frozen=True, slots=True)
class Formatted:
    """The canonical text; the empty file stays empty."""

    text: str


@dataclass(frozen=True, slots=True)
class Refused:
    """The text does not parse, or is too large in its layout, for these reasons."""

    problems: tuple[Diagnostic, ...]


class UnfaithfulLayoutError(Exception):
    """Our bug: the formatted text would say something else than the author's. It is never handed out."""


def format_rules(source: Source, grammar_text: str) -> Formatted | Refused:
    """The text in canonical layout. Its meaning and its comments are compared with the author's every time.

    Raises UnfaithfulLayoutError when they differ, which is a bug of the formatter.
    """
    file, problems = parse(source, grammar_text)
    if has_errors(problems):
        return Refused(tuple(problems))
    reading = read(_as_parsed(source.text), grammar_text)
    layout = shape(reading)
    text = write(reading.pieces, layout, pads(reading, layout), MAX_BYTES)
    if len(text) > MAX_BYTES:
        return Refused((say.file_too_large(Span(source, 0, 0), "1 MB in its layout"),))
    _assert_faithful(source, file, Source(source.name, text), grammar_text)
    return Formatted(text)


def _as_parsed(text: str) -> str:
    """The parser keeps one control character for itself and reads it as a blank."""
    return text.replace(BROKEN, " ")


def _assert_faithful(source: Source, file: t.File, result: Source, grammar_text: str) -> None:
    again, problems = parse(result, grammar_text)
    if has_errors(problems) or list(meaning(again)) != list(meaning(file)):
        raise UnfaithfulLayoutError(f"the layout of {source.name} would change its meaning")
    if comments(result.text) != comments(_as_parsed(source.text)):
        raise UnfaithfulLayoutError(f"the layout of {source.name} would change its comments")


def meaning(file: t.File) -> Iterator[object]:
    """A tree as a flat sequence without places: two files say the same when their sequences are equal."""
    pending: list[object] = [file]
    while pending:
        match pending.pop():
            case t.Node() as node:
                yield type(node)
                pending += [getattr(node, each.name) for each in fields(node) if each.name != "span"]
            case tuple() as items:
                yield len(items)
                pending += items
            case leaf:
                yield type(leaf), leaf
