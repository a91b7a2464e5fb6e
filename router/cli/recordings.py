"""Recorded events as commands read them: format, time, progress, and what could not be read."""

from __future__ import annotations

import os
import stat
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import BinaryIO

import click

from router.lang.instants import to_epoch_seconds
from router.recorded import Recorded, recorded
from router.settings import Settings

_WORTH_A_BAR = 2_000_000
_NAMED = 5


def arrival_time(text: str | None) -> int:
    """Epoch seconds of a `--now`, else of the clock."""
    if text is None:
        return int(time.time())
    seconds = to_epoch_seconds(text)
    if seconds is None:
        raise click.BadParameter('write for example "2026-01-01T10:00:00Z"', param_hint="--now")
    return seconds


@dataclass(slots=True)
class Reading:
    """Goes through a file of events; counts those that cannot be read and names the first few."""

    stream: BinaryIO
    form: str
    now: int
    settings: Settings = field(default_factory=Settings)
    unreadable: int = 0
    _named: list[str] = field(default_factory=list)

    def events(self) -> Iterator[Recorded]:
        """The events that can be read; with a bar on a terminal where the file is large."""
        with click.progressbar(
            length=_size(self.stream), label="events", file=sys.stderr, hidden=not self._shows_bar()
        ) as bar:
            for each in recorded(self.stream, self.form, self.now, self.settings):
                bar.update(each.offset - bar.pos)
                if each.arrival is not None:
                    yield each
                else:
                    self._unreadable(each)

    def report(self) -> None:
        """Say on standard error what was left out."""
        for line in self._named:
            click.echo(line, err=True)
        if self.unreadable > len(self._named):
            click.echo(f"and {self.unreadable - len(self._named)} more that could not be read", err=True)

    def _unreadable(self, each: Recorded) -> None:
        self.unreadable += 1
        if len(self._named) < _NAMED:
            self._named.append(f"event {each.number} is left out: {each.problem}")

    def _shows_bar(self) -> bool:
        return sys.stderr.isatty() and _size(self.stream) > _WORTH_A_BAR


def _size(stream: BinaryIO) -> int:
    """Bytes of a regular file; 0 where nobody knows."""
    try:
        found = os.fstat(stream.fileno())
    except OSError:
        return 0
    return found.st_size if stat.S_ISREG(found.st_mode) else 0
