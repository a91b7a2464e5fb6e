"""What the judge says about one place of a request body."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, TypeAlias

Severity = Literal["error", "warning"]

_PLAIN_KEY = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_SHOWN = 60


@dataclass(frozen=True, slots=True)
class Finding:
    """A rule that a body breaks: an error is what TikTok refuses, a warning what it ignores or miscounts.

    `path` is like `data[3].user.email`, empty for the body itself. Neither `message` nor `fix` quotes a value
    that can be personal data.
    """

    severity: Severity
    path: str
    code: str
    message: str
    fix: str = ""

    def __str__(self) -> str:
        return f"{self.path}: {self.message}" if self.path else self.message


Findings: TypeAlias = Iterator[Finding]


def error(path: str, code: str, message: str, fix: str = "") -> Finding:
    """What TikTok refuses."""
    return Finding("error", path, code, message, fix)


def warning(path: str, code: str, message: str, fix: str = "") -> Finding:
    """What TikTok takes, though hardly as it was meant."""
    return Finding("warning", path, code, message, fix)


def below(path: str, key: str) -> str:
    """The path of a key of an object."""
    if not _PLAIN_KEY.fullmatch(key) or len(key) > _SHOWN:
        return f"{path}[{quoted(key)}]"
    return f"{path}.{key}" if path else key


def quoted(text: str) -> str:
    """A text short and printable enough for a message."""
    shown = text if len(text) <= _SHOWN else text[:_SHOWN] + "…"
    return '"' + "".join(char if char.isprintable() and char != '"' else "?" for char in shown) + '"'
