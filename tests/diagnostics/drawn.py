"""Loading rule files as an author does: from their own folder, messages drawn as text."""

from pathlib import Path

import pytest

from router.lang.diagnostics import Diagnostic
from router.lang.draw import draw
from router.rulebook import load


def messages(path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[str, tuple[Diagnostic, ...]]:
    """All messages for a file, separated by empty lines, and the problems themselves."""
    monkeypatch.chdir(path.parent)
    problems = load([path.name]).problems
    return "\n\n".join(draw(each) for each in problems) + "\n", problems
