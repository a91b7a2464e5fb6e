"""`tagwright logout`: the end of a token."""

from __future__ import annotations

from pathlib import Path

import click

from router.account.interface import make_client
from router.account.keeping import Keep, KeepingFailed, kept, remove
from router.account.tokens import Refusal, revoke
from router.cli.credentials import app_of, place_of_token, surroundings, with_app
from router.cli.ending import could_not, refused
from router.settings import KeyringPlace


@click.command()
@with_app
@click.option("--forget", is_flag=True, help="Only remove the token here; TikTok is not asked to revoke it.")
def logout(
    app_id: str | None, secret_file: Path | None, token_file: Path | None, keyring: KeyringPlace | None,
    config: Path | None, forget: bool,
) -> None:  # fmt: skip
    """Have TikTok revoke a token of `tagwright login`, then remove it from this machine.

    A token that Events Manager generated is revoked there. What was not revoked is not removed, unless with
    --forget.

    Exit status: 0 done, 1 TikTok did not revoke it, 2 could not run.
    """
    place = place_of_token(token_file, keyring)
    settings, variables = surroundings(config)
    token = _kept(place)
    if not forget:
        app = app_of(settings.tiktok.base_url, app_id, secret_file, variables)
        with make_client() as http:
            ended = revoke(http, app, token)
        if isinstance(ended, Refusal):
            refused(ended.why, ended.fix)
        click.echo("The token is revoked." if ended.was_valid else "TikTok did not know the token any more.")
    try:
        remove(place)
    except KeepingFailed as problem:
        could_not(str(problem))
    click.echo(f"{place} is removed.")


def _kept(place: Keep) -> str:
    try:
        return kept(place)
    except KeepingFailed as problem:
        could_not(str(problem), "name the token with --token-file or --keyring")
