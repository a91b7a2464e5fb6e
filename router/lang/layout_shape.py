"""Where the lines of a formatted file begin, and which words stand close together."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from lark import Token, Tree

from router.lang.layout_brackets import Brackets, brackets
from router.lang.layout_tokens import Piece, Reading

_STACKED = frozenset({"COALESCE", "AND", "OR", "THEN", "ELSE"})
_CHAINS = frozenset({"coalesce", "or_", "and_", "require", "cond"})
_INDEXED = frozenset({"NAME", "RSQB", "STRING"})
_CALLED = frozenset({"NAME", "CUSTOM"})
_OPERANDS = frozenset(
    {
        "NAME", "STRING", "LONG_STRING", "INT", "NUMBER", "TRUE", "FALSE", "MISSING", "PRESENT",
        "RPAR", "RSQB", "RBRACE", "VBAR",
    }
)  # fmt: skip
"""What a minus follows when it subtracts; behind a bar it is the cell of an event that is not sent."""


@dataclass(frozen=True, slots=True)
class Hang:
    """What a continuation word goes by: the first word of its chain, or the `if` that it stands `under`."""

    head: int
    under: bool


@dataclass(frozen=True, slots=True)
class Shape:
    """The layout of a reading but for its columns; everything goes by the index of a piece.

    `breaks`: pieces that begin a line. `spaced`: whether a space stands before a piece that does not.
    """

    brackets: Brackets
    breaks: frozenset[int]
    hangs: dict[int, Hang]
    spaced: tuple[bool, ...]


def shape(reading: Reading) -> Shape:
    """Decide on lines and spaces."""
    pieces, found = reading.pieces, brackets(reading)
    breaks = frozenset(index for index in range(1, len(pieces)) if _begins_line(index, pieces, found))
    return Shape(found, breaks, dict(_hangs(reading)), tuple(_spaced(pieces, found)))


def index_at(pieces: tuple[Piece, ...]) -> dict[int, int]:
    """Piece indexes by the offset at which they start."""
    return {piece.start: index for index, piece in enumerate(pieces)}


# ------------------------------------------------------------------ lines


def _begins_line(index: int, pieces: tuple[Piece, ...], found: Brackets) -> bool:
    piece = pieces[index]
    if piece.kind == "OTHERWISE":
        # behind a block of several lines it follows the `}`; behind a block on one line the author decides
        return piece.newline and not found.closes_expanded(index - 1)
    return (
        piece.statement
        or index - 1 in found.expanded
        or found.closes_expanded(index)
        or (pieces[index - 1].kind == "COMMA" and found.around[index] in found.lists & found.expanded)
        or (piece.kind in _STACKED and piece.newline)
    )


def _hangs(reading: Reading) -> Iterator[tuple[int, Hang]]:
    at = index_at(reading.pieces)
    for node in reading.tree.iter_subtrees():
        if node.data in _CHAINS:
            parts = (part for part in node.children if isinstance(part, Tree) and part.data != "reason")
            first, *others = (at[_start(part)] for part in parts)
            under = node.data == "cond"
            head = at[_start(node)] if under else first
            yield from ((other - 1, Hang(head, under)) for other in others)


def _start(node: Tree[Token]) -> int:
    """Where a node starts with the round brackets around it, which lark keeps apart."""
    start: int = getattr(node.meta, "container_start_pos", node.meta.start_pos)
    return start


# ------------------------------------------------------------------ spaces


def _spaced(pieces: tuple[Piece, ...], found: Brackets) -> Iterator[bool]:
    """Whether a space stands before each piece.

    Braces that hold `name: value` are as tight as the brackets of a list, of which they are often elements;
    braces that hold a statement have a space inside, so that the two are told apart at a glance. Both ways
    occur by hand; the tight one is the more frequent and keeps nested values short.
    """
    yield False
    for index in range(1, len(pieces)):
        tight = index - 1 in found.pairs or found.closed_by(index) in found.pairs
        empty = found.closed_by(index) == index - 1
        minus = _is_unary_minus(index - 1, pieces)
        yield not (tight or empty or minus or _is_close(pieces[index - 1].kind, pieces[index].kind))


def _is_close(before: str, after: str) -> bool:
    return (
        before in ("LPAR", "LSQB", "DOT")
        or after in ("RPAR", "RSQB", "COMMA", "COLON", "DOT")
        or (after == "LPAR" and before in _CALLED)
        or (after == "LSQB" and before in _INDEXED)
    )


def _is_unary_minus(index: int, pieces: tuple[Piece, ...]) -> bool:
    return pieces[index].kind == "NOT_SENT" and index > 0 and pieces[index - 1].kind not in _OPERANDS
