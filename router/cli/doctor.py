"""`tagwright doctor`: what is wrong with a set-up, and what to do."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Final

import click

from router.account.checkup import Check, examine, is_clean
from router.account.checkup.gathering import Wish, gather
from router.account.checkup.probing import probe
from router.account.interface import make_client
from router.cli.files import RULE_FILE, default_config
from router.settings import EnvironmentVariables

_MARKS: Final = {"ok": "ok", "warning": "warning", "problem": "PROBLEM", "not checked": "-"}


@click.command()
@click.option(
    "--rules", "files", multiple=True, type=RULE_FILE, help="Rule files, as for `run`; else the daemon's."
)
@click.option(
    "--config", type=click.Path(dir_okay=False, path_type=Path), help="Settings; default ./tagwright.toml."
)
@click.option("--admin", metavar="HOST:PORT", help="The daemon's admin address. Default 127.0.0.1:9090.")
@click.option("--probe", "probes", is_flag=True, help="Send one event with a test code to TikTok.")
@click.option("--test-code", help="The test code of the probe; default that of the rules.")
@click.option("--offline", is_flag=True, help="Do not ask TikTok for the time.")
@click.option("--all", "every", is_flag=True, help="Show what is well, too.")
@click.option("--json", "as_json", is_flag=True, help="Print every finding as JSON.")
@click.pass_context
def doctor(
    context: click.Context, files: tuple[Path, ...], config: Path | None, admin: str | None, probes: bool,
    test_code: str | None, offline: bool, every: bool, as_json: bool,
) -> None:  # fmt: skip
    """Look for everything that is known to go wrong, and say what to do about it.

    Settings, rules, ids, tokens, files, disk and clock are looked at here; queue, dead letters, consent,
    repeated orders and match keys in a running daemon. Run it with the environment of the daemon, so that ids
    and tokens can be looked at. Nothing is changed, and without --probe no event is sent.

    Exit status: 0 nothing found, 1 warnings or problems, 2 could not run.
    """
    if offline and probes:
        raise click.UsageError("--probe asks TikTok: leave out --offline")
    if test_code and not probes:
        raise click.UsageError("--test-code is for --probe")
    variables = EnvironmentVariables(os.environ)
    wish = Wish(config or default_config(), files, admin, online=not offline)
    with make_client() as http:
        facts = gather(wish, variables, http)
        found = [*examine(facts), *(probe(facts, http, test_code, int(time.time())) if probes else ())]
    if as_json:
        click.echo(json.dumps([each.as_json() for each in found], indent=2))
    else:
        _show(found, every=every)
    context.exit(0 if is_clean(found) else 1)


def _grouped(found: Iterable[Check]) -> list[tuple[Check, list[str]]]:
    """What was not checked for one and the same reason is one line."""
    groups: dict[object, tuple[Check, list[str]]] = {}
    for number, each in enumerate(found):
        key = each.what if each.state == "not checked" else number
        groups.setdefault(key, (each, []))[1].append(each.name)
    return list(groups.values())


def _show(found: list[Check], *, every: bool) -> None:
    for each, names in _grouped(each for each in found if every or each.state != "ok"):
        click.echo(f"{_MARKS[each.state]:>7}  {', '.join(names)}: {each.what}")
        if each.remedy:
            click.echo(f"{'':>7}    {each.remedy}")
    counts = {state: sum(each.state == state for each in found) for state in _MARKS}
    told = ", ".join(f"{count} {state}" for state, count in counts.items())
    click.echo(f"{told}" + ("" if every else "; --all shows what is well"))
