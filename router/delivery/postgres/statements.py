"""The SQL of the spool, read from its own files, with the name of the schema in it."""

from __future__ import annotations

import re
from functools import cache
from importlib.resources import files
from typing import Final

_NAME: Final = re.compile(r"^-- name: (\w+)$", re.MULTILINE)
_COMMENT: Final = re.compile(r"^\s*--.*\n?|\s+-- .*$", re.MULTILINE)
# The driver remembers how it understood a statement, but for long ones.
_SPACE: Final = re.compile(r"\s+")
_FILES: Final = ("queries.sql", "archive.sql", "nodes.sql")


@cache
def statements(schema: str) -> dict[str, bytes]:
    """Every statement by its name. Tables are named with their schema: a pooler keeps no search path."""
    found: dict[str, bytes] = {}
    for name in _FILES:
        _, *parts = _NAME.split(_text(name, schema))
        for title, body in zip(parts[::2], parts[1::2], strict=True):
            found[title] = _SPACE.sub(" ", _COMMENT.sub("", body)).strip().encode()
    return found


def creation(schema: str) -> list[bytes]:
    """The statements that make a schema a spool."""
    return _each("schema.sql", schema)


def migration(version: int, schema: str) -> list[bytes]:
    """The statements that bring a spool of `version` to the next."""
    return _each(f"from_{version}.sql", schema)


def _each(name: str, schema: str) -> list[bytes]:
    text = _COMMENT.sub("", _text(name, schema))
    return [each.strip().encode() for each in text.split(";") if each.strip()]


def _text(name: str, schema: str) -> str:
    return files(__package__).joinpath("sql", name).read_text(encoding="utf-8").replace("{s}", schema)
