"""`tagwright status`: what a running daemon is doing."""

from __future__ import annotations

import json
import os
from typing import Any

import click
import httpx
from rich.console import Console
from rich.table import Table

from router.settings import Address, EnvironmentVariables, load_settings


@click.command()
@click.option("--admin", metavar="HOST:PORT", help="The daemon's admin address. Default 127.0.0.1:9090.")
@click.option("--json", "as_json", is_flag=True, help="Print what /status answers.")
@click.pass_context
def status(context: click.Context, admin: str | None, as_json: bool) -> None:
    """Show destinations, backlog and outcomes of a running daemon.

    TikTok shows accepted events in Events Manager after some minutes; an empty view there is no error at
    first.

    Exit status: 0 every destination is open, 1 one is held or throttled, 2 no daemon answered.
    """
    settings, problems = load_settings(None, EnvironmentVariables(os.environ), admin=admin)
    if problems:
        raise click.UsageError("; ".join(map(str, problems)))
    report = _fetch(settings.admin)
    if as_json:
        click.echo(json.dumps(report, indent=2))
    else:
        _show(report, Console(soft_wrap=True))
    context.exit(0 if all(each["state"] == "open" for each in report["destinations"]) else 1)


def _fetch(address: Address) -> Any:
    try:
        answer = httpx.get(f"http://{address}/status", timeout=5.0, trust_env=False)
        answer.raise_for_status()
        return answer.json()
    except (httpx.HTTPError, ValueError) as error:
        click.echo(f"error: no daemon answers on {address} ({type(error).__name__})", err=True)
        click.echo("  fix: start one with `tagwright run`, or name its admin address with --admin", err=True)
        raise SystemExit(2) from None


def _show(report: dict[str, Any], console: Console) -> None:
    rules, spool = report["rules"], report["spool"]
    console.print(f"TagWright {report['version']}, {report['state']}, up {report['uptime_seconds']} s")
    console.print(f"rules {rules['version']}: {', '.join(rules['files'])}")
    for remark in rules["remarks"]:
        console.print(f"  note: {remark}")
    if rules["reload_failed_at"]:
        console.print("  the last reload failed; the rules before it are in force")
    console.print(_destinations(report))
    console.print(
        f"waiting {spool['pending']}, in flight {spool['in_flight']}, oldest {spool['oldest_seconds']} s, "
        f"dead letters {sum(spool['dead_letters'].values())}"
    )
    console.print(_counts("outcomes since the start", report["outcomes"]))


def _destinations(report: dict[str, Any]) -> Table:
    table = Table(
        "destination", "state", "reason", "waiting", "sent", title="destinations", title_justify="left"
    )
    for each in report["destinations"]:
        reason = " ".join(filter(None, [each["reason"], each["code"]]))
        sent = sum(report["sent"].get(each["destination"], {}).values())
        table.add_row(each["destination"], each["state"], reason, str(each["pending"]), str(sent))
    return table


def _counts(title: str, counts: dict[str, dict[str, int]]) -> Table:
    table = Table("outcome", "reason", "events", title=title, title_justify="left")
    for outcome, reasons in counts.items():
        for reason, count in reasons.items():
            table.add_row(outcome, reason, str(count))
    return table
