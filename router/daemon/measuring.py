"""Gauges as they are at the moment when somebody reads the metrics."""

from __future__ import annotations

from collections.abc import Iterable

from router.daemon.backlog import Backlog
from router.delivery.worker import DestinationStatus
from router.web.metrics import Metrics


def measure(
    metrics: Metrics, backlog: Backlog, destinations: Iterable[DestinationStatus], requests_per_second: float
) -> None:
    """Bring up to date what is not counted event by event."""
    metrics.destinations({each.destination: (each.state, each.pending) for each in destinations})
    metrics.oldest(backlog.oldest_seconds)
    metrics.rate(requests_per_second)
    metrics.waiting(backlog.rows, backlog.rows_limit, backlog.payload_bytes, backlog.payload_bytes_limit)
    metrics.dead_letters(backlog.dead_letters, backlog.dead_letters_bytes, backlog.dead_letters_bytes_limit)
    metrics.disk(backlog.disk_free_bytes, backlog.disk_low_bytes)
