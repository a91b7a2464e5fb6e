"""What delivery reports: as metrics, in the log, and as figures for `/status`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, replace
from typing import Final

import structlog

from router.delivery.entry import Entry
from router.web.metrics import Metrics

_LOG = structlog.get_logger()
_TOLD_SECONDS: Final = 60.0


@dataclass(frozen=True, slots=True)
class Trouble:
    """An open destination that takes nothing: why the latest attempt failed, since when (epoch seconds)."""

    reason: str
    since: float
    attempts: int = 1
    told: bool = False


class MeteredDelivery:
    """An `Observer` that counts, and that tells the log what metrics cannot tell: that something began.

    What happens to many events is told once a minute.
    """

    def __init__(self, metrics: Metrics, now: Callable[[], float]) -> None:
        self._metrics = metrics
        self._now = now
        self._told: dict[Hashable, float] = {}
        self.sent_by_event: Counter[tuple[str, str]] = Counter()
        self.dead: Counter[tuple[str, str]] = Counter()
        """Dead letters since the start by destination and reason, the latter with TikTok's code if any."""
        self.troubles: dict[str, Trouble] = {}
        """Destinations whose attempts fail, until one of their events gets through."""

    def posted(self, destination: str, size: int, seconds: float, answer: str) -> None:
        self._metrics.batch(destination, size, seconds)
        self._metrics.attempted(destination, answer)

    def adapted(self, destination: str, limit: int) -> None:
        self._metrics.concurrency(destination, limit)

    def sent(self, destination: str, entries: Sequence[Entry]) -> None:
        now = self._now()
        for event, count in Counter(entry.event for entry in entries).items():
            self.sent_by_event[destination, event] += count
            self._metrics.sent(destination, event, count)
        self._metrics.delivered_after(destination, [now - entry.accepted_at for entry in entries])
        if self.troubles:
            self._recovered(destination)

    def retried(self, entry: Entry, why: str, request_id: str = "") -> None:
        name = entry.destination
        self._metrics.retried(name, why)
        before = self.troubles.get(name) or Trouble(why, self._now(), 0)
        trouble = replace(before, reason=why, attempts=before.attempts + 1)
        if self._is_time("failing", name):
            trouble = replace(trouble, told=True)
            _LOG.warning(
                "destination_failing",
                destination=name, reason=why, attempts=trouble.attempts, seconds=self._seconds(trouble),
                **_names(entry, request_id),
            )  # fmt: skip
        self.troubles[name] = trouble

    def died(self, entry: Entry, reason: str, code: str, request_id: str = "") -> None:
        name, why = entry.destination, f"{reason} {code}".strip()
        self.dead[name, why] += 1
        self._metrics.dead(name, reason, code)
        if self._is_time("dead", name, why):
            _LOG.warning(
                "dead_letter",
                destination=name, reason=reason, code=code, name=entry.event, so_far=self.dead[name, why],
                **_names(entry, request_id),
            )  # fmt: skip

    def evicted(self, count: int) -> None:
        self._metrics.evicted(count)

    def changed(self, destination: str, state: str, reason: str, code: str) -> None:
        self._metrics.changed(destination, state, reason, code)
        if state in ("held", "throttled"):
            self.troubles.pop(destination, None)

    def _recovered(self, destination: str) -> None:
        trouble = self.troubles.pop(destination, None)
        if trouble is not None and trouble.told:
            _LOG.info(
                "destination_recovered",
                destination=destination, attempts=trouble.attempts, seconds=self._seconds(trouble),
            )  # fmt: skip

    def _is_time(self, *key: Hashable) -> bool:
        now = self._now()
        if now - self._told.get(key, -_TOLD_SECONDS) < _TOLD_SECONDS:
            return False
        self._told[key] = now
        return True

    def _seconds(self, trouble: Trouble) -> int:
        return round(self._now() - trouble.since)


def _names(entry: Entry, request_id: str) -> dict[str, str]:
    """What leads from a line of the log to TikTok's side and to the request that brought the event."""
    named = {"request_id": request_id, "request": entry.correlation}
    return {name: value for name, value in named.items() if value}
