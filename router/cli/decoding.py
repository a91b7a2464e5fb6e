"""How commands read events that lie in files: in which format, and by which settings, as a daemon would."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, TypeVar

import click

from router.cli.ending import could_not
from router.cli.files import default_config
from router.inputs import FORMATS
from router.settings import EnvironmentVariables, Settings, load_settings

_Command = TypeVar("_Command", bound=Callable[..., Any])
_NOT_OURS: Final = ("write_key", "listen", "admin")


def format_option(
    default: str | None = "standard", text: str = "The events' format, by default standard."
) -> Callable[[_Command], _Command]:
    """`--format NAME`; the command gets `form`."""
    names = click.Choice(list(FORMATS))
    return click.option(
        "--format", "form", type=names, default=default, metavar="NAME", help=f"{text} All: docs/formats."
    )


def config_option(command: _Command) -> _Command:
    """`--config FILE`; the command gets `config`."""
    return click.option(
        "--config",
        type=click.Path(dir_okay=False, path_type=Path),
        help="Settings by which events are read; default ./tagwright.toml.",
    )(command)


def decoding_settings(config: Path | None) -> Settings:
    """The settings that a daemon would read events by. Keys and addresses, which it alone needs, may lack.

    Ends the command with status 2 when any other setting has a mistake.
    """
    settings, problems = load_settings(config or default_config(), EnvironmentVariables(os.environ))
    wrong = [each for each in problems if not any(word in each.place.lower() for word in _NOT_OURS)]
    if wrong:
        could_not("\n".join(map(str, wrong)))
    return settings
