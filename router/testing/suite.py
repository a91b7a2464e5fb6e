"""A rule set with the tests that ran in it, and which of its files are in question."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from os.path import normpath
from pathlib import Path

from router.lang import tree as t
from router.lang.program import Program
from router.lang.source import Span
from router.rulebook import Rulebook
from router.testing.runner import Clock, Run, runs

Spot = tuple[Path, int, int]


@dataclass(frozen=True, slots=True)
class Suite:
    """One rule set. `paths` are the files behind its source names."""

    program: Program
    paths: Mapping[str, Path]
    runs: tuple[Run, ...]

    def spot(self, span: Span) -> Spot:
        """A place in a file, the same in every rule set that the file belongs to."""
        return self.paths[span.source.name], span.start, span.end

    def is_in(self, span: Span, files: frozenset[Path] | None) -> bool:
        """Does it stand in one of the files? None are all."""
        return files is None or self.paths[span.source.name] in files


def suite(book: Rulebook, program: Program, *, every: bool, name: str, clock: Clock) -> Suite:
    """Run the tests that stand in the book's first file, or of all its files with `every`.

    `name` is a text that the tests' names hold, upper and lower case alike.
    """
    paths = source_paths(book, program)
    own = None if every else frozenset(book.paths[:1])
    chosen = _chosen(program.tests, paths, own, name)
    return Suite(program, paths, tuple(runs(program, chosen, paths=paths, clock=clock)))


def source_paths(book: Rulebook, program: Program) -> dict[str, Path]:
    """A rule set without errors has a source for each file that was read, in the same order."""
    sources = (file.span.source.name for file in program.files)
    return dict(zip(sources, book.paths, strict=True))


def _chosen(
    tests: Iterable[t.Test], paths: Mapping[str, Path], files: frozenset[Path] | None, name: str
) -> list[t.Test]:
    return [
        test
        for test in tests
        if (files is None or paths[test.span.source.name] in files)
        and name.casefold() in test.name.text.casefold()
    ]


def file_name(span: Span) -> str:
    """The file as messages show it, the same by whichever way it was found."""
    return normpath(span.source.name)
