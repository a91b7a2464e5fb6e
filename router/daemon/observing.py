"""What delivery reports, as metrics and as figures for `/status`."""

from __future__ import annotations

from collections import Counter

from router.delivery.entry import Entry
from router.web.metrics import Metrics


class MeteredDelivery:
    """An `Observer` that counts."""

    def __init__(self, metrics: Metrics) -> None:
        self._metrics = metrics
        self.sent_by_event: Counter[tuple[str, str]] = Counter()
        self.retries: Counter[str] = Counter()

    def posted(self, destination: str, size: int, seconds: float) -> None:
        self._metrics.batch(destination, size, seconds)

    def sent(self, entry: Entry) -> None:
        self.sent_by_event[entry.destination, entry.event] += 1
        self._metrics.sent(entry.destination, entry.event)

    def retried(self, entry: Entry, why: str) -> None:
        self.retries[entry.destination] += 1
        self._metrics.retried(entry.destination, why)

    def died(self, entry: Entry, reason: str, code: str) -> None:
        self._metrics.dead(entry.destination, reason)

    def changed(self, destination: str, state: str, reason: str) -> None:
        self._metrics.held(destination, is_held=state == "held")
