"""`tagwright test`: do the rules do what their tests say?"""

from __future__ import annotations

from pathlib import Path

import click

from router.cli.files import RULE_FILE
from router.cli.reporting import counted, show, wants_colour
from router.rulebook import load
from router.testing import Verdict, run_tests


@click.command()
@click.argument("files", nargs=-1, required=True, type=RULE_FILE)
@click.option("-v", "--verbose", is_flag=True, help="Name the tests that pass, too.")
@click.pass_context
def test(context: click.Context, files: tuple[Path, ...], verbose: bool) -> None:
    """Run the `test` blocks of rule files.

    A send that no test expected fails it. Destinations stand for themselves: nothing is read from the
    environment and nothing is sent.

    Exit status: 0 all pass, 1 a test or the check failed, 2 a file could not be read.
    """
    verdicts: list[Verdict] = []
    for file in files:
        found = _verdicts(file)
        if found is None:
            context.exit(1)
        verdicts += found
    for verdict in verdicts:
        _show(verdict, verbose)
    failed = [verdict for verdict in verdicts if not verdict.passed]
    click.echo(
        f"{counted(len(verdicts), 'test')}: {len(verdicts) - len(failed)} passed, {len(failed)} failed"
    )
    context.exit(1 if failed else 0)


def _verdicts(file: Path) -> list[Verdict] | None:
    try:
        book = load([file])
    except OSError as error:
        raise click.FileError(str(error.filename), error.strerror) from error
    if book.program is None:
        show(book.problems)
        return None
    return run_tests(book.program)


def _show(verdict: Verdict, verbose: bool) -> None:
    if verdict.passed and not verbose:
        return
    word = "pass" if verdict.passed else "FAIL"
    colour = "green" if verdict.passed else "red"
    click.echo(f"{click.style(word, fg=colour) if wants_colour() else word}  {verdict.name}  ({verdict.at})")
    for failure in verdict.failures:
        click.echo(f"      {failure.at}  {failure.message}")
