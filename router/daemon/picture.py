"""What `/status` shows of a running daemon."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

from prometheus_client.registry import Collector

from router import __version__
from router.daemon.backlog import Backlog, backlog
from router.daemon.books import conservation
from router.daemon.dry_run import JudgingSender
from router.daemon.figures import nested, of_destination
from router.daemon.measuring import measure
from router.daemon.observing import MeteredDelivery
from router.daemon.orders import OrderWatch
from router.daemon.rollout import Rollout
from router.daemon.storing import Storage
from router.daemon.taking import Front
from router.daemon.workers.figures import Combined
from router.delivery.account import Balance, balances
from router.delivery.clock import Clock
from router.delivery.room import space_of
from router.delivery.worker import Deliverer, DestinationStatus
from router.settings import Settings
from router.web.metrics import Metrics

_DRY_RUN = "dry run: events are judged, and nothing is sent"


@dataclass(frozen=True, slots=True)
class Picture:
    """Everything that there is to see. `judging` is there in a dry run only."""

    storage: Storage
    deliverer: Deliverer
    front: Front
    orders: OrderWatch
    rollout: Rollout
    observer: MeteredDelivery
    metrics: Metrics
    clock: Clock
    started_at: float
    settings: Settings
    judging: JudgingSender | None

    async def status(self, state: str) -> dict[str, Any]:
        """Rules, destinations, backlog, outcomes since the start."""
        counted = await self.front.count()
        return {
            "version": __version__,
            "uptime_seconds": round(self.clock.now() - self.started_at),
            "state": state,
            "mode": "live" if self.judging is None else "dry_run",
            "rules": self._rules(),
            "destinations": [self._destination(each) for each in await self.deliverer.status()],
            "spool": asdict(await self._backlog()),
            "store": self.storage.status(),
            "conservation": conservation(await self._balances()),
            "outcomes": nested(counted.outcomes),
            "sent": nested(self.observer.sent_by_event),
            "dead": nested(self.observer.dead),
            "consent_unread": dict(sorted(counted.consent_unread.items())),
            "order_repeats": self.orders.status(),
            "dry_run": self.judging and self.judging.status(),
            "shadow": self.rollout.shadow and self.rollout.shadow.status(),
        }

    async def measured(self) -> Collector:
        """All metrics, with backlogs and destinations as they are at this moment."""
        await self._measure()
        return Combined(self.metrics.registry, await self.front.count())

    async def _measure(self) -> None:
        measure(
            self.metrics,
            await self._backlog(),
            await self.deliverer.status(),
            self.settings.delivery.requests_per_second / self.storage.routers,
        )
        self.metrics.sharing.measured(**self.storage.figures())
        for each in await self._balances():
            self.metrics.unaccounted(each.destination, each.unaccounted)

    async def _balances(self) -> list[Balance]:
        return balances(await self.storage.spool.archive.books())

    async def _backlog(self) -> Backlog:
        store = self.settings.store
        stats = await self.storage.spool.stats()
        return backlog(
            stats,
            dead_bytes=stats.dead_bytes,
            evicted=self.deliverer.evicted,
            store=store,
            reserve=self.storage.reserve,
            disk=space_of(self.settings.data),
            now=self.clock.now(),
        )

    async def beginning(self) -> dict[str, Any]:
        """What the log says of a start: a process that was killed left no other trace of its restart."""
        stats = await self.storage.spool.stats()
        return {
            "version": __version__,
            "mode": "live" if self.judging is None else "dry_run",
            "rules": self.rollout.deployment.program.version,
            "destinations": self.rollout.deployment.active,
            "waiting": sum(stats.pending.values()) + sum(stats.leased.values()),
        }

    def _rules(self) -> dict[str, Any]:
        rules = self.rollout.status()
        return {**rules, "remarks": [*self._trials(), *rules["remarks"]]}

    def _trials(self) -> Iterator[str]:
        """What is being tried out, so that nobody takes it for the usual."""
        if self.judging is not None:
            yield _DRY_RUN
        if self.rollout.shadow is not None:
            yield self.rollout.shadow.remark()

    def _destination(self, status: DestinationStatus) -> dict[str, Any]:
        bound = self.rollout.deployment.destinations.get(status.destination)
        trouble = self.observer.troubles.get(status.destination)
        return of_destination(status, bound.ids if bound else {}, trouble, self.clock.now())
