"""A document before it is Markdown or HTML: headings, paragraphs, lists and tables of styled text."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

Style = Literal["plain", "code", "strong", "quiet", "break"]


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of text in one style; `break` starts a new line in a cell."""

    text: str
    style: Style = "plain"


Text = tuple[Piece, ...]


@dataclass(frozen=True, slots=True)
class Heading:
    """A section's title; `level` 1 is the document's own."""

    level: int
    text: str


@dataclass(frozen=True, slots=True)
class Paragraph:
    text: Text


@dataclass(frozen=True, slots=True)
class Table:
    """Rows below their column names."""

    head: tuple[str, ...]
    rows: tuple[tuple[Text, ...], ...]


Block = Heading | Paragraph | Table


@dataclass(frozen=True, slots=True)
class Document:
    """A title and what stands below it."""

    title: str
    blocks: tuple[Block, ...]


BREAK = Piece("", "break")


def plain(text: str) -> Text:
    return (Piece(text),)


def code(text: str) -> Text:
    """An expression on one line."""
    return (Piece(" ".join(text.split()), "code"),)


def quiet(text: str) -> Text:
    """What only helps to find a place."""
    return (Piece(text, "quiet"),)


def strong(text: str) -> Text:
    return (Piece(text, "strong"),)


def joined(parts: Iterable[Text], between: Text = (BREAK,)) -> Text:
    """The parts that say anything, with a line end or `between` in the middle."""
    found: list[Piece] = []
    for part in parts:
        if part:
            found += [*(between if found else ()), *part]
    return tuple(found)


def paragraph(*parts: Text) -> Paragraph:
    return Paragraph(tuple(piece for part in parts for piece in part))


def table(head: Iterable[str], rows: Iterable[Iterable[Text]]) -> list[Block]:
    """A table, or nothing where it has no rows."""
    found = tuple(tuple(row) for row in rows)
    return [Table(tuple(head), found)] if found else []
