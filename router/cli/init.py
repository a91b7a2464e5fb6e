"""`tagwright init`: a project to start from."""

from __future__ import annotations

import shlex
from pathlib import Path

import click

from router.cli.files import Unusable
from router.starter import ENVIRONMENT, RULES, write_starter


@click.command()
@click.argument("folder", default=".", type=click.Path(file_okay=False, path_type=Path))
def init(folder: Path) -> None:
    """Write a commented rule file with tests, the settings and an example of the environment.

    Files that are there already stay as they are.
    """
    try:
        written, kept = write_starter(folder)
    except OSError as error:
        raise Unusable(str(folder), error.strerror) from error
    for path in written:
        click.echo(f"wrote {path}")
    for path in kept:
        click.echo(f"kept  {path}, which was there already")
    click.echo("\nNext:")
    if folder.resolve() != Path.cwd():
        click.echo(f"  cd {shlex.quote(str(folder))}")
    click.echo(f"  tagwright check {RULES}\n  tagwright test {RULES}")
    click.echo(f"  cp {ENVIRONMENT} .env               then fill it in")
    click.echo(f"  set -a; . ./.env; set +a\n  tagwright run --rules {RULES}")
