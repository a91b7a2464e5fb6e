"""`tagwright check`: are these rule files right?"""

from __future__ import annotations

from pathlib import Path

import click

from router.cli.inspecting import Form, Request, inspection_options, run_inspection
from router.linting import Depth


@click.command()
@inspection_options
@click.option("--strict", is_flag=True, help="Every lint, and warnings count as errors for the exit status.")
@click.pass_context
def check(
    context: click.Context,
    files: tuple[Path, ...],
    together: bool,
    form: Form,
    fix: bool,
    diff: bool,
    strict: bool,
) -> None:
    """Check rule files: every name, type and personal data, before anything runs.

    Each FILE is checked with what it uses. All mistakes of all files are shown in one run, with the place
    and, where one is known, the corrected line. `tagwright help CODE` explains a message.

    Exit status: 0 no errors, 1 errors (or warnings with --strict), 2 a file could not be read.
    """
    depth: Depth = "lint" if strict else "check"
    run_inspection(context, Request("check", files, together, form, fix, diff, depth, strict))
