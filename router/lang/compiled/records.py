"""The fields of a payload, or of an element of a list in it, while the lines that assign them are written."""

from __future__ import annotations

import ast
from dataclasses import dataclass, field
from typing import Final

from router.lang.compiled.lines import Names
from router.lang.compiled.shapes import Shape
from router.lang.compiled.writing import Operand

MOVING: Final = "moving"
"""Stands for the local of a field that is kept in the local of its group."""


@dataclass(frozen=True, slots=True)
class Held:
    """What runs only when its field is put: the test whether the event has something for it, and a block."""

    test: ast.expr
    body: list[ast.stmt]


@dataclass(slots=True)
class Record:
    """The fields of one object while its lines are written: which local holds each, and its shapes so far."""

    at: Names
    level: int
    fixed: frozenset[Names]
    """Fields that one line assigns, whatever happens: they need no local of their own."""
    may_hold: bool = False
    """Whether fields can be computed as late as when they are put."""
    moving: dict[Names, str] = field(default_factory=dict)
    """Groups with fields that the target does not know, in an order that only running tells: a local with
    them, by name."""
    values: dict[Names, Operand] = field(default_factory=dict)
    shapes: dict[Names, list[Shape]] = field(default_factory=dict)
    held: dict[Names, Held] = field(default_factory=dict)

    def under(self, names: Names) -> list[Names]:
        """What can be assigned at a path: the field, or fields of the group."""
        return [each for each in self.values if each[: len(names)] == names]

    def moves(self, names: Names) -> str | None:
        """The local with the fields of a group that move, if this is one of them."""
        return self.moving.get(names[:-1]) if self.values[names].local == MOVING else None
