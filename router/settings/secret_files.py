"""A file that holds a secret: what it says, who else can read it, and whether it is still the same."""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from shlex import quote
from typing import Final

_OTHERS: Final = stat.S_IRWXO
_UNREADABLE: Final = "unreadable"
_IRREGULAR: Final = "irregular"
EXPOSED: Final = "can be read or written by every user of this machine"


def closing(path: str) -> str:
    """What to do about a file that is exposed."""
    return f'chmod o-rwx {quote(path)}, or secret_files = "any" where no other users are'


@dataclass(frozen=True, slots=True)
class SecretFile:
    """`value` is the stripped content, None without one; `exposed`: every user can read or write the file.

    `mark` is the same for the same content and openness. A pipe can be read only once; its mark is constant.
    """

    value: str | None = field(repr=False)
    exposed: bool = False
    mark: str = _UNREADABLE


def read_secret_file(path: str) -> SecretFile:
    """Anything that stands at the path. Content and mode are of one file, whatever is renamed."""
    try:
        with Path(path).open("rb") as file:
            status = os.fstat(file.fileno())
            raw = file.read()
            value = raw.decode("utf-8").strip()
    except (OSError, ValueError):
        return SecretFile(None)
    if not stat.S_ISREG(status.st_mode):
        return SecretFile(value or None, mark=_IRREGULAR)
    exposed = bool(status.st_mode & _OTHERS)
    return SecretFile(value or None, exposed, f"{sha256(raw).hexdigest()} {exposed}")


def secret_mark(path: str) -> str:
    """The mark that reading the file would give now. Never waits for a pipe, and takes nothing out of one."""
    try:
        regular = stat.S_ISREG(Path(path).stat().st_mode)
    except (OSError, ValueError):
        return _UNREADABLE
    return read_secret_file(path).mark if regular else _IRREGULAR
