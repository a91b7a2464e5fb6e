"""`tagwright schema`: what shape recorded events have."""

from __future__ import annotations

import re
from pathlib import Path
from typing import BinaryIO

import click

from router.assets import asset
from router.cli.decoding import config_option, decoding_settings, format_option
from router.cli.recordings import Reading
from router.learn import Learned, Shape, extension
from router.learn import schema as schema_text
from router.learn.shape import Room
from router.rulebook import load
from router.settings import Settings

_STANDARD = "schemas/standard.rules"
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


@click.group()
def schema() -> None:
    """Work with event schemas."""


@schema.command()
@click.argument("file", type=click.File("rb"))
@format_option(None, "The events' format, by default raw.")
@config_option
@click.option("--name", default="event", help="The schema's name.")
@click.option("--standard", is_flag=True, help="Only what the shipped standard event lacks.")
def learn(file: BinaryIO, form: str | None, config: Path | None, name: str, standard: bool) -> None:
    """Write a `schema event` from recorded events.

    FILE (or - for standard input) holds a line for each event, an array, or one object. Types are the
    narrowest that read every value seen. What looks like personal data, by name or by value, is marked `pii`;
    read the marks before you rely on them. No value of the events is in the output but short codes that few
    values are used of. With --standard the events are read in the standard format.

    Exit status: 0 a schema was written, 2 nothing could be read.
    """
    if not _NAME.fullmatch(name):
        raise click.BadParameter("a name has letters, digits and _", param_hint="--name")
    learned = _learn(file, form or ("standard" if standard else "raw"), decoding_settings(config))
    click.echo(_extension(learned) if standard else schema_text(learned, name), nl=False)


def _learn(file: BinaryIO, form: str, settings: Settings) -> Learned:
    reading = Reading(file, form, 0, settings)
    shape, room, events = Shape(), Room(), 0
    for each in reading.events():
        if each.arrival is not None:
            shape.see(each.arrival.event, room)
            events += 1
    reading.report()
    if not events:
        raise click.UsageError("there is nothing to learn from: no event could be read")
    return Learned(shape, events, reading.unreadable)


def _extension(learned: Learned) -> str:
    program = load([asset("rules") / _STANDARD]).program
    if program is None:
        raise RuntimeError(f"the shipped {_STANDARD} does not check")
    return extension(learned, program.schema, _STANDARD)
