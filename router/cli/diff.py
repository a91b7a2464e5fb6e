"""`tagwright diff`: what changes for recorded events when rules change."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path
from typing import BinaryIO

import click

from router.cli.decoding import config_option, decoding_settings, format_option
from router.cli.files import RULE_FILE, checked
from router.cli.recordings import Reading, arrival_time
from router.compare import Compared, Summary, compare, settings_changed
from router.compare.report import event_lines, summary_lines


@click.command()
@click.argument("old", type=RULE_FILE)
@click.argument("new", type=RULE_FILE)
@click.option("--events", required=True, type=click.File("rb"), help="Recorded events, or - for input.")
@format_option()
@config_option
@click.option("--now", metavar="TIME", help="When the events arrive: ISO 8601 or epoch seconds.")
@click.option("--examples", type=click.IntRange(0, 100), default=3, help="Examples of each change.")
@click.option("--each", "every", is_flag=True, help="Show every event that changed, then the summary.")
@click.option("--json", "as_json", is_flag=True, help="A line for each changed event, then the summary.")
@click.pass_context
def diff(
    context: click.Context, old: Path, new: Path, events: BinaryIO, form: str, config: Path | None,
    now: str | None, examples: int, every: bool, as_json: bool,
) -> None:  # fmt: skip
    """Compare what two rule files make of recorded events.

    Each event of the file (an object, an array, or a line each) goes through OLD and NEW, each with the files
    that it uses: TikTok events gained, lost and renamed, other reasons for not sending, values of payloads,
    and ids, whose change breaks deduplication. Values that payloads carry hashed are shown hashed, other
    personal values are cut short. Every destination counts as active, and nothing is sent.

    For a version of a file that git knows: git show REV:shop.rules > old.rules

    Exit status: 0 no difference, 1 differences, 2 could not run.
    """
    programs = checked(context, [old], otherwise=2), checked(context, [new], otherwise=2)
    reading = Reading(events, form, arrival_time(now), decoding_settings(config))
    summary = Summary(most_examples=examples)
    for each in reading.events():
        if each.arrival is not None:
            compared = compare(*programs, each.arrival)
            summary.add(each.number, compared)
            _show(each.number, compared, every, as_json)
    summary.unreadable = reading.unreadable
    reading.report()
    if not summary.events:
        raise click.UsageError("there is nothing to compare: no event could be read")
    settings = settings_changed(*programs)
    if as_json:
        click.echo(
            _line({"summary": summary.as_json() | {"destinations": [asdict(one) for one in settings]}})
        )
    else:
        click.echo("\n".join(summary_lines(summary, settings)))
    context.exit(1 if summary.changed or settings else 0)


def _show(number: int, compared: Compared, every: bool, as_json: bool) -> None:
    if not compared.changes:
        return
    if as_json:
        changes = [change.as_json() for change in compared.changes]
        click.echo(_line({"event": number, "event_name": compared.event_name, "changes": changes}))
    elif every:
        click.echo("\n".join(_spaced(event_lines(number, compared))))


def _spaced(lines: Iterable[str]) -> list[str]:
    return [*lines, ""]


def _line(shape: dict[str, object]) -> str:
    return json.dumps(shape, ensure_ascii=True)
