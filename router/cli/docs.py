"""`tagwright docs`: rules, TikTok's catalogue and functions for readers."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import click

from router.cli.files import RULE_FILE, Unusable, checked
from router.handbook import describe, markdown, page
from router.handbook.lookup import NoSuchNameError
from router.handbook.lookup import catalogue as catalogue_text
from router.handbook.lookup import functions as functions_text


@click.group()
def docs() -> None:
    """Read about your rules, TikTok's fields and events, and the functions."""


@docs.command()
@click.argument("files", nargs=-1, required=True, type=RULE_FILE)
@click.option(
    "--format", "form", type=click.Choice(["markdown", "html"]), help="By default after the name of --output."
)
@click.option("--output", type=click.Path(dir_okay=False, path_type=Path), help="Write a file instead.")
@click.pass_context
def rules(context: click.Context, files: tuple[Path, ...], form: str | None, output: Path | None) -> None:
    """Describe a rule set as a marketer reads it.

    Each source's events and what TikTok gets for them, what is known and not sent, what is dropped and why,
    destinations with their conditions, and for each payload field the lines it is made of. The files are
    read as one rule set. Tokens and ids appear as names of variables.

    Exit status: 0 written, 1 the rules have errors, 2 a file could not be read or written.
    """
    program = checked(context, files)
    document = describe(program, f"Rules: {', '.join(file.name for file in files)}")
    is_page = form == "html" or (form is None and output is not None and output.suffix in (".html", ".htm"))
    text = page(document) if is_page else markdown(document)
    if output is None:
        click.echo(text, nl=False)
        return
    try:
        output.write_text(text, encoding="utf-8")
    except OSError as error:
        raise Unusable(str(output), error.strerror) from error


@docs.command()
@click.argument("group", required=False)
def catalogue(group: str | None) -> None:
    """Show TikTok's events or the fields of a GROUP, such as events, user, properties, page, app, ad, lead.

    For each field its type, the sources that have it, whether it is needed, how it is hashed, and how sure
    that is: H official, M second-hand or agreeing implementations, L one source.
    """
    click.echo(_told(catalogue_text, group))


@docs.command()
@click.argument("name", required=False)
def functions(name: str | None) -> None:
    """Show the functions of the rule language, or all about the function NAME."""
    click.echo(_told(functions_text, name))


def _told(view: Callable[[str | None], str], name: str | None) -> str:
    try:
        return view(name)
    except NoSuchNameError as error:
        raise click.UsageError(str(error)) from error
