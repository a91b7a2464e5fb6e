"""What a traced evaluation remembers, for `explain`: every line's value, and why the others gave none."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from router.lang import tree as t
from router.lang.outcome import Place


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
    """Filled by the walker while it works; one per evaluation."""

    whys: dict[t.Expr, str] = field(default_factory=dict)
    chosen: dict[t.Coalesce, int] = field(default_factory=dict)
    lines: dict[t.SendAction, list[Line]] = field(default_factory=dict)
    sends: list[t.SendAction | None] = field(default_factory=list)
    """The send behind each outcome, in the order of outcomes; None where no send was in question."""
    fired: set[t.Node] = field(default_factory=set)
    """Branches, rows and statements that took effect, for coverage."""
