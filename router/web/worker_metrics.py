"""What is seen of the processes that take events."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge


class WorkerMetrics:
    """On the registry of the daemon's other metrics."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._running = Gauge(
            "tagwright_workers", "worker processes that take events; 0 in a daemon without workers",
            registry=registry,
        )  # fmt: skip
        self._restarts = Counter(
            "tagwright_worker_restarts", "workers that died and were started again", registry=registry
        )

    def running(self, count: int) -> None:
        """So many take events now."""
        self._running.set(count)

    def restarted(self) -> None:
        """One died."""
        self._restarts.inc()
