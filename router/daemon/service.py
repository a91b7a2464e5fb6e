"""The running daemon: listeners, spool, deliverer, signals; start, reload, stop."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import structlog

from router import __version__
from router.daemon.acceptor import RuleAcceptor
from router.daemon.deployment import Deployment, NotReady, deploy
from router.daemon.figures import nested, of_destination
from router.daemon.observing import MeteredDelivery
from router.delivery.bounds import Bounds
from router.delivery.clock import Clock, SystemClock
from router.delivery.entry import CLAIM_SECONDS, HOUR
from router.delivery.retry import DAY, Policy
from router.delivery.room import Reserve
from router.delivery.sqlite import SqliteSpool
from router.delivery.surroundings import LaneSettings
from router.delivery.worker import Deliverer, DestinationStatus
from router.lang.diagnostics import Diagnostic
from router.logs import Redaction
from router.settings import Delivery, EnvironmentVariables, Settings, Store
from router.tiktok.client import Credentials, TikTokClient, make_http_client
from router.web.admin import Admin
from router.web.intake import Intake
from router.web.metrics import Metrics
from router.web.server import Listener, listen

_LOG = structlog.get_logger()
_LISTENER_SHARE = 0.4
# The spool, the connections and the interpreter have to be closed within the time that stopping may take.
_CLOSING_SECONDS = 1.5


@dataclass(slots=True)
class _Parts:
    """What `start` opened, in the order of opening."""

    spool: SqliteSpool
    deliverer: Deliverer
    intake: Intake
    listener: Listener
    admin: Listener


class Service:
    """One daemon. `start`, then `stop`; `reload` any time between."""

    def __init__(
        self,
        settings: Settings,
        paths: Sequence[Path],
        deployment: Deployment,
        environment: Callable[[], EnvironmentVariables],
        redaction: Redaction,
        clock: Clock | None = None,
    ) -> None:
        self.settings = settings
        self.deployment = deployment
        self.metrics = Metrics()
        self._paths = paths
        self._environment = environment
        self._redaction = redaction
        self._clock = clock or SystemClock()
        self.observer = MeteredDelivery(self.metrics, self._clock.now)
        self._http = make_http_client()
        self._parts: _Parts | None = None
        self._acceptor: RuleAcceptor | None = None
        self._stopping: str | None = "starting"
        self._started_at = 0.0
        self._reload_failed_at: float | None = None
        self._reload_problems: list[str] = []

    # -------------------------------------------------------------- start

    async def start(self) -> None:
        """Open the spool, deliver what waits in it, then listen. Raises SpoolUnusable and OSError."""
        settings = self.settings
        self._started_at = self._clock.now()
        spool = await SqliteSpool.open(
            settings.data,
            bounds=_bounds(settings),
            hot_keys=settings.store.dedup_cache,
            reserve=_reserve(settings.store),
        )
        try:
            await self._open(spool)
        except BaseException:
            await spool.close()
            raise
        self._stopping = None

    async def _open(self, spool: SqliteSpool) -> None:
        settings = self.settings
        await spool.recover()
        client = TikTokClient(self._http, settings.tiktok.base_url, self._credentials, clock=self._clock)
        deliverer = Deliverer(
            spool, client, clock=self._clock, observer=self.observer,
            policy=_policy(settings), settings=_lanes(settings.delivery),
        )  # fmt: skip
        acceptor = RuleAcceptor(self._current, spool, self.metrics, settings.delivery, self._clock.now)
        intake = Intake(acceptor, settings, self.metrics, self._clock.now)
        admin = Admin(self.metrics.registry, lambda: self._stopping, self.status, self._measure)
        listener = await listen(intake, settings.listen, settings.limits, self.metrics.answered)
        try:
            admin_listener = await listen(admin, settings.admin, settings.limits)
        except BaseException:
            await listener.stop(1.0)
            raise
        self._acceptor = acceptor
        self._parts = _Parts(spool, deliverer, intake, listener, admin_listener)
        self._in_force(self.deployment)

    def _current(self) -> Deployment:
        return self.deployment

    def _credentials(self, destination: str) -> Credentials | None:
        return self.deployment.credentials(destination)

    def _in_force(self, deployment: Deployment) -> None:
        self.deployment = deployment
        self._redaction.register(each.token for each in deployment.destinations.values() if each.token)
        names = deployment.program.dispatch.names()
        self.metrics.rules_loaded(deployment.program.version, names)
        self._open_parts().deliverer.configure(deployment.active)

    def _open_parts(self) -> _Parts:
        if self._parts is None:
            raise RuntimeError("the service has not been started")
        return self._parts

    @property
    def address(self) -> str:
        return f"http://{self._open_parts().listener.address}"

    @property
    def admin_address(self) -> str:
        return f"http://{self._open_parts().admin.address}"

    @property
    def broken(self) -> asyncio.Event:
        return self._open_parts().deliverer.broken

    async def beginning(self) -> dict[str, Any]:
        """What the log says of a start: a process that was killed left no other trace of its restart."""
        stats = await self._open_parts().spool.stats()
        return {
            "version": __version__,
            "rules": self.deployment.program.version,
            "destinations": self.deployment.active,
            "waiting": sum(stats.pending.values()) + sum(stats.leased.values()),
        }

    # -------------------------------------------------------------- reload

    async def reload(self) -> bool:
        """Read rules and token files again: all or nothing. On any mistake the old rules stay.

        Checking happens in a thread, so that events are taken meanwhile.
        """
        fresh = await asyncio.to_thread(deploy, self._paths, self._environment(), self.settings.profile)
        if isinstance(fresh, NotReady):
            self._reload_failed_at = self._clock.now()
            self.metrics.rules_reload_failed()
            # Not as drawn for authors: a drawing quotes the line, and the line may hold a token.
            self._reload_problems = [*fresh.problems, *(_brief(each) for each in fresh.diagnostics)]
            kept = self.deployment.program.version
            _LOG.error("rules_reload_failed", kept=kept, problems=self._reload_problems)
            return False
        self._reload_failed_at, self._reload_problems = None, []
        self._in_force(fresh)
        _LOG.info("rules_reloaded", rules=fresh.program.version, remarks=list(fresh.remarks))
        return True

    # -------------------------------------------------------------- stop

    async def stop(self) -> int:
        """Take nothing more, finish what is in flight within `drain_seconds`; the requests left open."""
        parts, seconds = self._open_parts(), self.settings.delivery.drain_seconds
        self._stopping, parts.intake.draining = "draining", True
        end = self._clock.monotonic() + seconds
        await parts.listener.stop(max(0.5, seconds * _LISTENER_SHARE))
        rest = end - self._clock.monotonic() - _CLOSING_SECONDS
        left = await parts.deliverer.drain(max(0.1, rest))
        await parts.spool.close()
        await self._http.aclose()
        await parts.admin.stop(0.5)
        return left

    # -------------------------------------------------------------- status

    async def status(self) -> dict[str, Any]:
        """What `/status` shows: rules, destinations, backlog, outcomes since the start."""
        parts = self._open_parts()
        stats = await parts.spool.stats()
        return {
            "version": __version__,
            "uptime_seconds": round(self._clock.now() - self._started_at),
            "state": self._stopping or "running",
            "rules": self._rules_status(),
            "destinations": [self._destination_status(each) for each in await parts.deliverer.status()],
            "spool": {
                "pending": sum(stats.pending.values()),
                "in_flight": sum(stats.leased.values()),
                "dead_letters": dict(stats.dead),
                "dead_letters_evicted": parts.deliverer.evicted,
                "payload_bytes": stats.payload_bytes,
                "oldest_seconds": round(stats.oldest_age(self._clock.now())),
            },
            "outcomes": nested(self._acceptor.outcomes if self._acceptor else {}),
            "sent": nested(self.observer.sent_by_event),
            "dead": nested(self.observer.dead),
        }

    def _destination_status(self, status: DestinationStatus) -> dict[str, Any]:
        bound = self.deployment.destinations.get(status.destination)
        trouble = self.observer.troubles.get(status.destination)
        return of_destination(status, bound.ids if bound else {}, trouble, self._clock.now())

    async def _measure(self) -> None:
        """Backlogs and held destinations, as they are at this moment."""
        parts = self._open_parts()
        for each in await parts.deliverer.status():
            self.metrics.pending(each.destination, each.pending)
            self.metrics.held(each.destination, is_held=each.state == "held")
        self.metrics.oldest((await parts.spool.stats()).oldest_age(self._clock.now()))

    def _rules_status(self) -> dict[str, Any]:
        return {
            "version": self.deployment.program.version,
            "files": list(self.deployment.files),
            "reload_failed_at": self._reload_failed_at,
            "reload_problems": self._reload_problems,
            "remarks": list(self.deployment.remarks),
        }


def _brief(problem: Diagnostic) -> str:
    return f"{problem.mark.span.place}: {problem.code} {problem.message}"


def _bounds(settings: Settings) -> Bounds:
    store = settings.store
    return Bounds(rows=store.pending_rows, payload_bytes=store.pending_bytes, queue=store.writer_queue)


def _lanes(delivery: Delivery) -> LaneSettings:
    return LaneSettings(
        batch_max=delivery.batch_max,
        in_flight=delivery.in_flight,
        probe_seconds=delivery.probe_seconds,
        guard_least=delivery.guard_sends,
        requests_per_second=delivery.requests_per_second,
    )


def _reserve(store: Store) -> Reserve:
    return Reserve(store.free_bytes, store.free_percent / 100, store.ballast_bytes)


def _policy(settings: Settings) -> Policy:
    delivery, store = settings.delivery, settings.store
    return Policy(
        event_age=round(delivery.event_age_days * DAY),
        max_event_age={"offline": round(delivery.offline_age_days * DAY)},
        future_seconds=delivery.future_minutes * 60 if delivery.future_events == "dead_letter" else None,
        dead_seconds=round(store.dead_days * DAY),
        dead_bytes=store.dead_bytes,
        breaker_failures=delivery.breaker_failures,
        breaker_first=delivery.breaker_seconds,
        breaker_cap=delivery.breaker_cap_seconds,
        drift_hold=max(CLAIM_SECONDS, delivery.claim_hours * HOUR),
    )


# ------------------------------------------------------------------ the process


async def run_service(service: Service, announce: Callable[[Service], None]) -> int:
    """Run until SIGTERM or SIGINT; SIGHUP reloads. A second signal ends at once. Returns the exit status."""
    await service.start()
    loop = asyncio.get_running_loop()
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    reloads: set[asyncio.Task[bool]] = set()

    def reload() -> None:
        task = asyncio.create_task(service.reload())
        reloads.add(task)
        task.add_done_callback(reloads.discard)

    loop.add_signal_handler(signal.SIGHUP, reload)
    _LOG.info("started", **await service.beginning())
    announce(service)
    broken = asyncio.create_task(service.broken.wait())
    stopped = asyncio.create_task(stop.wait())
    await asyncio.wait({broken, stopped}, return_when=asyncio.FIRST_COMPLETED)
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.remove_signal_handler(number)
    for task in (broken, stopped):
        task.cancel()
    failed = service.broken.is_set()
    left = await service.stop()
    _LOG.info("stopped", open_requests=left, spool_broken=failed)
    return 1 if failed else 0
