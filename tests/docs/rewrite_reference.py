"""Writes docs/reference anew: `python tests/docs/rewrite_reference.py`."""

from __future__ import annotations

from pathlib import Path

from router.cli import main
from router.reference import pages

FOLDER = Path(__file__).parents[2] / "docs" / "reference"


def rewrite() -> None:
    """Every page, and no page besides."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    fresh = pages(main)
    for old in FOLDER.glob("*.md"):
        if old.name not in fresh:
            old.unlink()
    for name, text in fresh.items():
        (FOLDER / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    rewrite()
