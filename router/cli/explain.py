"""`tagwright explain`: what becomes of one event, and why."""

from __future__ import annotations

import json
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any, BinaryIO

import click

from router import explain as explaining
from router.cli.decoding import config_option, decoding_settings, format_option
from router.cli.files import RULE_FILE, checked
from router.inputs import Decoded, RawRequest, decode
from router.lang.instants import to_epoch_seconds
from router.lang.outcome import Arrival
from router.lang.program import Program
from router.settings import Settings
from router.visitors import recall_kept


@click.command()
@click.option(
    "--rules", "files", multiple=True, required=True, type=RULE_FILE, help="Rule files, as for `run`."
)
@click.option(
    "--event", "event", required=True, type=click.File("rb"), help="The event, or - for standard input."
)
@format_option(text="The event's format, by default standard.")
@config_option
@click.option("--cookie", "cookies", multiple=True, metavar="NAME=VALUE", help="A cookie of the request.")
@click.option("--header", "headers", multiple=True, metavar="NAME=VALUE", help="A header of the request.")
@click.option("--now", metavar="TIME", help="When the event arrives: ISO 8601 or epoch seconds.")
@click.option("--json", "as_json", is_flag=True, help="Print an array with an element for each outcome.")
@click.pass_context
def explain(
    context: click.Context, files: tuple[Path, ...], event: BinaryIO, form: str, config: Path | None,
    cookies: tuple[str, ...], headers: tuple[str, ...], now: str | None, as_json: bool,
) -> None:  # fmt: skip
    """Show what becomes of an event, and why.

    Every destination's outcome; every field with its value, the line that set it, which alternative of a
    fallback gave it and why the ones before gave nothing. Every destination counts as active, and nothing is
    sent. An event file may hold one object, an array, or a line for each event. Where the settings have
    visitors remembered, what the data directory knows of the event's visitor is used.

    Exit status: 0 explained, 1 the rules have errors or an event was rejected, 2 a file could not be read.
    """
    program, settings = checked(context, files), decoding_settings(config)
    request = RawRequest(
        body=event.read(),
        received_at=_time(now),
        headers={**_headers(headers), **_content_type(event)},
        cookies=_pairs(cookies, "--cookie"),
    )
    decoded = decode(form, request, settings)
    if decoded.problem is not None:
        raise click.ClickException(f"the event cannot be read: {decoded.problem.reason}")
    if not (as_json or decoded.arrivals or decoded.rejections):
        raise click.ClickException("there is no event in it")
    arrivals = [_reminded(arrival, settings, program) for arrival in decoded.arrivals]
    explanations = [explaining.explain(program, arrival) for arrival in arrivals]
    if as_json:
        found = [each.as_json() for explanation in explanations for each in explanation.outcomes]
        click.echo(_dumps(found))
    elif explanations:
        click.echo("\n\n".join(explaining.as_text(each) for each in explanations))
    _rejected(context, decoded)


def _reminded(arrival: Arrival, settings: Settings, program: Program) -> Arrival:
    """With what the data directory remembers of the visitor, as a daemon would give it to the rules."""
    country = program.settings.get("phone_country")
    return recall_kept(settings.data, settings.visitors, arrival, country).given_to(arrival)


def _rejected(context: click.Context, decoded: Decoded) -> None:
    for each in decoded.rejections:
        click.echo(f"event {each.index} is rejected: {each.reason} ({each.code})", err=True)
    if decoded.rejections:
        context.exit(1)


def _time(text: str | None) -> float:
    if text is None:
        return time.time()
    seconds = to_epoch_seconds(text)
    if seconds is None:
        raise click.BadParameter('write for example "2026-01-01T10:00:00Z"', param_hint="--now")
    return float(seconds)


def _headers(texts: Iterable[str]) -> dict[str, str]:
    return {name.lower(): value for name, value in _pairs(texts, "--header").items()}


def _pairs(texts: Iterable[str], option: str) -> dict[str, str]:
    pairs: dict[str, str] = {}
    for text in texts:
        name, sign, value = text.partition("=")
        if not (name and sign):
            raise click.BadParameter("write NAME=VALUE", param_hint=option)
        pairs[name] = value
    return pairs


def _content_type(file: BinaryIO) -> dict[str, str]:
    lines = str(getattr(file, "name", "")).endswith((".ndjson", ".jsonl"))
    return {"content-type": "application/x-ndjson"} if lines else {}


def _dumps(value: Any) -> str:
    return json.dumps(value, indent=2, ensure_ascii=True)
