"""The SQL of the spool, read from its own files."""

from __future__ import annotations

import re
from functools import cache
from importlib.resources import files

_NAME = re.compile(r"^-- name: (\w+)$", re.MULTILINE)
_VALUES = re.compile(r"VALUES (\([?, ]+\))")


def schema() -> str:
    """The statements that make an empty database a spool."""
    return _text("schema.sql")


def migration(version: int) -> str:
    """The statements that bring a spool of `version` to the next."""
    return _text(f"from_{version}.sql")


@cache
def queries() -> dict[str, str]:
    """Every statement of `queries.sql` by its name."""
    _, *parts = _NAME.split(_text("queries.sql"))
    return dict(zip(parts[::2], (body.strip() for body in parts[1::2]), strict=True))


@cache
def repeated(name: str, rows: int) -> str:
    """A statement that inserts one row, for so many rows."""
    return _VALUES.sub(lambda found: f"VALUES {', '.join([found[1]] * rows)}", queries()[name])


def _text(name: str) -> str:
    return files(__package__).joinpath("sql", name).read_text(encoding="utf-8")
