"""`tagwright keys`: who may post events."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn, TypeVar

import click
from rich.console import Console
from rich.table import Column, Table

from router.cli.files import default_config
from router.cli.spans import MOMENT, SPAN, as_moment, as_span
from router.keyring import (
    NAME,
    SENDERS,
    SOURCES,
    Grant,
    KeysUnusable,
    Refused,
    Sender,
    StoredKey,
    added,
    change_keys,
    digest,
    new_value,
    read_keys,
    revoked,
    rotated,
)
from router.settings import EnvironmentVariables, Settings, load_settings
from router.settings.shapes import ORIGINS

_Command = TypeVar("_Command", bound=Callable[..., Any])
_GRACE = 86_400


@click.group()
def keys() -> None:
    """Make, change and list write keys: what senders of events must show.

    Keys live as hashes in the file keys.json of the data directory. A running daemon takes changes up by
    itself within a second. Keys of the settings ([[write_keys]], TAGWRIGHT_WRITE_KEY) are not listed here.

    Exit status: 0 done, 2 could not.
    """


def _place(command: _Command) -> _Command:
    """The options that every command here has."""
    for option in (
        click.option("--json", "as_json", is_flag=True, help="Print JSON."),
        click.option(
            "--config",
            type=click.Path(dir_okay=False, path_type=Path),
            help="Settings that name the data directory; default ./tagwright.toml.",
        ),
        click.option("--data", type=click.Path(file_okay=False, path_type=Path), help="The data directory."),
    ):
        command = option(command)
    return command


@keys.command()
@click.argument("name")
@click.option(
    "--sender", type=click.Choice(SENDERS), default="auto", show_default=True,
    help="Who shows it: a shop's server, a browser (it is public), a visitor's app, or as requests look.",
)  # fmt: skip
@click.option(
    "--source", "sources", multiple=True, type=click.Choice(SOURCES), help="Only events of this source."
)
@click.option(
    "--event", "events", multiple=True, help="Only events of this name; * and ? stand for any text."
)
@click.option("--origin", "origins", multiple=True, help="Pages of a browser key, as https://shop.example.")
@click.option(
    "--rate", type=click.FloatRange(0.001, 1_000_000), help="Requests a second; default any number."
)
@click.option("--expires", type=MOMENT, help="When it ends: a time, or a span such as 90d.")
@_place
def add(
    name: str, sender: Sender, sources: tuple[str, ...], events: tuple[str, ...], origins: tuple[str, ...],
    rate: float | None, expires: int | None, data: Path | None, config: Path | None, as_json: bool,
) -> None:  # fmt: skip
    """Make a key and print it, this once.

    Only the key goes to standard output: KEY=$(tagwright keys add shop)
    """
    settings = _settings(data, config)
    _check(name, sender, origins, settings)
    grant = Grant(name, sender, sources, events, origins, rate)
    value, now = new_value(), int(time.time())
    found = _change(settings, lambda before: added(before, grant, digest(value), now, expires))
    first = " From now on every sender must show a key." if len(found) == 1 else ""
    _tell(value, f"{name} may post to this daemon.{first}", {"name": name}, as_json=as_json)


@keys.command()
@click.argument("name")
@click.option(
    "--grace", type=SPAN, default=_GRACE, show_default="24h",
    help="How long values before it are still taken; 0 ends them now.",
)  # fmt: skip
@_place
def rotate(name: str, grace: int, data: Path | None, config: Path | None, as_json: bool) -> None:
    """Give a key a new value and print it, this once."""
    value, now = new_value(), int(time.time())
    _change(_settings(data, config), lambda found: rotated(found, name, digest(value), now, grace))
    ends = now + grace
    told = f"{name} has a new value; those before it are taken until {as_moment(ends)}."
    _tell(value, told, {"name": name, "old_values_end": ends}, as_json=as_json)


@keys.command()
@click.argument("name")
@_place
def revoke(name: str, data: Path | None, config: Path | None, as_json: bool) -> None:
    """Take a key away: whoever shows it is refused at once."""
    left = _change(_settings(data, config), lambda found: revoked(found, name))
    if as_json:
        click.echo(json.dumps({"revoked": name, "keys": len(left)}))
    else:
        click.echo(f"{name} is revoked; keys that are left: {len(left)}", err=True)


@keys.command(name="list")
@_place
def list_(data: Path | None, config: Path | None, as_json: bool) -> None:
    """List names, scopes and ages; never a key."""
    settings, now = _settings(data, config), int(time.time())
    try:
        found = read_keys(settings.data)
    except KeysUnusable as problem:
        _could_not(str(problem))
    if as_json:
        click.echo(json.dumps([_described(each, now) for each in found], indent=2))
    elif found:
        Console(soft_wrap=True).print(_table(found, now))
    else:
        click.echo(f"there are no keys in {settings.data}; `tagwright keys add NAME` makes one", err=True)


# ------------------------------------------------------------------ what is asked for


def _settings(data: Path | None, config: Path | None) -> Settings:
    """Mistakes in other settings are the daemon's business: their variables may not be set here."""
    settings, problems = load_settings(
        config or default_config(), EnvironmentVariables(os.environ), data=data
    )
    ours = [each for each in problems if each.place.lower().endswith(("data", ".toml"))]
    if ours:
        raise click.UsageError("; ".join(map(str, ours)))
    return settings


