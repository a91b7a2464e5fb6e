"""The brackets of a rule file: their partners, and which hold lines of their own."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from router.lang.layout_tokens import Piece, Reading

_OPEN = frozenset({"LPAR", "LSQB", "LBRACE"})
_CLOSE = frozenset({"RPAR", "RSQB", "RBRACE"})
_VALUE_BRACES = frozenset({"obj_lit", "object_type", "match"})


@dataclass(frozen=True, slots=True)
class Brackets:
    """Everything goes by the index of a piece; a bracket is known by its opening one.

    `around`: the bracket that is open just before each piece. `lists`: brackets whose commas may end lines.
    `pairs`: braces that hold `name: value` or `name: type`. `values`: brackets inside of an expression, all
    but the braces of statements. `expanded`: brackets whose content stands on lines of its own. `homes`: the
    innermost of these around each piece; a closing one stands outside its own.
    """

    partners: dict[int, int]
    around: tuple[int | None, ...]
    lists: frozenset[int]
    pairs: frozenset[int]
    values: frozenset[int]
    expanded: frozenset[int]
    homes: tuple[int | None, ...]

    def closed_by(self, index: int) -> int | None:
        """The opening bracket, when the piece is a closing one."""
        partner = self.partners.get(index)
        return partner if partner is not None and partner < index else None

    def closes_expanded(self, index: int) -> bool:
        """Whether the piece closes an expanded bracket."""
        return self.closed_by(index) in self.expanded


def brackets(reading: Reading) -> Brackets:
    """Pair the brackets and decide which are expanded."""
    pieces = reading.pieces
    partners, around = _paired(pieces)
    braces = dict(_value_braces(reading, partners))
    lists = frozenset(i for i in partners if pieces[i].kind != "LBRACE" or braces.get(i) == "obj_lit")
    pairs = frozenset(i for i, rule in braces.items() if rule != "match")
    blocks = {i for i in partners if pieces[i].kind == "LBRACE"} - lists
    expanded = lists.intersection(_broken_lists(pieces, partners, around)) | {
        opening for opening in blocks if _broken_block(reading, opening, partners[opening])
    }
    homes = tuple(_homes(pieces, partners, expanded))
    return Brackets(partners, around, lists, pairs, lists | braces.keys(), expanded, homes)


def _value_braces(reading: Reading, partners: dict[int, int]) -> Iterator[tuple[int, str]]:
    """The opening braces of objects, types and matches, with the rule of the grammar."""
    ends = {piece.end: index for index, piece in enumerate(reading.pieces)}
    for node in reading.tree.iter_subtrees():
        if node.data in _VALUE_BRACES:
            yield partners[ends[node.meta.end_pos]], node.data


def _paired(pieces: tuple[Piece, ...]) -> tuple[dict[int, int], tuple[int | None, ...]]:
    partners: dict[int, int] = {}
    around: list[int | None] = []
    pending: list[int] = []
    for index, piece in enumerate(pieces):
        around.append(pending[-1] if pending else None)
        if piece.kind in _OPEN:
            pending.append(index)
        elif piece.kind in _CLOSE:
            opening = pending.pop()
            partners[opening], partners[index] = index, opening
    return partners, tuple(around)


def _broken_lists(
    pieces: tuple[Piece, ...], partners: dict[int, int], around: tuple[int | None, ...]
) -> Iterator[int]:
    """Lists with a comment, or with a line end at one of their brackets or commas."""
    for index, piece in enumerate(pieces):
        opening = around[index]
        if opening is None or not piece.newline:
            continue
        first, last = opening == index - 1, partners[opening] == index
        if piece.comments or (first != last) or pieces[index - 1].kind == "COMMA":
            yield opening


def _broken_block(reading: Reading, opening: int, closing: int) -> bool:
    """Any line end inside expands a block, unless there is nothing else in it."""
    close = reading.pieces[closing]
    empty = closing == opening + 1 and not close.comments
    return not empty and reading.text.find("\n", reading.pieces[opening].end, close.start) >= 0


def _homes(
    pieces: tuple[Piece, ...], partners: dict[int, int], expanded: frozenset[int]
) -> Iterator[int | None]:
    pending: list[int | None] = [None]
    for index, piece in enumerate(pieces):
        if piece.kind in _CLOSE and partners[index] in expanded:
            pending.pop()
        yield pending[-1]
        if index in expanded:
            pending.append(index)
