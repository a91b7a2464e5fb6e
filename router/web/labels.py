"""The values that labels may take: few, however many come; and counters found fast by their label."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from prometheus_client import Counter

MOST_VALUES: Final = 500
OTHER: Final = "other"


class Bounded:
    """The values of one label: after so many, each new one is `other`."""

    def __init__(self) -> None:
        self._seen: set[str] = set()

    def __call__(self, value: str | None) -> str:
        if not value:
            return "-"
        if value not in self._seen:
            if len(self._seen) >= MOST_VALUES:
                return OTHER
            self._seen.add(value)
        return value


class Children(dict[Any, Counter]):
    """The counters of one label's values, found faster than `labels` finds them: every request needs two."""

    def __init__(self, make: Callable[[Any], Counter]) -> None:
        super().__init__()
        self._make = make

    def __missing__(self, value: Any) -> Counter:
        self[value] = self._make(value)
        return self[value]
