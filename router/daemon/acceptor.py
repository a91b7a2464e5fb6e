"""From arrivals to entries on disk."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, Final, NamedTuple, Protocol

import structlog

from router.daemon.accounting import Decided, Fate, Made, Scribe, fates
from router.daemon.consents import ConsentWatch
from router.daemon.deployment import Deployment
from router.daemon.orders import OrderWatch, sender_of
from router.delivery.account import Account
from router.delivery.entry import Entry, dedup_key
from router.delivery.spool import SpoolBroken, SpoolFull
from router.desk.keeping import pack
from router.lang.compiled import Planned
from router.lang.outcome import Arrival, Result, Send, Skip
from router.settings import Settings
from router.tiktok.payload import Finished
from router.tracing import NO_TRACES, Tracer
from router.web.acceptance import Busy, Receipt
from router.web.metrics import Metrics

_LOG = structlog.get_logger()
_HOUR = 3600
_NEW: Final = tuple.__new__
# A body may have a thousand events; those of others are not to wait for all of them.
_TURN: Final = 100
INTERNAL_ERROR = "internal_error"
NONE_REJECTED: Final[Mapping[str, int]] = MappingProxyType({})


class Store(Protocol):
    """Where entries are put; see `Spool.put`."""

    async def put(self, entries: Sequence[Entry], account: Account) -> list[bool]: ...


class Orders(Protocol):
    """Who watches for orders that come again; see `OrderWatch`."""

    def note(self, destination: str, event: str, order: str, event_id: str, sender: str) -> None: ...


async def _nothing() -> None:
    pass


class _Moment(NamedTuple):
    """What all events of a request have in common."""

    deployment: Deployment
    version: str
    now: float
    correlation: str


def _sends(planned: Planned) -> Sequence[Any]:
    """The sends among the outcomes, in their order; as a rule there is nothing else."""
    outcomes = planned.result.outcomes
    if len(outcomes) == len(planned.finished):
        return outcomes
    return [outcome for outcome in outcomes if isinstance(outcome, Send)]


class RuleAcceptor:
    """Routes events by the rules in force and stores what is to be sent.

    `before` is awaited before the time of acceptance is taken; `broken` is called when the disk has failed.
    """

    def __init__(
        self,
        deployment: Callable[[], Deployment],
        store: Store,
        metrics: Metrics,
        settings: Settings,
        clock: Callable[[], float],
        tracer: Tracer = NO_TRACES,
        before: Callable[[], Awaitable[None]] = _nothing,
        broken: Callable[[], None] = lambda: None,
        orders: Orders | None = None,
    ) -> None:
        self._deployment = deployment
        self._before = before
        self._broken = broken
        self._orders = orders or OrderWatch(metrics.order_repeated)
        self._store = store
        self._metrics = metrics
        self._settings = settings
        self._claim_seconds = round(settings.delivery.claim_hours * _HOUR)
        self._resend_seconds = round(settings.delivery.resend_hours * _HOUR)
        self._clock = clock
        self._tracer = tracer
        self.outcomes: Counter[tuple[str, str]] = Counter()
        """Events since the start by (outcome, reason), for `/status`."""
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
        moment = _Moment(deployment, deployment.program.version, now, correlation)
        decisions: list[Decided] = []
        for first in range(0, len(arrivals), _TURN):
            if first:
                await asyncio.sleep(0)
            turn = arrivals[first : first + _TURN]
            decisions += [self._decided(moment, arrival) for arrival in turn]
        scribe = Scribe(
            deployment.events, moment.version, now, correlation,
            records=self._settings.store.outcome_days > 0,
        )  # fmt: skip
        entries = [made.entry for each in decisions for made in each.made]
        stored = await self._stored(entries, scribe.account(decisions, rejected))
        return Receipt(self._told(decisions, stored))

    async def _stored(self, entries: list[Entry], account: Account) -> list[bool]:
        try:
            with self._tracer.step("commit"):
                return await self._store.put(entries, account)
        except SpoolFull as full:
            raise Busy(max(1, round(full.retry_after)), full.reason) from None
        except SpoolBroken:
            self._broken()
            raise Busy(30, "the disk failed; the router is stopping") from None

    def _decided(self, moment: _Moment, arrival: Arrival) -> Decided:
        planned = self._planned(moment.deployment, arrival)
        if unread := self.consents.note(arrival):
            self._metrics.consent_unread(unread)
        for note in planned.result.notes:
            self._metrics.field_left_out(note.path, note.why)
        made = self._made(moment, arrival, planned) if planned.finished else ()
        return Decided(arrival, planned.result, made)

    def _planned(self, deployment: Deployment, arrival: Arrival) -> Planned:
        """The seat belt: rules cannot raise, so whatever does is a bug of ours and costs one event."""
        try:
            return deployment.plan.run(arrival, deployment.inactive)
        except Exception:
            _LOG.exception("routing_failed", rules=deployment.program.version)
            return Planned(Result(None, None, (Skip(None, INTERNAL_ERROR, None),)), ())

    def _made(self, moment: _Moment, arrival: Arrival, planned: Planned) -> tuple[Made, ...]:
        kept = pack(arrival) if self._settings.store.keep_events else None
        made = []
        for send, done in zip(_sends(planned), planned.finished, strict=True):
            for path, reason in done.left_out:
                self._metrics.field_left_out(path, reason)
            order = done.order
            if order is not None:
                sender = sender_of(arrival.event)
                self._orders.note(send.destination, done.key_event, order, done.dedup_id, sender)
            made.append(Made(self._entry(moment, send, done, kept), done.dedup_id, done.match_keys))
        return tuple(made)

    def _entry(self, moment: _Moment, send: Send, done: Finished, kept: bytes | None) -> Entry:
        source_id = moment.deployment.destinations[send.destination].ids[send.source]
        claim, resend = self._claim_seconds, self._resend_seconds
        # In the order of its fields: by their names it takes twice as long.
        return _NEW(Entry, (
            dedup_key(send.source, source_id, done.key_event, done.dedup_id), send.destination, send.source,
            source_id, done.event, done.payload, done.event_time, moment.now, moment.version,
            claim if claim > done.claim_seconds else done.claim_seconds, done.claim_until,
            resend if resend < done.resend_seconds else done.resend_seconds, moment.correlation, kept,
        ))  # fmt: skip

    def _told(self, decisions: Sequence[Decided], stored: Sequence[bool]) -> Mapping[str, int]:
        """Count what became of events, and say it by outcome."""
        self._count_matches(decisions, stored)
        counts: dict[str, int] = {}
        for fate, count in fates(decisions, stored).items():
            counts[fate.outcome] = counts.get(fate.outcome, 0) + count
            self._count(fate, count)
        return counts

    def _count_matches(self, decisions: Sequence[Decided], stored: Sequence[bool]) -> None:
        found: dict[tuple[str, tuple[str, ...]], int] = {}
        answers = iter(stored)
        for each in decisions:
            for made in each.made:
                if next(answers):
                    kind = (made.entry.source, made.match_keys)
                    found[kind] = found.get(kind, 0) + 1
        for (source, keys), count in found.items():
            self._metrics.matched_by(source, keys, count)

    def _count(self, fate: Fate, count: int) -> None:
        self.outcomes[fate.outcome, fate.reason] += count
        self._metrics.outcome(
            fate.outcome, reason=fate.reason, destination=fate.destination, event=fate.event, count=count
        )
