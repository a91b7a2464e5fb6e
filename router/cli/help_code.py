"""`tagwright help`: what a code, a function, a field or a TikTok event means."""

from __future__ import annotations

import textwrap

import click

from router.explanations import all_codes, as_text, families, page
from router.functions import STANDARD
from router.handbook.lookup import event, field, functions
from router.lang.suggest import closest
from router.tiktok.catalogue import ALIASES, ENTRIES, EVENTS

_WIDTH = 100


@click.command("help")
@click.argument("name", required=False)
def help_code(name: str | None) -> None:
    """Explain NAME in plain words: the code of a message, a function, a field or a TikTok event.

    Codes stand in brackets in every message, as in error[E310]. Without NAME all codes are listed.

    Exit status: 0 explained, 2 there is nothing of that name.
    """
    if name is None:
        _list()
        return
    click.echo("\n".join(_explained(name)))


def _list() -> None:
    titles = all_codes()
    for family, codes in families():
        click.echo(f"{family}")
        for code in codes:
            click.echo(f"  {code}  {titles[code]}")
        click.echo()
    click.echo("tagwright help CODE explains one of them.")


def _explained(name: str) -> list[str]:
    if name.upper() in all_codes():
        return [_wrapped(line) for line in as_text(page(name.upper()))]
    if name in STANDARD:
        return [functions(name)]
    if name in ENTRIES:
        return [field(name)]
    if ALIASES.get(name, name) in EVENTS:
        return [event(ALIASES.get(name, name))]
    known = [*all_codes(), *STANDARD, *ENTRIES, *EVENTS]
    near = closest(name.upper(), all_codes()) or closest(name, known)
    meant = f"; did you mean {near}?" if near else "; tagwright help lists the codes"
    raise click.UsageError(f"there is no code, function, field or TikTok event {name}{meant}")


def _wrapped(line: str) -> str:
    """Prose is wrapped; lines of examples, which are shorter, stay as they are."""
    if len(line) <= _WIDTH:
        return line
    indent = line[: len(line) - len(line.lstrip())]
    return textwrap.fill(line.strip(), _WIDTH, initial_indent=indent, subsequent_indent=indent)
