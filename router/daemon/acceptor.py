"""From arrivals to entries on disk."""

from __future__ import annotations

from collections import Counter
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Final, assert_never

import structlog

from router.daemon.accounting import Decided, Scribe
from router.daemon.consents import ConsentWatch
from router.daemon.deployment import Deployment
from router.daemon.orders import OrderWatch
from router.delivery.account import Account
from router.delivery.entry import Entry, dedup_key
from router.delivery.spool import Spool, SpoolBroken, SpoolFull
from router.desk.keeping import pack
from router.lang.compiled import Planned
from router.lang.outcome import Arrival, Drop, Result, Send, Skip, Unhandled
from router.settings import Settings
from router.tiktok.payload import Finished
from router.tracing import NO_TRACES, Tracer
from router.web.acceptance import Busy, Receipt
from router.web.metrics import Metrics

_LOG = structlog.get_logger()
_HOUR = 3600
INTERNAL_ERROR = "internal_error"
NONE_REJECTED: Final[Mapping[str, int]] = MappingProxyType({})


async def _nothing() -> None:
    pass


class RuleAcceptor:
    """Routes events by the rules in force and stores what is to be sent.

    `before` is awaited before the time of acceptance is taken; `broken` is called when the disk has failed.
    """

    def __init__(
        self,
        deployment: Callable[[], Deployment],
        spool: Spool,
        metrics: Metrics,
        settings: Settings,
        clock: Callable[[], float],
        tracer: Tracer = NO_TRACES,
        before: Callable[[], Awaitable[None]] = _nothing,
        broken: Callable[[], None] = lambda: None,
    ) -> None:
        self._deployment = deployment
        self._before = before
        self._broken = broken
        self._spool = spool
        self._metrics = metrics
        self._settings = settings
        self._clock = clock
        self._tracer = tracer
        self.outcomes: Counter[tuple[str, str]] = Counter()
        """Events since the start by (outcome, reason), for `/status`."""
        self.orders = OrderWatch()
        self.consents = ConsentWatch()

    async def accept(
        self,
        arrivals: Sequence[Arrival],
        rejected: Mapping[str, int] = NONE_REJECTED,
        correlation: str = "",
    ) -> Receipt:
        """Every event through the rules, then all entries and the books in one durable step."""
        await self._before()
        deployment, now = self._deployment(), self._clock()
        decisions = [self._decided(deployment, arrival, now, correlation) for arrival in arrivals]
        scribe = Scribe(
            frozenset(deployment.program.dispatch.names()), deployment.program.version, now, correlation,
            records=self._settings.store.outcome_days > 0,
        )  # fmt: skip
        entries = [entry for each in decisions for entry, _ in each.made]
        stored = iter(await self._store(entries, scribe.account(decisions, rejected)))
        counts = Counter[str]()
        for each in decisions:
            self._count_result(counts, each, stored)
        return Receipt(counts)

    async def _store(self, entries: list[Entry], account: Account) -> list[bool]:
        try:
            with self._tracer.step("commit"):
                return await self._spool.put(entries, account)
        except SpoolFull as full:
            raise Busy(max(1, round(full.retry_after)), full.reason) from None
        except SpoolBroken:
            self._broken()
            raise Busy(30, "the disk failed; the router is stopping") from None

    def _decided(self, deployment: Deployment, arrival: Arrival, now: float, correlation: str) -> Decided:
        planned = self._planned(deployment, arrival)
        if unread := self.consents.note(arrival):
            self._metrics.consent_unread(unread)
        made = tuple(self._entries(deployment, arrival, planned, now, correlation))
        return Decided(arrival, planned.result, made)

    def _planned(self, deployment: Deployment, arrival: Arrival) -> Planned:
        """The seat belt: rules cannot raise, so whatever does is a bug of ours and costs one event."""
        try:
            return deployment.plan.run(arrival, deployment.inactive)
        except Exception:
            _LOG.exception("routing_failed", rules=deployment.program.version)
            return Planned(Result(None, None, (Skip(None, INTERNAL_ERROR, None),)), ())

    def _entries(
        self, deployment: Deployment, arrival: Arrival, planned: Planned, now: float, correlation: str
    ) -> Iterator[tuple[Entry, str]]:
        for note in planned.result.notes:
            self._metrics.field_left_out(note.path, note.why)
        kept = self._kept(arrival, planned)
        sends = (outcome for outcome in planned.result.outcomes if isinstance(outcome, Send))
        for send, done in zip(sends, planned.finished, strict=True):
            for path, reason in done.left_out:
                self._metrics.field_left_out(path, reason)
            if self.orders.note(send, done, arrival):
                self._metrics.order_repeated(send.destination, done.key_event)
            yield self._entry(deployment, send, done, now, correlation, kept), done.dedup_id

    def _kept(self, arrival: Arrival, planned: Planned) -> bytes | None:
        """The event as it came, if it is to be kept for rules that are corrected later."""
        return pack(arrival) if planned.finished and self._settings.store.keep_events else None

    def _entry(
        self,
        deployment: Deployment,
        send: Send,
        done: Finished,
        now: float,
        correlation: str,
        kept: bytes | None,
    ) -> Entry:
        source_id = deployment.destinations[send.destination].ids[send.source]
        delivery = self._settings.delivery
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
            claim_seconds=max(done.claim_seconds, round(delivery.claim_hours * _HOUR)),
            claim_until=done.claim_until,
            resend_seconds=min(done.resend_seconds, round(delivery.resend_hours * _HOUR)),
            correlation=correlation,
            kept=kept,
        )

    def _count_result(self, counts: Counter[str], decided: Decided, stored: Iterator[bool]) -> None:
        name = decided.result.event_name
        for (entry, _), new in zip(decided.made, stored, strict=False):
            self._count(counts, "send" if new else "duplicate", None, entry.destination, name)
        for outcome in decided.result.outcomes:
            match outcome:
                case Send():
                    pass
                case Skip():
                    self._count(counts, "skip", outcome.reason, outcome.destination, name)
                case Drop():
                    self._count(counts, "drop", outcome.reason, None, name)
                case Unhandled():
                    self._count(counts, "unhandled", None, None, name)
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
