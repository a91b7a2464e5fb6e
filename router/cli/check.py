"""`tagwright check`: are these rule files right?"""

from __future__ import annotations

from pathlib import Path

import click

from router.cli.files import RULE_FILE
from router.cli.reporting import as_json, counted, show, tally
from router.lang.diagnostics import Diagnostic, has_errors
from router.rulebook import load


@click.command()
@click.argument("files", nargs=-1, required=True, type=RULE_FILE)
@click.option("--together", is_flag=True, help="Check the files as one rule set, as `run` loads them.")
@click.option(
    "--format", "form", type=click.Choice(["text", "json"]), default="text", help="json: a line each."
)
@click.option("--strict", is_flag=True, help="Warnings count as errors for the exit status.")
@click.pass_context
def check(context: click.Context, files: tuple[Path, ...], together: bool, form: str, strict: bool) -> None:
    """Check rule files: every name, type and personal data, before anything runs.

    Each FILE is checked with what it uses. All mistakes of all files are shown in one run, with the place
    and, where one is known, the corrected line.

    Exit status: 0 no errors, 1 errors (or warnings with --strict), 2 a file could not be read.
    """
    groups = [list(files)] if together else [[file] for file in files]
    problems = [problem for group in groups for problem in _problems(group)]
    if form == "json":
        for problem in problems:
            click.echo(as_json(problem))
    else:
        show(problems)
        click.echo(f"{counted(len(files), 'file')}: {tally(problems)}")
    context.exit(1 if has_errors(problems) or (strict and problems) else 0)


def _problems(files: list[Path]) -> list[Diagnostic]:
    try:
        return list(load(files).problems)
    except OSError as error:
        raise click.FileError(str(error.filename), error.strerror) from error
