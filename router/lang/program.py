"""The checked program: declarations by name, the dispatch table, and what is known of each expression."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from router.lang import tree as t
from router.lang.environment import Environment
from router.lang.kinds import Kind
from router.lang.source import Span


@dataclass(frozen=True, slots=True)
class Key:
    """A step into an object."""

    name: str


@dataclass(frozen=True, slots=True)
class At:
    """A step to one element of a list, or to each of them (`number` is None)."""

    number: int | None


@dataclass(frozen=True, slots=True)
class Access:
    """What a reference reads: from the event, a let, or the element of an `each`.

    `kind` is the declared kind of the last step; with a column in `steps`, of each element.
    """

    root: Literal["event", "let", "item"]
    name: str
    steps: tuple[Key | At, ...]
    kind: Kind
    declared: Span | None = None
    is_column: bool = field(init=False)

    def __post_init__(self) -> None:
        column = any(isinstance(step, At) and step.number is None for step in self.steps)
        object.__setattr__(self, "is_column", column)


@dataclass(frozen=True, slots=True)
class Destination:
    """A checked destination. Its ids and secrets are expressions until `bind` reads the environment."""

    name: str
    span: Span
    ids: Mapping[str, t.Expr]
    settings: Mapping[str, t.Expr]
    gates: tuple[t.Requires, ...]

    @property
    def sources(self) -> frozenset[str]:
        return frozenset(self.ids)


@dataclass(frozen=True, slots=True)
class Rule:
    """What one (source, event name) does. A `-` cell is a rule without actions."""

    source: str
    event: str
    span: Span
    actions: tuple[t.Action, ...]
    not_sent: bool = False


@dataclass(frozen=True, slots=True)
class Dispatch:
    """Rules by source, then by event name; `key` and `by_key` serve `events by` tables."""

    by_name: Mapping[str, Mapping[str, Rule]]
    everything_else: Mapping[str, Rule]
    key: t.Ref | None = None
    by_key: Mapping[str, Mapping[str, Rule]] = field(default_factory=dict)

    def names(self) -> set[str]:
        return {name for rules in self.by_name.values() for name in rules}


@dataclass(frozen=True, slots=True)
class Program:
    """A rule set without mistakes. The tables beside the tree are keyed by its nodes."""

    environment: Environment
    files: tuple[t.File, ...]
    schema: Kind
    event_name: tuple[str, ...]
    settings: Mapping[str, Any]
    lets: Mapping[str, t.Let]
    source: t.Expr | None
    destinations: Mapping[str, Destination]
    mappings: Mapping[str, t.Mapping]
    drops: tuple[t.DropRule, ...]
    dispatch: Dispatch
    tests: tuple[t.Test, ...]
    accesses: Mapping[t.Ref, Access]
    required: Mapping[str, tuple[tuple[str, ...], ...]]
    """By source, the payload fields without which nothing is sent."""
    version: str
