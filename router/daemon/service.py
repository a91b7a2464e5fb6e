"""The running daemon: listeners, spool, deliverer, wired together; start and stop."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from router.daemon.candidate import Candidate
from router.daemon.collecting import spare_the_collector
from router.daemon.deployment import Deployment
from router.daemon.dry_run import JudgingSender, own_directory, real_directory
from router.daemon.exchanges import ToldSender
from router.daemon.gathering import Gathering
from router.daemon.observing import MeteredDelivery
from router.daemon.office import Office, open_office
from router.daemon.orders import OrderWatch
from router.daemon.picture import Picture
from router.daemon.plan import Plan
from router.daemon.rollout import Rollout
from router.daemon.storing import Storage, clock_of, open_storage
from router.daemon.taking import Backing, Front, FrontHere
from router.daemon.tuning import lanes_of, policy_of
from router.daemon.workers.front import FrontOfWorkers
from router.delivery.clock import Clock
from router.delivery.spool import Spool
from router.delivery.verdict import Sender
from router.delivery.worker import Deliverer
from router.logs import Redaction
from router.serving import Listener, listen
from router.settings import EnvironmentVariables, Settings
from router.tiktok.client import TikTokClient, make_http_client
from router.tracing import NO_TRACES, open_tracer
from router.visitors import VisitorMemory, open_visitors
from router.web.admin import Admin
from router.web.metrics import Metrics

_LISTENER_SHARE = 0.4
# The spool, the connections and the interpreter have to be closed within the time that stopping may take.
_CLOSING_SECONDS = 1.5
_TRACES_SECONDS = 1.0


@dataclass(slots=True)
class _Parts:
    """What `start` opened, in the order of opening."""

    storage: Storage
    deliverer: Deliverer
    picture: Picture
    front: Front
    admin: Listener
    office: Office | None
    visitors: VisitorMemory | None
    tasks: list[asyncio.Task[None]]


class Service:
    """One daemon. `start`, then `stop`; `reload` any time between. `first` are the rules to start with."""

    def __init__(
        self,
        settings: Settings,
        plan: Plan,
        first: Candidate,
        environment: Callable[[], EnvironmentVariables],
        redaction: Redaction,
        clock: Clock | None = None,
    ) -> None:
        self.settings = settings
        self.plan = plan
        self._clock = clock or clock_of(settings, dry_run=plan.dry_run)
        self.metrics = Metrics(self._clock.now)
        self.observer = MeteredDelivery(self.metrics, self._clock.now)
        self.rollout = Rollout(
            plan, settings, first, environment, redaction, self.metrics, self._clock, self._in_force
        )
        self._http = make_http_client()
        self._tracer = open_tracer(settings)
        self._judging = JudgingSender(self.metrics.rollout, self._clock) if plan.dry_run else None
        self._parts: _Parts | None = None
        self._stopping: str | None = "starting"

    # -------------------------------------------------------------- start

    async def start(self) -> None:
        """Open the spool, deliver what waits in it, then listen. Raises SpoolUnusable and OSError."""
        settings, place = self.settings, own_directory if self.plan.dry_run else real_directory
        directory = place(settings.data)
        storage = await open_storage(
            directory, settings, self.metrics.committed, self._clock, dry_run=self.plan.dry_run
        )
        visitors: VisitorMemory | None = None
        try:
            visitors = await open_visitors(directory, settings.visitors)
            await self._open(storage, visitors, directory)
        except BaseException:
            if visitors is not None:
                await visitors.close()
            await storage.close()
            raise
        self._stopping = None

    async def _open(self, storage: Storage, visitors: VisitorMemory | None, directory: Path) -> None:
        settings, spool = self.settings, storage.spool
        await spool.recover()
        deliverer = Deliverer(
            spool, self._judging or self._client(), clock=self._clock, observer=self.observer,
            policy=policy_of(settings), settings=lanes_of(settings.delivery), company=storage.company,
        )  # fmt: skip
        orders = OrderWatch(self.metrics.order_repeated)
        front = await self._front(spool, deliverer, orders, visitors)
        picture = Picture(
            storage, deliverer, front, orders, self.rollout, self.observer, self.metrics, self._clock,
            self._clock.now(), settings, self._judging,
        )  # fmt: skip
        try:
            admin = await listen(
                self._admin(picture), settings.admin, settings.limits, trusted=settings.trusted_proxies
            )
        except BaseException:
            await front.stop(1.0)
            raise
        office = await open_office(
            directory, spool, deliverer, lambda: self.deployment, settings, self._clock, visitors
        )
        self._parts = _Parts(storage, deliverer, picture, front, admin, office, visitors, self._tasks())
        deliverer.configure(self.deployment.active)

    async def _front(
        self, spool: Spool, deliverer: Deliverer, orders: OrderWatch, visitors: VisitorMemory | None
    ) -> Front:
        settings = self.settings
        backing = Backing(
            settings, lambda: self.deployment, self.metrics, self._clock, self._tracer,
            store=Gathering(spool), orders=orders, shadow=self.rollout.shadow, memory=visitors,
            leapt=deliverer.check_clock, broken=deliverer.fail,
        )  # fmt: skip
        if settings.workers > 1:
            workers = FrontOfWorkers(backing, self.deployment.tokens)
            await workers.start()
            return workers
        acceptor = backing.acceptor()
        intake = backing.intake(acceptor)
        listener = await listen(
            intake, settings.listen, settings.limits, self.metrics.answered, settings.trusted_proxies
        )
        return FrontHere(acceptor, intake, listener)

    def _client(self) -> Sender:
        client = TikTokClient(
            self._http, self.settings.tiktok.base_url, self.rollout.credentials,
            renew=self.rollout.renew, clock=self._clock,
        )  # fmt: skip
        lines = self.settings.logs.traffic
        if not lines and self._tracer is NO_TRACES:
            return client
        return ToldSender(client, self._tracer, self._clock, lines=lines)

    def _admin(self, picture: Picture) -> Admin:
        def not_ready() -> str | None:
            return self._stopping or picture.storage.trouble or picture.front.trouble

        return Admin(picture.measured, not_ready, self.status)

    def _tasks(self) -> list[asyncio.Task[None]]:
        """What goes on beside events, until the stop."""
        tasks = [asyncio.create_task(self.rollout.watch())] if self.settings.reload.watch else []
        if self.rollout.shadow:
            tasks.append(asyncio.create_task(self.rollout.shadow.run()))
        return tasks

    # -------------------------------------------------------------- as it runs

    @property
    def deployment(self) -> Deployment:
        return self.rollout.deployment

    async def reload(self) -> bool:
        """Read rules and token files again: all or nothing. On any mistake the old rules stay."""
        if self._parts is not None:
            self._parts.front.reload_keys()
        return await self.rollout.reload()

    async def _in_force(self, deployment: Deployment) -> None:
        if self._parts is not None:
            self._parts.deliverer.configure(deployment.active)
            await self._parts.front.take(deployment)
            spare_the_collector()

    def _open_parts(self) -> _Parts:
        if self._parts is None:
            raise RuntimeError("the service has not been started")
        return self._parts

    @property
    def address(self) -> str:
        return f"http://{self._open_parts().front.address}"

    @property
    def admin_address(self) -> str:
        return f"http://{self._open_parts().admin.address}"

    @property
    def broken(self) -> asyncio.Event:
        return self._open_parts().deliverer.broken

    async def beginning(self) -> dict[str, Any]:
        """What the log says of a start."""
        return await self._open_parts().picture.beginning()

    async def status(self) -> dict[str, Any]:
        """What `/status` shows."""
        return await self._open_parts().picture.status(self._stopping or "running")

    # -------------------------------------------------------------- stop

    async def stop(self) -> int:
        """Go on for `drain_delay_seconds` while not ready, for proxies to turn elsewhere. Then take nothing
        more, and finish what is in flight within `drain_seconds`. Returns how many requests were left open.
        """
        parts, delivery = self._open_parts(), self.settings.delivery
        self._stopping = "draining"
        for task in parts.tasks:
            task.cancel()
        await asyncio.gather(*parts.tasks, return_exceptions=True)
        if delivery.drain_delay_seconds and not self.broken.is_set():
            await self._clock.sleep(delivery.drain_delay_seconds)
        return await self._drain(parts, delivery.drain_seconds)

    async def _drain(self, parts: _Parts, seconds: float) -> int:
        end = self._clock.monotonic() + seconds
        await parts.front.stop(max(0.5, seconds * _LISTENER_SHARE))
        rest = end - self._clock.monotonic() - _CLOSING_SECONDS
        left = await parts.deliverer.drain(max(0.1, rest))
        if parts.office is not None:
            await parts.office.close()
        if parts.visitors is not None:
            await parts.visitors.close()
        await parts.storage.close()
        await self._http.aclose()
        await self._tracer.close(min(_TRACES_SECONDS, max(0.1, end - self._clock.monotonic())))
        await parts.admin.stop(0.5)
        return left
