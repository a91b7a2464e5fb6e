"""Inspecting rules from a text, as an author's file in a folder of its own."""

from __future__ import annotations

import shutil
from pathlib import Path

from router.assets import asset
from router.explanations import PAGES, PRELUDE
from router.lang.diagnostics import Diagnostic
from router.linting import Depth, inspect_rules


def inspected(text: str, folder: Path, depth: Depth = "all") -> tuple[Diagnostic, ...]:
    """The problems of a text; one that does not begin with its edition builds on the pages' prelude."""
    shutil.copy(asset(f"{PAGES}/prelude.rules"), folder)
    path = folder / "example.rules"
    path.write_text(text if text.startswith("language") else PRELUDE + text, encoding="utf-8")
    return inspect_rules([path], depth).problems


def codes(text: str, folder: Path, depth: Depth = "all") -> list[str]:
    """Their codes, in the order of the places."""
    return [each.code for each in inspected(text, folder, depth)]
