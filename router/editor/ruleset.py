"""A rule set as it stands in the editor: the trees of its files, broken lines included, and what is wrong."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from router.editor.occurrences import Occurrence, occurrences
from router.lang import tree as t
from router.lang.check.collect import collect
from router.lang.check.expressions import Expressions
from router.lang.check.scope import Checking
from router.lang.diagnostics import Diagnostic
from router.lang.environment import Environment
from router.lang.kinds import Kind
from router.lang.program import Program
from router.lang.source import Source


@dataclass(frozen=True)
class RuleSet:
    """Files that are checked together. `paths` says which file on disk, or open buffer, a source is."""

    files: tuple[t.File, ...]
    program: Program | None
    problems: tuple[Diagnostic, ...]
    paths: Mapping[Source, Path]
    environment: Environment

    def file(self, path: Path) -> t.File | None:
        return next((each for each in self.files if self.paths.get(each.span.source) == path), None)

    def declarations(self) -> Iterator[t.Declaration]:
        for file in self.files:
            yield from file.declarations

    @cached_property
    def occurrences(self) -> tuple[Occurrence, ...]:
        """Every name in every file, with what it stands for."""
        return tuple(occurrences(self.files))

    def at(self, source: Source, offset: int) -> Occurrence | None:
        """The name under an offset: the smallest, rather one that begins there than one that ends there."""
        around = [
            each for each in self.occurrences
            if each.span.source is source and each.span.start <= offset <= each.span.end
        ]  # fmt: skip
        return min(
            around, key=lambda each: (each.span.end == offset, each.span.end - each.span.start), default=None
        )

    def named(self, occurrence: Occurrence) -> list[Occurrence]:
        """Every place that speaks of the same thing."""
        wanted = (occurrence.space, occurrence.key)
        return [each for each in self.occurrences if (each.space, each.key) == wanted]

    @cached_property
    def lets(self) -> dict[str, t.Let]:
        return {each.name.text: each for each in self.declarations() if isinstance(each, t.Let)}

    @cached_property
    def mappings(self) -> dict[str, t.Mapping]:
        return {each.name.text: each for each in self.declarations() if isinstance(each, t.Mapping)}

    @cached_property
    def destinations(self) -> dict[str, t.DestinationBlock]:
        return {each.name.text: each for each in self.declarations() if isinstance(each, t.DestinationBlock)}

    @cached_property
    def _expressions(self) -> Expressions:
        """A checker of its own, so that types are known while the files have mistakes."""
        checking = Checking(self.environment, self.files)
        collect(checking)
        return Expressions(checking)

    @property
    def schema(self) -> Kind | None:
        return self._expressions.checking.names.schema

    def let_kind(self, name: str) -> Kind | None:
        return self._expressions.let_kind(name) if name in self.lets else None

    def field_kind(self, path: str) -> Kind | None:
        """What the schema says of an event path such as `items.product.price`, list steps left out."""
        kind = self.schema
        for name in path.split(".") if path else ():
            kind = inside(kind).get(name) if kind else None
        return kind


def inside(kind: Kind | None) -> Mapping[str, Kind]:
    """The fields of an object, or of a list's elements."""
    while kind is not None and kind.base == "list":
        kind = kind.of
    return (kind.fields or {}) if kind is not None else {}
