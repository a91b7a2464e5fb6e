"""`tagwright login`: a token from TikTok, by the consent of whoever has the ad account."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final, assert_never

import click

from router.account.authorising import (
    Authorised,
    Callback,
    NotAuthorised,
    authorisation_url,
    callback_of,
    new_state,
    read_pasted,
    split,
)
from router.account.interface import make_client
from router.account.keeping import Keep, KeepingFailed, TokenFile, keep, unsuitable
from router.account.tokens import App, Granted, Refusal, exchange
from router.account.waiting import waiting_at
from router.cli.credentials import app_of, place_of_token, surroundings, with_app
from router.cli.ending import could_not, refused
from router.cli.spans import SPAN
from router.settings import KeyringPlace

_PATH: Final = "/callback"
_PATIENCE: Final = 300


@click.command()
@with_app
@click.option(
    "--redirect-uri",
    metavar="URL",
    help="The app's redirect address; default http://127.0.0.1:PORT/callback. One that leads elsewhere is "
    "asked for.",
)
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=0,
    help="Where to wait for the browser; 0 is any free one.",
)
@click.option(
    "--timeout", type=SPAN, default=_PATIENCE, show_default="5m", help="How long to wait for the browser."
)
@click.option("--code", metavar="CODE", help="Wait for nobody: the code, or the address that has it.")
@click.option("--print", "prints", is_flag=True, help="Print the token and store it nowhere.")
def login(
    app_id: str | None, secret_file: Path | None, token_file: Path | None, keyring: KeyringPlace | None,
    config: Path | None, redirect_uri: str | None, port: int, timeout: int, code: str | None, prints: bool,
) -> None:  # fmt: skip
    """Get an access token from TikTok for a developer app.

    Prints the address where somebody with the ad account says yes, waits on this machine for the browser to
    come back, trades the code that it brings for a token, and stores that in a file that only you can read.
    A token that Events Manager generates needs no login.

    Exit status: 0 logged in, 1 refused or nobody came, 2 could not run.
    """
    if prints and (token_file or keyring):
        raise click.UsageError("--print stores nothing: leave out --token-file and --keyring")
    settings, variables = surroundings(config)
    place = None if prints else _writable(place_of_token(token_file, keyring))
    app = app_of(settings.tiktok.base_url, app_id, secret_file, variables)
    found = read_pasted(code, None) if code else _authorised(app, redirect_uri, port, timeout)
    match found:
        case Authorised():
            _finish(_exchanged(app, found.code), place)
        case NotAuthorised():
            refused(found.why, found.fix)
        case _:
            assert_never(found)


@dataclass(frozen=True, slots=True)
class _Invitation:
    """A login that has begun."""

    app: App
    state: str

    def show(self, redirect_uri: str) -> None:
        url = authorisation_url(self.app.base_url, self.app.app_id, redirect_uri, self.state)
        click.echo(f"Open this address, as somebody who has the ad account:\n\n{url}\n", err=True)


def _authorised(app: App, redirect_uri: str | None, port: int, timeout: int) -> Authorised | NotAuthorised:
    invitation = _Invitation(app, new_state())
    if redirect_uri is None:
        return _come_back(invitation, Callback("127.0.0.1", port, _PATH), None, timeout)
    if split(redirect_uri) is None:
        raise click.BadParameter("write for example https://shop.example/tiktok", param_hint="--redirect-uri")
    callback = callback_of(redirect_uri)
    if callback is not None:
        return _come_back(invitation, callback, redirect_uri, timeout)
    invitation.show(redirect_uri)
    pasted = click.prompt("Then paste the address that the browser ends at", err=True)
    return read_pasted(str(pasted), invitation.state)


def _come_back(
    invitation: _Invitation, callback: Callback, redirect_uri: str | None, timeout: int
) -> Authorised | NotAuthorised:
    try:
        with waiting_at(callback, invitation.state) as waiting:
            invitation.show(redirect_uri or waiting.address)
            click.echo(f"Waiting for the browser on {waiting.address}", err=True)
            return waiting.answer(timeout) or NotAuthorised(
                f"nobody came back within {timeout} s",
                f"see that the app's redirect address is {redirect_uri or waiting.address}; or copy the "
                "address that the browser shows, and log in with --code",
            )
    except OSError as problem:
        where = f"{callback.host}:{callback.port}"
        could_not(f"cannot listen on {where}: {problem.strerror}", "choose another --port, or use --code")


def _exchanged(app: App, code: str) -> Granted:
    with make_client() as http:
        found = exchange(http, app, code)
    return refused(found.why, found.fix) if isinstance(found, Refusal) else found


def _writable(place: Keep) -> Keep:
    """Said before anybody consents: a code is good only once."""
    if why := unsuitable(place):
        could_not(why, "name another place with --token-file or --keyring, or use --print")
    return place


def _finish(granted: Granted, place: Keep | None) -> None:
    accounts = ", ".join(granted.advertisers) or "TikTok names none"
    click.echo(f"Logged in. Ad accounts: {accounts}", err=True)
    if place is None:
        click.echo(granted.token)
        return
    try:
        keep(place, granted.token)
    except KeepingFailed as problem:
        could_not(str(problem), "log in again with another --token-file, or with --print")
    click.echo(_told(place), err=True)


def _told(place: Keep) -> str:
    match place:
        case TokenFile(path=path):
            return (
                f"The token is in {path}, which only its owner can read: TIKTOK_TOKEN_FILE={path.absolute()}"
            )
        case KeyringPlace():
            return f"The token is in the keyring: TIKTOK_TOKEN_KEYRING={place}"
        case _:
            assert_never(place)
