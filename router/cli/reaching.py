"""How commands get at the spool of a data directory, whether a daemon runs on it or not."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn, TypeVar

import click

from router.cli.files import default_config
from router.daemon.tuning import policy_of
from router.delivery.sealing import Seal, SealProblem, read_seal
from router.delivery.spool import SpoolUnusable
from router.desk import Answer
from router.desk.reach import ask
from router.desk.replaying import Rework
from router.settings import EnvironmentVariables, Settings, load_settings

_Command = TypeVar("_Command", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True)
class Place:
    """Where the data is, and the settings that say how to read it."""

    settings: Settings

    @property
    def data(self) -> Path:
        return self.settings.data

    def ask(self, question: str, rework: Rework | None = None, **asked: Any) -> Answer:
        """The desk's answer; the command ends with status 2 when there is none."""
        try:
            answer = ask(
                self.data, question, asked,
                seal=self._seal(), policy=policy_of(self.settings), rework=rework,
                database=self.settings.spool,
            )  # fmt: skip
        except (SpoolUnusable, SealProblem) as problem:
            could_not(str(problem))
        return could_not(answer["error"]) if "error" in answer else answer

    def _seal(self) -> Seal | None:
        key = self.settings.store.seal_key
        return None if key is None else read_seal(key)


def with_place(command: _Command) -> _Command:
    """The options that say where; the command gets `data` and `config`."""
    for option in (
        click.option(
            "--config",
            type=click.Path(dir_okay=False, path_type=Path),
            help="Settings that name the data directory; default ./tagwright.toml.",
        ),
        click.option("--data", type=click.Path(file_okay=False, path_type=Path), help="The data directory."),
    ):
        command = option(command)
    return command


def place_of(data: Path | None, config: Path | None) -> Place:
    """Mistakes in settings that have nothing to do with the data are the daemon's business."""
    settings, problems = load_settings(
        config or default_config(), EnvironmentVariables(os.environ), data=data
    )
    ours = [
        each
        for each in problems
        if each.place.endswith((".toml", "data", "DATA", "spool", "SPOOL")) or "store." in each.place
    ]
    if ours:
        could_not("\n".join(map(str, ours)))
    return Place(settings)


def show_json(answer: Answer) -> None:
    click.echo(json.dumps(answer, indent=2, ensure_ascii=False))


def could_not(problem: str) -> NoReturn:
    """End the command with status 2."""
    click.echo(f"error: {problem}", err=True)
    raise SystemExit(2)
