"""The values that labels may take: few, however many come; and counters of many events at once."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Collection, Iterable
from typing import Any, Final, Generic, TypeVar

from prometheus_client import Counter, Histogram, Metric
from prometheus_client.metrics import MetricWrapperBase

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


M = TypeVar("M", bound=MetricWrapperBase)


class Children(dict[Any, M], Generic[M]):
    """The children of label values, found faster than `labels` finds them: every request needs some."""

    def __init__(self, make: Callable[[Any], M]) -> None:
        super().__init__()
        self._make = make

    def __missing__(self, value: Any) -> M:
        self[value] = self._make(value)
        return self[value]


class Tallied(Counter):
    """A counter whose increments cost next to nothing: they are gathered until somebody looks."""

    def __init__(self, *args: Any, **named: Any) -> None:
        self._noted: dict[tuple[str, ...], int] = {}
        super().__init__(*args, **named)

    def note(self, *values: str, count: int = 1) -> None:
        """As `labels(…).inc(count)`. In the event loop only."""
        self._noted[values] = self._noted.get(values, 0) + count

    def collect(self) -> Iterable[Metric]:
        noted, self._noted = self._noted, {}
        for values, count in noted.items():
            for labels in self._counted(values):
                self.labels(*labels).inc(count)
        return super().collect()

    def _counted(self, values: tuple[str, ...]) -> Iterable[tuple[str, ...]]:
        """The labels that a note stands for."""
        return (values,)


class Listed(Tallied):
    """Of two labels, where the second has several values in one note: `note(first, *second, count=…)`."""

    def _counted(self, values: tuple[str, ...]) -> Iterable[tuple[str, ...]]:
        first, *second = values
        return ((first, each) for each in second)


class Distribution(Histogram):
    """A histogram that takes many observations at once; one by one they cost more than to send the event."""

    def observe_all(self, values: Collection[float]) -> None:
        """As `observe` of each."""
        found: dict[int, int] = {}
        for value in values:
            bucket = bisect_left(self._upper_bounds, value)
            found[bucket] = found.get(bucket, 0) + 1
        for bucket, count in found.items():
            self._buckets[bucket].inc(count)
        self._sum.inc(sum(values))
