"""What is seen of a spool that several routers may share: does it answer, who uses it, what changed hands."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge


class SharingMetrics:
    """On the registry of the daemon's other metrics. A spool on disk always answers, and is one router's."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._up = Gauge(
            "tagwright_spool_up",
            "1 while the spool answers, 0 while its database does not",
            registry=registry,
        )
        self._routers = Gauge("tagwright_spool_routers", "routers that use the spool", registry=registry)
        self._taken_over = Counter(
            "tagwright_spool_taken_over",
            "events that this router took over from others that fell silent",
            registry=registry,
        )
        self._late = Counter(
            "tagwright_spool_late",
            "outcomes that came after this router's lease had ended, and were not applied",
            registry=registry,
        )
        self._known = {self._taken_over: 0, self._late: 0}

    def measured(self, *, up: bool, routers: int, taken_over: int, late: int) -> None:
        """As it is now; the last two since the start."""
        self._up.set(up)
        self._routers.set(routers)
        for counter, total in ((self._taken_over, taken_over), (self._late, late)):
            counter.inc(total - self._known[counter])
            self._known[counter] = total
