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
    broken_fields: set[str] = field(default_factory=set)
    """Words of broken schema lines: fields of these names are not reported as unknown."""
    rules_broken: bool = False
    """A rule did not read, so that nobody knows which events there are and what is sent."""
    incomplete: bool = False
    """A file is not there or did not read: nothing is reported as undeclared."""

    def excuses(self, name: str) -> bool:
        """May a mistake that is already reported be the reason that this name is not declared?"""
        return self.incomplete or name in self.broken


@dataclass(slots=True)
class Checking:
    """One run of the checker."""

    environment: Environment
    files: tuple[t.File, ...]
    names: Names = field(default_factory=Names)
    problems: list[Diagnostic] = field(default_factory=list)
    accesses: dict[t.Ref, Access] = field(default_factory=dict)
    kinds: dict[t.Expr, Kind] = field(default_factory=dict)
    without_schema: list[Span] = field(default_factory=list)
    """Where the event is read although no schema says what is in it."""

    @property
    def target(self) -> Target:
        return self.environment.target

    def report(self, problem: Diagnostic) -> None:
        self.problems.append(problem)

    def declarations(self) -> Iterator[t.Declaration]:
        for file in self.files:
            yield from file.declarations

    def report_no_schema(self, node: t.Ref) -> None:
        """Remember the place: however often the event is read, one message says it, at the first."""
        if not self.names.incomplete:
            self.without_schema.append(node.span)
