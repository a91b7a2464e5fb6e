"""`tagwright status`: what a running daemon is doing."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any, NoReturn

import click
import httpx
from rich.console import Console
from rich.table import Table

from router.cli.files import default_config
from router.settings import Address, EnvironmentVariables, load_settings


@click.command()
@click.option("--admin", metavar="HOST:PORT", help="The daemon's admin address. Default 127.0.0.1:9090.")
@click.option(
    "--config", type=click.Path(dir_okay=False, path_type=Path), help="Settings; default ./tagwright.toml."
)
@click.option("--json", "as_json", is_flag=True, help="Print what /status answers.")
@click.pass_context
def status(context: click.Context, admin: str | None, config: Path | None, as_json: bool) -> None:
    """Show destinations, backlog and outcomes of a running daemon.

    TikTok shows accepted events in Events Manager after some minutes; an empty view there is no error at
    first.

    Exit status: 0 every destination is open and takes events, 1 one is held, throttled or failing, 2 no
    daemon answered.
    """
    report = _fetch(_address(admin, config))
    if as_json:
        click.echo(json.dumps(report, indent=2))
    else:
        _show(report, Console(soft_wrap=True))
    context.exit(0 if all(_state(each) == "open" for each in report["destinations"]) else 1)


def _address(admin: str | None, config: Path | None) -> Address:
    """Mistakes in other settings are the daemon's business: their variables may not be set here."""
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


def _show(report: dict[str, Any], console: Console) -> None:
    rules, spool = report["rules"], report["spool"]
    console.print(f"TagWright {report['version']}, {report['state']}, up {report['uptime_seconds']} s")
    console.print(f"rules {rules['version']}: {', '.join(rules['files'])}")
    for remark in rules["remarks"]:
        console.print(f"  note: {remark}")
    if rules["reload_failed_at"]:
        console.print("  the last reload failed; the rules before it are in force:")
        for problem in rules["reload_problems"]:
            console.print(f"    {problem}", markup=False)
    console.print(_destinations(report))
    for each in report["destinations"]:
        if each["todo"]:
            console.print(_todo(each), markup=False)
    console.print(
        f"waiting {spool['pending']}, in flight {spool['in_flight']}, oldest {spool['oldest_seconds']} s, "
        f"dead letters {_dead_letters(spool['dead_letters'])}"
    )
    if report["outcomes"]:
        console.print(_counts("outcomes since the start", report["outcomes"]))


def _destinations(report: dict[str, Any]) -> Table:
    table = Table(
        "destination", "state", "reason", "waiting", "sent", title="destinations", title_justify="left"
    )
    for each in report["destinations"]:
        sent = sum(report["sent"].get(each["destination"], {}).values())
        table.add_row(each["destination"], _state(each), _reason(each), str(each["pending"]), str(sent))
    return table


def _state(destination: dict[str, Any]) -> str:
    """An open destination whose attempts fail is not what anybody calls open."""
    return "failing" if destination["failing"] else str(destination["state"])


def _reason(destination: dict[str, Any]) -> str:
    failing = destination["failing"]
    return str(failing["reason"]) if failing else f"{destination['reason']} {destination['code']}".strip()


def _todo(destination: dict[str, Any]) -> str:
    failing, wait = destination["failing"], destination["next_try_seconds"]
    since = f" for {failing['seconds']} s, {failing['attempts']} attempts" if failing else ""
    then = "" if wait is None else f" (next try in {wait} s)"
    return f"{destination['destination']} {_state(destination)}{since}: {destination['todo']}{then}"


def _dead_letters(reasons: dict[str, int]) -> str:
    named = ", ".join(f"{reason} {count}" for reason, count in sorted(reasons.items()))
    return str(sum(reasons.values())) + (f" ({named})" if named else "")


def _counts(title: str, counts: dict[str, dict[str, int]]) -> Table:
    table = Table("outcome", "reason", "events", title=title, title_justify="left")
    for outcome, reasons in counts.items():
        for reason, count in reasons.items():
            table.add_row(outcome, reason, str(count))
    return table
