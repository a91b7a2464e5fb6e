"""What `login` and `logout` have in common: the developer app, its secret, where the token is kept."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, TypeVar

import click

from router.account.keeping import Keep, TokenFile
from router.account.tokens import App
from router.cli.ending import could_not
from router.cli.files import default_config
from router.settings import (
    EXPOSED,
    EnvironmentVariables,
    KeyringPlace,
    Settings,
    closing,
    keyring_place,
    load_settings,
)

APP_ID: Final = "TIKTOK_LOGIN_APP_ID"
APP_SECRET: Final = "TIKTOK_LOGIN_APP_SECRET"  # noqa: S105 - the name of a variable
_TOKEN_FILE: Final = "TIKTOK_TOKEN_FILE"  # noqa: S105 - the name of a variable
_TOKEN_KEYRING: Final = "TIKTOK_TOKEN_KEYRING"  # noqa: S105 - the name of a variable
_DEFAULT_FILE: Final = "tiktok-token"
_Command = TypeVar("_Command", bound=Callable[..., Any])


class KeyringType(click.ParamType[KeyringPlace]):
    """A place in the system's keyring."""

    name = "service/name"

    def convert(
        self, value: str | KeyringPlace, param: click.Parameter | None, ctx: click.Context | None
    ) -> KeyringPlace:
        place = value if isinstance(value, KeyringPlace) else keyring_place(value)
        return place or self.fail("write SERVICE/NAME, for example tagwright/tiktok", param, ctx)


def with_app(command: _Command) -> _Command:
    """The options that say which app, and where the token is; the command gets them by these names."""
    for option in (
        click.option(
            "--config",
            type=click.Path(dir_okay=False, path_type=Path),
            help="Settings; default ./tagwright.toml.",
        ),
        click.option(
            "--keyring", type=KeyringType(), help="The token is in the system's keyring (needs an extra)."
        ),
        click.option(
            "--token-file",
            type=click.Path(path_type=Path),
            help=f"The token's file; default the one that {_TOKEN_FILE} names, else ./{_DEFAULT_FILE}.",
        ),
        click.option(
            "--secret-file",
            type=click.Path(dir_okay=False, path_type=Path),
            help=f"A file with the app secret; default the variable {APP_SECRET}, else it is asked for.",
        ),
        click.option("--app-id", help=f"The developer app's id; default the variable {APP_ID}."),
    ):
        command = option(command)
    return command


def surroundings(config: Path | None) -> tuple[Settings, EnvironmentVariables]:
    """Mistakes in settings that have nothing to do with the account are the daemon's business."""
    variables = EnvironmentVariables(os.environ)
    settings, problems = load_settings(config or default_config(), variables)
    ours = [each for each in problems if each.place.lower().endswith((".toml", "base_url"))]
    if ours:
        could_not("\n".join(map(str, ours)))
    return settings, variables


def app_of(
    base_url: str, app_id: str | None, secret_file: Path | None, variables: EnvironmentVariables
) -> App:
    """The app with its secret, which never stands on a command line: others could read it there."""
    known = app_id or variables.env(APP_ID)
    if not known:
        could_not("which developer app?", f"--app-id ID, or the variable {APP_ID}")
    return App(base_url, known.strip(), _secret(secret_file, variables))


def place_of_token(token_file: Path | None, keyring: KeyringPlace | None) -> Keep:
    """Where the token is kept."""
    if token_file and keyring:
        raise click.UsageError("--token-file and --keyring exclude each other")
    return keyring or (TokenFile(token_file) if token_file else _usual_place())


def _usual_place() -> Keep:
    """Where `secret("TIKTOK_TOKEN")` looks."""
    file, place = os.environ.get(_TOKEN_FILE), keyring_place(os.environ.get(_TOKEN_KEYRING, ""))
    return place if place and not file else TokenFile(Path(file or _DEFAULT_FILE))


def _secret(file: Path | None, variables: EnvironmentVariables) -> str:
    named = str(file) if file else variables.env(f"{APP_SECRET}_FILE")
    value = variables.secret_file(named) if file and named else variables.secret(APP_SECRET)
    if value:
        return value
    if named and variables.refuses(named):
        could_not(f"{named} {EXPOSED}", closing(named))
    if named:
        could_not(f"{named} is empty or cannot be read")
    if not sys.stdin.isatty():
        could_not("the app secret is not set", f"{APP_SECRET}, or --secret-file FILE")
    return str(click.prompt("app secret", hide_input=True, err=True)).strip()
