"""`tagwright erase`: a person's events, removed from what waits and from the dead letters."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from router.cli.reaching import could_not, place_of, with_place


@click.command()
@click.option("--email", help="The address of the person; - reads it from standard input.")
@click.option("--phone", help="The phone number, with its country code or --country.")
@click.option("--external-id", help="Your own id of the person.")
@click.option("--country", help="Of the phone number, as DE.")
@with_place
def erase(
    email: str | None, phone: str | None, external_id: str | None, country: str | None,
    data: Path | None, config: Path | None,
) -> None:  # fmt: skip
    """Remove what waits or is dead of one person, by hash or by value, and what is remembered of the visitor.

    Of what was delivered nothing is kept here but hashes of event ids. For what TikTok has, ask TikTok. A
    backup that was made before holds what it held.

    Exit status: 0 done, 2 could not.
    """
    if email == "-":
        email = sys.stdin.readline().strip()
    if email is None and phone is None and external_id is None:
        could_not("name a person with --email, --phone or --external-id")
    answer = place_of(data, config).ask(
        "erase", email=email, phone=phone, external_id=external_id, country=country
    )
    click.echo(f"{answer['erased']} events erased")
    if answer.get("forgotten"):
        click.echo(f"{answer['forgotten']} keys of remembered visitors removed")
