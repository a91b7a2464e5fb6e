"""Writes docs/reference anew: `python tests/docs/rewrite_reference.py`."""

from __future__ import annotations

import sys
from importlib import import_module
from pathlib import Path

from router.cli import main
from router.reference import pages

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "docs" / "reference"


def all_pages() -> dict[str, str]:
    """Every page of the folder by its file name: what the program renders, and what the tests know."""
    sys.path.insert(0, str(ROOT))
    coverage: str = import_module("tests.mission.traceability").page()
    return {**pages(main), "coverage.md": coverage}


def rewrite() -> None:
    """Every page, and no page besides."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    fresh = all_pages()
    for old in FOLDER.glob("*.md"):
        if old.name not in fresh:
            old.unlink()
    for name, text in fresh.items():
        (FOLDER / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    rewrite()
