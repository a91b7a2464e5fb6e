"""From arrivals to entries on disk."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from typing import assert_never

import structlog

from router.daemon.deployment import Deployment
from router.delivery.entry import Entry, dedup_key
from router.delivery.spool import Spool, SpoolBroken, SpoolFull
from router.lang.outcome import Arrival, Drop, Result, Send, Skip, Unhandled
from router.lang.route import route
from router.settings import Delivery
from router.tiktok.payload import Finished, finish
from router.web.intake import Busy, Receipt
from router.web.metrics import Metrics

_LOG = structlog.get_logger()
_HOUR = 3600
INTERNAL_ERROR = "internal_error"


class RuleAcceptor:
    """Routes events by the rules in force and stores what is to be sent."""

    def __init__(
        self,
        deployment: Callable[[], Deployment],
        spool: Spool,
        metrics: Metrics,
        settings: Delivery,
        clock: Callable[[], float],
    ) -> None:
        self._deployment = deployment
        self._spool = spool
        self._metrics = metrics
        self._settings = settings
        self._clock = clock
        self.outcomes: Counter[tuple[str, str]] = Counter()
        """Events since the start by (outcome, reason), for `/status`."""

    async def accept(self, arrivals: Sequence[Arrival]) -> Receipt:
        """Every event through the rules, then all entries in one durable step."""
        deployment, now = self._deployment(), self._clock()
        results = [self._routed(deployment, arrival) for arrival in arrivals]
        entries: list[Entry] = []
        origins: list[str | None] = []
        for arrival, result in zip(arrivals, results, strict=True):
            for entry in self._entries(deployment, arrival, result, now):
                entries.append(entry)
                origins.append(result.event_name)
        stored = await self._store(entries)
        counts = Counter[str]()
        for entry, name, new in zip(entries, origins, stored, strict=True):
            self._count(counts, "send" if new else "duplicate", None, entry.destination, name)
        for result in results:
            self._count_unsent(counts, result)
        return Receipt(counts)

    async def _store(self, entries: list[Entry]) -> list[bool]:
        try:
            return await self._spool.put(entries) if entries else []
        except SpoolFull as full:
            raise Busy(max(1, round(full.retry_after)), full.reason) from None
        except SpoolBroken:
            raise Busy(30, "the disk failed; the router is stopping") from None

    def _routed(self, deployment: Deployment, arrival: Arrival) -> Result:
        """The seat belt: rules cannot raise, so whatever does is a bug of ours and costs one event."""
        try:
            return route(deployment.program, arrival, inactive=deployment.inactive)
        except Exception:
            _LOG.exception("routing_failed", rules=deployment.program.version)
            return Result(None, None, (Skip(None, INTERNAL_ERROR, None),))

    def _entries(
        self, deployment: Deployment, arrival: Arrival, result: Result, now: float
    ) -> Iterator[Entry]:
        for note in result.notes:
            self._metrics.field_left_out(note.path, note.why)
        for outcome in result.outcomes:
            if isinstance(outcome, Send):
                done = finish(outcome, arrival.event, arrival.now, deployment.program.settings)
                for path, reason in done.left_out:
                    self._metrics.field_left_out(path, reason)
                yield self._entry(deployment, outcome, done, now)

    def _entry(self, deployment: Deployment, send: Send, done: Finished, now: float) -> Entry:
        source_id = deployment.destinations[send.destination].ids[send.source]
        return Entry(
            key=dedup_key(send.source, source_id, done.key_event, done.dedup_id),
            destination=send.destination,
            source=send.source,
            source_id=source_id,
            event=done.event,
            payload=done.payload,
            event_time=done.event_time,
            accepted_at=now,
            rules_version=deployment.program.version,
            claim_seconds=max(done.claim_seconds, round(self._settings.claim_hours * _HOUR)),
            claim_until=done.claim_until,
            resend_seconds=min(done.resend_seconds, round(self._settings.resend_hours * _HOUR)),
        )

    def _count_unsent(self, counts: Counter[str], result: Result) -> None:
        for outcome in result.outcomes:
            match outcome:
                case Send():
                    pass
                case Skip():
                    self._count(counts, "skip", outcome.reason, outcome.destination, result.event_name)
                case Drop():
                    self._count(counts, "drop", outcome.reason, None, result.event_name)
                case Unhandled():
                    self._count(counts, "unhandled", None, None, result.event_name)
                case _:
                    assert_never(outcome)

    def _count(
        self,
        counts: Counter[str],
        outcome: str,
        reason: str | None,
        destination: str | None,
        event: str | None,
    ) -> None:
        counts[outcome] += 1
        self.outcomes[outcome, reason or ""] += 1
        self._metrics.outcome(outcome, reason=reason, destination=destination, event=event)