def _check(name: str, sender: str, origins: tuple[str, ...], settings: Settings) -> None:
    if not NAME.fullmatch(name):
        raise click.BadParameter(
            "use letters, digits, dots, dashes, underscores; at most 64", param_hint="NAME"
        )
    if sender != "browser" and origins:
        raise click.UsageError("--origin is for browser keys: add --sender browser")
    if sender == "browser" and not (origins or settings.cors_origins):
        raise click.UsageError("a browser key needs the pages it stands in: --origin https://shop.example")
    if origins and ORIGINS.read(list(origins)) is None:
        raise click.BadParameter('write for example https://shop.example, never "*"', param_hint="--origin")


def _change(
    settings: Settings, change: Callable[[tuple[StoredKey, ...]], tuple[StoredKey, ...] | Refused]
) -> tuple[StoredKey, ...]:
    try:
        changed = change_keys(settings.data, change)
    except KeysUnusable as problem:
        _could_not(str(problem))
    if isinstance(changed, Refused):
        _could_not(changed.reason, changed.fix)
    return changed


def _could_not(reason: str, fix: str | None = None) -> NoReturn:
    click.echo(f"error: {reason}", err=True)
    if fix:
        click.echo(f"  fix: {fix}", err=True)
    raise SystemExit(2)


# ------------------------------------------------------------------ what is told


def _tell(value: str, told: str, facts: dict[str, Any], *, as_json: bool) -> None:
    click.echo(json.dumps({**facts, "key": value}) if as_json else value)
    click.echo(f"{told} The key is shown once; only its hash is kept.", err=True)


def _described(key: StoredKey, now: int) -> dict[str, Any]:
    grant = key.grant
    return {
        "name": grant.name,
        "sender": grant.sender,
        "sources": grant.sources,
        "events": grant.events,
        "origins": grant.origins,
        "rate": grant.rate,
        "created": key.created,
        "age_seconds": max(0, now - key.created),
        "values_valid": len(key.valid_values(now)),
        "expires": key.expires,
        "rotated": key.rotated,
    }


def _table(found: tuple[StoredKey, ...], now: int) -> Table:
    heads = ("name", "sender", "scope", "rate", "age", "values", "expires", "rotated")
    table = Table(*(Column(head, overflow="fold") for head in heads))
    for each in found:
        grant = each.grant
        scope = ", ".join((*grant.sources, *grant.events, *grant.origins)) or "all"
        rate = "any" if grant.rate is None else f"{grant.rate:g}/s"
        age, values = as_span(now - each.created), str(len(each.valid_values(now)))
        ends, turned = as_moment(each.expires), as_moment(each.rotated)
        table.add_row(grant.name, grant.sender, scope, rate, age, values, ends, turned)
    return table
