"""What a test found: passed, or what differs and where that comes from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from router.lang.outcome import Place
from router.lang.trace import Line


@dataclass(frozen=True, slots=True)
class Difference:
    """A payload field that is not as expected. `line` is the rule's line that ran for it, if any did."""

    path: str
    expected: Any
    got: Any
    line: Line | None


@dataclass(frozen=True, slots=True)
class Failure:
    """One thing that is not as expected, and where the expectation stands; `notes` say what led to it."""

    at: Place
    message: str
    difference: Difference | None = None
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Verdict:
    """A test with what was wrong; nothing means it passed. `seconds` is how long it took."""

    name: str
    at: Place
    failures: tuple[Failure, ...]
    seconds: float = 0.0

    @property
    def passed(self) -> bool:
        return not self.failures
