"""`tagwright try`: expressions on a sample event, line by line."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import BinaryIO

import click

from router.assets import asset
from router.cli.decoding import config_option, decoding_settings, format_option
from router.cli.files import RULE_FILE, checked
from router.cli.reporting import wants_colour
from router.inputs import RawRequest, decode
from router.lang.outcome import Arrival
from router.prompt.session import Session
from router.settings import Settings

SAMPLE = "fixtures/purchase.json"


@click.command("try")
@click.option(
    "--rules", "files", multiple=True, type=RULE_FILE, help="Rule files, as for `run`; else standard.rules."
)
@click.option("--event", "event", type=click.File("rb"), help="The sample event; else a purchase.")
@format_option(text="The event's format, by default standard.")
@config_option
@click.pass_context
def try_(
    context: click.Context, files: tuple[Path, ...], event: BinaryIO | None, form: str, config: Path | None
) -> None:
    """Try expressions of the rule language on a sample event.

    Each line is an expression, whose value and type are shown, or why it is missing; or a command such as
    `.set event.value = 12`, `.explain` and `.help`. Without a terminal lines come from standard input.

    Exit status: 0 left, 1 the rules have errors or, without a terminal, a line was wrong, 2 a file could not
    be read.
    """
    program = checked(context, files or (asset("rules") / "standard.rules",))
    arrival = _arrival(event, form, decoding_settings(config))
    session = Session(program, arrival.event, arrival.now, wants_colour(), dict(arrival.cookies))
    if sys.stdin.isatty():
        click.echo(".help shows what there is, .quit leaves")
        _run(session, _typed(session))
    elif _run(session, (line.rstrip("\n") for line in sys.stdin)):
        context.exit(1)


def _typed(session: Session) -> Iterator[str]:
    from router.prompt.terminal import lines  # only a terminal needs the editing library

    return lines(session)


def _run(session: Session, lines: Iterable[str]) -> bool:
    """Answer every line; was one of them wrong?"""
    wrong = False
    for line in lines:
        reply = session.line(line)
        wrong = wrong or reply.mistake
        if reply.text:
            click.echo(reply.text)
        if reply.leave:
            break
    return wrong


def _arrival(event: BinaryIO | None, form: str, settings: Settings) -> Arrival:
    """The first event of the file."""
    body = event.read() if event else (asset("rules") / SAMPLE).read_bytes()
    request = RawRequest(body=body, received_at=time.time())
    decoded = decode(form if event else "standard", request, settings)
    if decoded.problem is not None:
        raise click.ClickException(f"the event cannot be read: {decoded.problem.reason}")
    if not decoded.arrivals:
        reasons = "; ".join(each.reason for each in decoded.rejections) or "the file holds none"
        raise click.ClickException(f"there is no event to try: {reasons}")
    return decoded.arrivals[0]
