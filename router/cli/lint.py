"""`tagwright lint`: what is right by the language, and probably not meant so."""

from __future__ import annotations

from pathlib import Path

import click

from router.cli.inspecting import Form, Request, inspection_options, run_inspection
from router.linting import Depth


@click.command()
@inspection_options
@click.option("--all", "every", is_flag=True, help="Lints that are quiet by default, too.")
@click.pass_context
def lint(
    context: click.Context,
    files: tuple[Path, ...],
    together: bool,
    form: Form,
    fix: bool,
    diff: bool,
    every: bool,
) -> None:
    """Check rule files and look for what is probably not meant: unused names, unstable ids.

    Lints look at the named FILES, not at what they use. A comment allows a warning that is meant, on its
    line, above it, or above a block: # allow W530: reason

    Exit status: 0 nothing found, 1 errors or warnings, 2 a file could not be read.
    """
    depth: Depth = "all" if every else "lint"
    run_inspection(context, Request("lint", files, together, form, fix, diff, depth, strict=True))
