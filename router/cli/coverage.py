"""`tagwright coverage`: how many events carry what TikTok matches people by."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

import click
from rich.console import Console
from rich.table import Column, Table

from router.account.matching import KEYS, NotMeasured, Report, Row, of_metrics, of_recorded
from router.account.matching.drawing import NO_SCORE, picture_of, shown_share
from router.account.matching.plotting import KINDS, PlotFailed, write_plot
from router.cli.decoding import decoding_settings, format_option
from router.cli.ending import could_not
from router.cli.files import RULE_FILE, checked
from router.cli.recordings import Reading, arrival_time
from router.cli.status import admin_address
from router.lang.outcome import Arrival

_MOST_REASONS = 3


@click.command()
@click.argument("sources", nargs=-1, type=click.File("rb"), metavar="[SOURCE]...")
@click.option(
    "--rules", "files", multiple=True, type=RULE_FILE, help="Rule files, as for `run`; needed with SOURCE."
)
@format_option()
@click.option("--now", metavar="TIME", help="When the events arrive: ISO 8601 or epoch seconds.")
@click.option("--admin", metavar="HOST:PORT", help="The daemon's admin address. Default 127.0.0.1:9090.")
@click.option(
    "--config", type=click.Path(dir_okay=False, path_type=Path), help="Settings; default ./tagwright.toml."
)
@click.option(
    "--plot",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Draw it: FILE.svg, or FILE.png (an extra).",
)
@click.option("--json", "as_json", is_flag=True, help="Print counts, shares and reasons as JSON.")
@click.pass_context
def coverage(
    context: click.Context, sources: tuple[BinaryIO, ...], files: tuple[Path, ...], form: str,
    now: str | None, admin: str | None, config: Path | None, plot: Path | None, as_json: bool,
) -> None:  # fmt: skip
    """Show how many events carry what TikTok matches people by: click id, cookie, e-mail, phone, id, address.

    With SOURCE, recorded events (an object, an array, or a line each; - is standard input) go through the
    rules as in `explain`, with every destination active: by event and event source, and why a key is missing.
    Without, a running daemon tells what it has sent since its start, by event source.

    These are shares of events. TikTok's Event Match Quality is another figure, which only TikTok knows.

    Exit status: 0 shown, 2 could not run.
    """
    _refuse_early(sources, files, plot)
    report = _recorded(context, sources, files, form, now, config) if sources else _measured(admin, config)
    if plot:
        try:
            write_plot(picture_of(report), plot)
        except PlotFailed as problem:
            could_not(str(problem))
    if as_json:
        click.echo(json.dumps(report.as_json(), indent=2))
    else:
        _show(report, Console(soft_wrap=True))


def _refuse_early(sources: tuple[BinaryIO, ...], files: tuple[Path, ...], plot: Path | None) -> None:
    if sources and not files:
        raise click.UsageError("recorded events need rules: --rules FILE, for example --rules standard.rules")
    if files and not sources:
        raise click.UsageError("--rules is for recorded events: name a file of them")
    if plot and plot.suffix.lower() not in KINDS:
        raise click.BadParameter("write FILE.svg or FILE.png", param_hint="--plot")


def _recorded(
    context: click.Context, sources: tuple[BinaryIO, ...], files: tuple[Path, ...], form: str,
    now: str | None, config: Path | None,
) -> Report:  # fmt: skip
    program = checked(context, files, otherwise=2)
    settings = decoding_settings(config)
    readings = [Reading(each, form, arrival_time(now), settings) for each in sources]
    report = of_recorded(program, _arrivals(readings))
    for each in readings:
        each.report()
    if not report.rows and not report.not_sent:
        could_not("no event could be read")
    return report


def _arrivals(readings: list[Reading]) -> Iterator[Arrival]:
    for reading in readings:
        yield from (each.arrival for each in reading.events() if each.arrival is not None)


def _measured(admin: str | None, config: Path | None) -> Report:
    address = admin_address(admin, config)
    found = of_metrics(address)
    if isinstance(found, NotMeasured):
        could_not(
            f"no daemon answers on {address} ({found.why})",
            "name its admin address with --admin, or recorded events: tagwright coverage --rules FILE EVENTS",
        )
    return found


def _show(report: Report, console: Console) -> None:
    if report.rows:
        console.print(_shares(report.rows))
    else:
        console.print("no event was sent")
    for row in report.rows:
        _show_missing(row, console)
    for (path, reason), count in report.left_out.most_common(10):
        console.print(f"left out {count} times: {path}: {reason}", markup=False)
    if report.not_sent:
        reasons = ", ".join(f"{reason} {count}" for reason, count in report.not_sent.most_common(10))
        console.print(f"not sent: {reasons}", markup=False)
    if any(row.at_most for row in report.rows):
        console.print("≤: a daemon counts IP address and user agent apart; no more events had both.")
    console.print(NO_SCORE)


def _shares(rows: list[Row]) -> Table:
    heads = (Column(name, no_wrap=True) for name in ("event", "source", "sent"))
    table = Table(*heads, *(key.label for key in KEYS), title="share of events with", title_justify="left")
    for row in rows:
        shares = [shown_share(row.share(key), at_most=key.name in row.at_most) for key in KEYS]
        table.add_row(row.event or "(all)", row.source, str(row.events), *shares)
    return table


def _show_missing(row: Row, console: Console) -> None:
    for key in KEYS:
        reasons = row.missing.get(key.name)
        if reasons:
            named = ", ".join(f"{reason} {count}" for reason, count in reasons.most_common(_MOST_REASONS))
            console.print(f"{row.event} {row.source}, without {key.label}: {named}", markup=False)
