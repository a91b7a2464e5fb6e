"""A document as Markdown with GitHub's tables."""

from __future__ import annotations

import re
from typing import assert_never

from router.handbook.blocks import Block, Document, Heading, Paragraph, Piece, Table, Text

_SPECIAL = re.compile(r"([\\`*_{}\[\]<>#|~])")


def markdown(document: Document) -> str:
    """The whole text."""
    blocks = (Heading(1, document.title), *document.blocks)
    return "\n\n".join(map(_block, blocks)) + "\n"


def _block(block: Block) -> str:
    match block:
        case Heading():
            return f"{'#' * block.level} {_escaped(block.text)}"
        case Paragraph():
            return _text(block.text)
        case Table():
            return _table(block)
        case _:
            assert_never(block)


def _table(block: Table) -> str:
    lines = [[_escaped(name) for name in block.head], ["---"] * len(block.head)]
    lines += [[_text(cell) for cell in row] for row in block.rows]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


def _text(text: Text) -> str:
    return "".join(map(_piece, text))


def _piece(piece: Piece) -> str:
    match piece.style:
        case "code":
            return _code(piece.text)
        case "strong":
            return f"**{_escaped(piece.text)}**"
        case "break":
            return "<br>"
        case "plain" | "quiet":
            return _escaped(piece.text)


def _code(text: str) -> str:
    """A code span; a bar would end the cell of a table even inside it."""
    fence = "`" * (max(map(len, re.findall("`+", text)), default=0) + 1)
    pad = " " if text[:1] == "`" or text[-1:] == "`" else ""
    return f"{fence}{pad}{text}{pad}{fence}".replace("|", r"\|")


def _escaped(text: str) -> str:
    return _SPECIAL.sub(r"\\\1", " ".join(text.split(" ")).replace("\n", " "))
