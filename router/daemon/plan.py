"""What a daemon was asked to run."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Plan:
    """Rule files that are one rule set, files with tests of them, and the rule set that runs in the shadow.

    `run_tests`: rules come into force only when their own tests pass. `dry_run`: nothing is sent.
    """

    rules: tuple[Path, ...]
    tests: tuple[Path, ...] = ()
    shadow: tuple[Path, ...] = ()
    run_tests: bool = True
    dry_run: bool = False
