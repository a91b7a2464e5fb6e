"""Lines of rule files in few letters."""

from __future__ import annotations

from pathlib import PurePath

from router.lang.outcome import Place


def place(at: Place) -> str:
    """`shop.rules:12`, whatever folder the file is in."""
    return f"{PurePath(at.file).name}:{at.line}"
