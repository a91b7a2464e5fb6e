"""What rules may name, handed to the checker as a value: functions, and the target's events and fields."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal

from router.lang.kinds import Kind
from router.lang.library import Function, Variables

Takes = Literal["plain", "hashed", "personal"]


@dataclass(frozen=True, slots=True)
class Field:
    """A field of the payload. `takes` says whether it refuses personal data, wants it hashed or takes it."""

    path: str
    kind: Kind
    sources: frozenset[str]
    takes: Takes = "plain"
    noun: str = ""
    hash_with: str | None = None
    required_for: frozenset[str] = frozenset()
    many: bool = False
    summary: str = ""


@dataclass(frozen=True, slots=True)
class EventType:
    """A standard event of the target, valid for `sources`."""

    name: str
    sources: frozenset[str]
    status: str = "current"
    canonical: str | None = None
    neutral: tuple[str, ...] = ()
    note: str = ""


@dataclass(frozen=True, slots=True)
class Target:
    """Everything the checker knows of a destination type.

    `standard_only` are sources that take no custom events; `source_phrases` say where, as in "on the web".
    """

    type: str
    title: str
    sources: tuple[str, ...]
    source_nouns: Mapping[str, str]
    events: Mapping[str, EventType]
    aliases: Mapping[str, str]
    fields: Mapping[str, Field]
    custom_prefix: str
    custom_event_problem: Callable[[str], str | None]
    settings: Mapping[str, frozenset[str]]
    id_settings: Mapping[str, frozenset[str]]
    set_by_router: frozenset[str] = frozenset()
    standard_only: frozenset[str] = frozenset()
    source_phrases: Mapping[str, str] = field(default_factory=dict)

    def usual_event(self, neutral: str, source: str) -> str | None:
        """The event that a vendor-neutral event usually becomes for a source, as in `purchase`, `web`."""
        found = (e.name for e in self.events.values() if neutral in e.neutral and source in e.sources)
        return next(found, None)


@dataclass(frozen=True, slots=True)
class Environment:
    """The names a program can use besides its own."""

    functions: Mapping[str, Function]
    target: Target
    variables: Variables | None = None
    settings: Mapping[str, Kind] = field(default_factory=dict)
