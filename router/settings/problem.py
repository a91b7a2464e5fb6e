"""A mistake in the settings, as a value."""

from __future__ import annotations

import difflib
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class SettingProblem:
    """A mistake in the settings: where it stands, what is wrong, and what to write instead if known."""

    place: str
    message: str
    fix: str | None = None

    def __str__(self) -> str:
        return f"{self.place}: {self.message}" + (f"\n  fix: {self.fix}" if self.fix else "")


def did_you_mean(name: str, known: list[str]) -> str | None:
    """A fix for a name that nobody knows: the same one in another section, else the one most like it."""
    last = name.rpartition(".")[2]
    elsewhere = [each for each in known if each.rpartition(".")[2] == last]
    near = difflib.get_close_matches(name, known, n=1, cutoff=0.6)
    return f"did you mean {(elsewhere or near)[0]}?" if elsewhere or near else None
