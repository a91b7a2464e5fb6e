"""What a traced evaluation remembers, for `explain` and for coverage: values, reasons, ways taken."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from router.lang import tree as t
from router.lang.outcome import Place
from router.lang.program import Rule


@dataclass(frozen=True, slots=True)
class Tried:
    """An alternative of a fallback chain that gave nothing."""

    text: str
    why: str


@dataclass(frozen=True, slots=True)
class Line:
    """One assignment that ran. `choice` counts from 1 where a fallback chain decided, else it is None."""

    path: str
    value: Any
    at: Place
    text: str
    choice: int | None
    choices: int
    tried: tuple[Tried, ...]
    why: str


@dataclass(slots=True)
class Trace:
    """Filled by the walker while it works; one per evaluation.

    With `behind_gates` the payload is built even where a gate is closed, because `explain` shows its lines.
    """

    behind_gates: bool = True

    whys: dict[t.Expr, str] = field(default_factory=dict)
    chosen: dict[t.Coalesce, int] = field(default_factory=dict)
    lines: dict[t.SendAction, list[Line]] = field(default_factory=dict)
    sends: list[t.SendAction | None] = field(default_factory=list)
    """The send behind each outcome, in the order of outcomes; None where no send was in question."""
    fired: set[t.Node] = field(default_factory=set)
    """Branches, names and statements that ran, for coverage."""
    rule: Rule | None = None
    """What the look-up found."""
    held: dict[t.Node, set[bool]] = field(default_factory=dict)
    """Of every condition, `require` and `sample` that was asked: how it came out."""
    hits: dict[t.Coalesce, set[int | None]] = field(default_factory=dict)
    """Of every fallback that was computed: the alternatives that gave the value; None is no one."""
