"""`tagwright status`: what a running daemon is doing."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any, NoReturn

import click
import httpx
from rich.console import Console

from router.cli.files import default_config
from router.cli.status_view import show
from router.daemon.attention import concerns
from router.settings import Address, EnvironmentVariables, load_settings


@click.command()
@click.option("--admin", metavar="HOST:PORT", help="The daemon's admin address. Default 127.0.0.1:9090.")
@click.option(
    "--config", type=click.Path(dir_okay=False, path_type=Path), help="Settings; default ./tagwright.toml."
)
@click.option("--json", "as_json", is_flag=True, help="Print what /status answers.")
@click.pass_context
def status(context: click.Context, admin: str | None, config: Path | None, as_json: bool) -> None:
    """Show what needs attention in a running daemon and what to do, then its destinations and counts.

    TikTok shows accepted events in Events Manager after some minutes; an empty view there is no error at
    first.

    Exit status: 0 nothing needs attention, 1 something does, 2 no daemon answered.
    """
    report = _fetch(admin_address(admin, config))
    found = concerns(report)
    if as_json:
        click.echo(json.dumps(report, indent=2))
    else:
        show(report, found, Console(soft_wrap=True))
    context.exit(1 if found else 0)


def admin_address(admin: str | None, config: Path | None) -> Address:
    """Where a daemon of these settings is asked.

    Mistakes in other settings are the daemon's business: their variables may not be set here.
    """
    settings, problems = load_settings(
        config or default_config(), EnvironmentVariables(os.environ), admin=admin
    )
    ours = [each for each in problems if each.place.lower().endswith(("admin", ".toml"))]
    if ours:
        raise click.UsageError("; ".join(map(str, ours)))
    return settings.admin


def _fetch(address: Address) -> Any:
    try:
        answer = httpx.get(f"http://{address}/status", timeout=5.0, trust_env=False)
        answer.raise_for_status()
        report = answer.json()
    except (httpx.HTTPError, ValueError) as error:
        _no_daemon(address, type(error).__name__)
    return report if isinstance(report, dict) and "spool" in report else _no_daemon(address, "another server")


def _no_daemon(address: Address, why: str) -> NoReturn:
    click.echo(f"error: no daemon answers on {address} ({why})", err=True)
    click.echo("  fix: start one with `tagwright run`, or name its admin address with --admin", err=True)
    raise SystemExit(2)
