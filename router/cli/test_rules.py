"""`tagwright test`: do the rules do what their tests say?"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from time import monotonic
from typing import Any

import click

from router.cli.files import RULE_FILE, Unusable, read_rules
from router.cli.reporting import counted, show, wants_colour
from router.testing import Verdict, structure, text
from router.testing.coverage import FileCoverage, coverage
from router.testing.junit import junit
from router.testing.suite import Suite, suite
from router.testing.survivors import DEFAULT_LIMIT, Key, Mutation, mutation

PERCENT = click.FloatRange(0, 100)


@dataclass(frozen=True, slots=True)
class _Wanted:
    """What was asked for on the command line."""

    files: tuple[Path, ...]
    every: bool
    name: str
    verbose: bool
    as_json: bool
    coverage: bool
    least_coverage: float
    mutate: bool
    mutate_limit: int
    least_mutants: float

    @property
    def about(self) -> frozenset[Path] | None:
        """The files that coverage and mutants are of; None are all."""
        return None if self.every else frozenset(path.resolve() for path in self.files)


@dataclass(frozen=True, slots=True)
class _Found:
    verdicts: tuple[Verdict, ...]
    coverage: list[FileCoverage] | None = None
    mutation: Mutation | None = None

    @property
    def failed(self) -> int:
        return sum(not each.passed for each in self.verdicts)


@click.command()
@click.argument("files", nargs=-1, required=True, type=RULE_FILE)
@click.option("-v", "--verbose", is_flag=True, help="Name the tests that pass, too.")
@click.option("-k", "name", metavar="TEXT", default="", help="Only tests whose name holds this text.")
@click.option("--all", "every", is_flag=True, help="Run the tests of the files that these use, too.")
@click.option("--coverage", is_flag=True, help="Show what of the rules no test goes through.")
@click.option(
    "--min", "least_coverage", type=PERCENT, metavar="PERCENT", help="Fail below this coverage of a file."
)
@click.option(
    "--mutate", is_flag=True, help="Make mistakes in the rules and show those that no test notices."
)
@click.option(
    "--mutate-limit",
    type=click.IntRange(min=1),
    default=DEFAULT_LIMIT,
    show_default=True,
    metavar="N",
    help="Try at most this many, evenly spread.",
)
@click.option(
    "--min-mutants", "least_mutants", type=PERCENT, metavar="PERCENT", help="Fail when fewer are noticed."
)
@click.option(
    "--junit",
    "junit_file",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write the results as JUnit XML.",
)
@click.option("--json", "as_json", is_flag=True, help="Print the results as one JSON object.")
@click.pass_context
def test(
    context: click.Context, files: tuple[Path, ...], verbose: bool, name: str, every: bool, coverage: bool,
    least_coverage: float | None, mutate: bool, mutate_limit: int, least_mutants: float | None,
    junit_file: Path | None, as_json: bool,
) -> None:  # fmt: skip
    """Run the `test` blocks of rule files.

    Each file is a rule set of its own with what it uses; the tests that run are those that stand in it. A
    send that no test expected fails it. Destinations stand for themselves: nothing is read from the
    environment and nothing is sent.

    Coverage counts every way through the rules of the files: table cells, conditions, fallback alternatives,
    branches, requirements, gates, drops. Several files together cover what each of them covers, so tests may
    stand in a file beside the rules.

    Exit status: 0 all pass, 1 a test or the check failed or a minimum is not reached, 2 a file could not be
    read.
    """
    wanted = _Wanted(
        tuple(dict.fromkeys(files)), every, name, verbose, as_json,
        coverage or least_coverage is not None, least_coverage or 0,
        mutate or least_mutants is not None, mutate_limit, least_mutants or 0,
    )  # fmt: skip
    suites = [each for file in wanted.files if (each := _suite(file, wanted))]
    if len(suites) < len(wanted.files):
        context.exit(1)
    found = _find(suites, wanted)
    if junit_file is not None:
        _write(junit_file, junit(found.verdicts))
    _print(found, wanted)
    context.exit(1 if list(_complaints(found, wanted)) or found.failed else 0)


def _suite(file: Path, wanted: _Wanted) -> Suite | None:
    book = read_rules([file])
    if book.program is None:
        show(book.problems, err=wanted.as_json)
        return None
    return suite(book, book.program, every=wanted.every, name=wanted.name, clock=monotonic)


def _find(suites: Sequence[Suite], wanted: _Wanted) -> _Found:
    verdicts = tuple(run.verdict for each in suites for run in each.runs)
    if wanted.name and not verdicts:
        raise click.UsageError(f"no test has `{wanted.name}` in its name")
    return _Found(
        verdicts,
        coverage(suites, wanted.about) if wanted.coverage else None,
        mutation(suites, wanted.about, limit=wanted.mutate_limit, progress=_progress)
        if wanted.mutate
        else None,
    )


def _progress(keys: Sequence[Key]) -> Iterable[Key]:
    """A bar on a terminal only."""
    return _bar(keys) if _on_terminal() else keys


def _on_terminal() -> bool:
    return sys.stderr.isatty()


def _bar(keys: Sequence[Key]) -> Iterator[Key]:
    with click.progressbar(keys, label="mutants", file=sys.stderr) as bar:
        yield from bar


def _write(path: Path, document: str) -> None:
    try:
        path.write_text(document, "utf-8")
    except OSError as error:
        raise Unusable(str(error.filename), error.strerror) from error


# ------------------------------------------------------------------ output


def _print(found: _Found, wanted: _Wanted) -> None:
    if wanted.as_json:
        click.echo(json.dumps(_data(found), indent=2, ensure_ascii=True))
    else:
        for line in _lines(found, wanted):
            click.echo(line)
    for complaint in _complaints(found, wanted):
        click.echo(complaint, err=wanted.as_json)


def _lines(found: _Found, wanted: _Wanted) -> Iterator[str]:
    for verdict in found.verdicts:
        if wanted.verbose or not verdict.passed:
            yield from text.verdict_lines(verdict, _paint)
    total = len(found.verdicts)
    yield f"{counted(total, 'test')}: {total - found.failed} passed, {found.failed} failed"
    if found.coverage is not None:
        yield from text.coverage_lines(found.coverage, _paint)
    if found.mutation is not None:
        yield from text.mutation_lines(found.mutation, _paint)


def _paint(words: str, colour: str) -> str:
    return click.style(words, fg=colour) if wants_colour() else words


def _data(found: _Found) -> dict[str, Any]:
    data: dict[str, Any] = {
        "tests": [structure.verdict_data(each) for each in found.verdicts],
        "passed": len(found.verdicts) - found.failed,
        "failed": found.failed,
    }
    if found.coverage is not None:
        data["coverage"] = structure.coverage_data(found.coverage)
    if found.mutation is not None:
        data["mutants"] = structure.mutation_data(found.mutation)
    return data


def _complaints(found: _Found, wanted: _Wanted) -> Iterator[str]:
    """What is below a minimum."""
    for file in found.coverage or ():
        if file.ratio.below(wanted.least_coverage):
            yield f"the coverage of {file.name} is below {wanted.least_coverage:g} %"
    if found.mutation is not None and found.mutation.below(wanted.least_mutants):
        yield f"the tests notice less than {wanted.least_mutants:g} % of the mutants"
