"""What the parts of the checker share: the names of the program, and the list of problems."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from router.lang import tree as t
from router.lang.diagnostics import Diagnostic
from router.lang.environment import Environment, Target
from router.lang.kinds import Kind
from router.lang.program import Access
from router.lang.source import Span

DEFAULT_EVENT_NAME = ("event_name",)


@dataclass(slots=True)
class Names:
    """Everything declared, by name, before any body is looked at."""

    lets: dict[str, t.Let] = field(default_factory=dict)
    mappings: dict[str, t.Mapping] = field(default_factory=dict)
    destinations: dict[str, t.DestinationBlock] = field(default_factory=dict)
    schema: Kind | None = None
    schema_span: Span | None = None
    declared: dict[str, Span] = field(default_factory=dict)
    broken: set[str] = field(default_factory=set)
    """Names that broken lines may have declared: they are not reported as unknown."""


@dataclass(slots=True)
class Checking:
    """One run of the checker."""

    environment: Environment
    files: tuple[t.File, ...]
    names: Names = field(default_factory=Names)
    problems: list[Diagnostic] = field(default_factory=list)
    accesses: dict[t.Ref, Access] = field(default_factory=dict)
    kinds: dict[t.Expr, Kind] = field(default_factory=dict)

    @property
    def target(self) -> Target:
        return self.environment.target

    def report(self, problem: Diagnostic) -> None:
        self.problems.append(problem)

    def declarations(self) -> Iterator[t.Declaration]:
        for file in self.files:
            yield from file.declarations
