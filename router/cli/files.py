"""Rule files as commands take them."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import click

from router.assets import asset
from router.cli.reporting import show
from router.lang.program import Program
from router.rulebook import Rulebook, load


class RuleFile(click.ParamType[Path]):
    """A path, or the name of a shipped rule file such as `standard.rules`."""

    name = "file"

    def convert(self, value: str | Path, param: click.Parameter | None, ctx: click.Context | None) -> Path:
        path = Path(value)
        if path.is_file():
            return path
        shipped = asset("rules") / path
        if len(path.parts) == 1 and shipped.is_file():
            return shipped
        if path.exists():
            return self.fail(f"{value} is not a file", param, ctx)
        known = ", ".join(sorted(each.name for each in asset("rules").glob("*.rules")))
        return self.fail(f"there is no file {value}; shipped with TagWright: {known}", param, ctx)


RULE_FILE = RuleFile()


def default_config() -> Path | None:
    """The settings of this directory, if there are any."""
    path = Path("tagwright.toml")
    return path if path.is_file() else None


class Unusable(click.FileError):
    """A file that cannot be read or written is no finding: exit status 2."""

    exit_code = 2


def read_rules(files: Iterable[Path]) -> Rulebook:
    """The files and what they use as one rule set."""
    try:
        return load(list(files))
    except OSError as error:
        raise Unusable(str(error.filename), error.strerror) from error


def checked(context: click.Context, files: Iterable[Path], *, otherwise: int = 1) -> Program:
    """The program of rule files; when they have errors these are shown, and the command ends."""
    book = read_rules(files)
    if book.program is None:
        show(book.problems)
        context.exit(otherwise)
    return book.program
