"""What a suite is: cases, each a story that a trial tells, and how often by default."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from .trial import Report, Trial


@dataclass(frozen=True, slots=True)
class Suite:
    """`run` tells one case. `trials` is how often the command tells each unless it is asked otherwise."""

    name: str
    summary: str
    cases: tuple[str, ...]
    run: Callable[[Trial, str], Report]
    trials: int
    root: bool = False
    """Whether it mounts file systems."""
