"""What is counted of remembered visitors: how often they helped, never who."""

from __future__ import annotations

from collections.abc import Iterable

from prometheus_client import CollectorRegistry, Counter, Gauge


class VisitorMetrics:
    """On the registry of the daemon's other metrics."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._recalled = Counter(
            "tagwright_visitors_recalled", "events whose visitor was known, by what was remembered",
            ("value",), registry=registry,
        )  # fmt: skip
        self._failed = Counter(
            "tagwright_visitors_failed",
            "requests without a look at the remembered visitors",
            registry=registry,
        )
        self._kept = Gauge("tagwright_visitors_keys", "keys of remembered visitors", registry=registry)

    def recalled(self, values: Iterable[str]) -> None:
        """These values of an event's visitor were known before it came."""
        for each in values:
            self._recalled.labels(each).inc()

    def failed(self) -> None:
        """The events of a request went on without what is remembered."""
        self._failed.inc()

    def kept(self, keys: int) -> None:
        """So many keys are kept."""
        self._kept.set(keys)
