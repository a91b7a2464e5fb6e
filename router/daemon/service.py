"""The running daemon: listeners, spool, deliverer, wired together; start and stop."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from router.daemon.acceptor import RuleAcceptor
from router.daemon.candidate import Candidate
from router.daemon.deployment import Deployment
from router.daemon.dry_run import JudgingSender, own_directory, real_directory
from router.daemon.exchanges import ToldSender
from router.daemon.leaps import Leaps
from router.daemon.observing import MeteredDelivery
from router.daemon.office import Office, open_office
from router.daemon.picture import Picture
from router.daemon.plan import Plan
from router.daemon.remembering import RememberingAcceptor
from router.daemon.rollout import Rollout
from router.daemon.shadow import ShadowedAcceptor
from router.daemon.storing import open_spool
from router.daemon.tuning import lanes_of, policy_of
from router.delivery.clock import Clock, SystemClock
from router.delivery.spool import Spool
from router.delivery.verdict import Sender
from router.delivery.worker import Deliverer
from router.lang.outcome import Arrival
from router.lang.route import route
from router.logs import Redaction
from router.settings import EnvironmentVariables, Settings
from router.tiktok.client import TikTokClient, make_http_client
from router.tracing import NO_TRACES, open_tracer
from router.visitors import VisitorMemory, open_visitors
from router.web.acceptance import Acceptor
from router.web.admin import Admin
from router.web.intake import Intake
from router.web.metrics import Metrics
from router.web.server import Listener, listen

_LISTENER_SHARE = 0.4
# The spool, the connections and the interpreter have to be closed within the time that stopping may take.
_CLOSING_SECONDS = 1.5
_TRACES_SECONDS = 1.0


@dataclass(slots=True)
class _Parts:
    """What `start` opened, in the order of opening."""

    spool: Spool
    deliverer: Deliverer
    picture: Picture
    intake: Intake
    listener: Listener
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
        self._clock = clock or SystemClock()
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
        spool = await open_spool(directory, settings.store, self.metrics.committed)
        visitors: VisitorMemory | None = None
        try:
            visitors = await open_visitors(directory, settings.visitors)
            await self._open(spool, visitors, directory)
        except BaseException:
            if visitors is not None:
                await visitors.close()
            await spool.close()
            raise
        self._stopping = None

    async def _open(self, spool: Spool, visitors: VisitorMemory | None, directory: Path) -> None:
        settings = self.settings
        await spool.recover()
        deliverer = Deliverer(
            spool, self._judging or self._client(), clock=self._clock, observer=self.observer,
            policy=policy_of(settings), settings=lanes_of(settings.delivery),
        )  # fmt: skip
        acceptor = RuleAcceptor(
            lambda: self.deployment, spool, self.metrics, settings, self._clock.now, self._tracer,
            before=Leaps(self._clock, deliverer.check_clock).look, broken=deliverer.fail,
        )  # fmt: skip
        picture = Picture(
            spool, deliverer, acceptor, self.rollout, self.observer, self.metrics, self._clock,
            self._clock.now(), settings, self._judging,
        )  # fmt: skip
        shadow = self.rollout.shadow
        shown = self._remembering(ShadowedAcceptor(acceptor, shadow) if shadow else acceptor, visitors)
        intake = Intake(
            shown, settings, self.metrics, self._clock.now, source_of=self._source_of, tracer=self._tracer
        )
        listener = await listen(
            intake, settings.listen, settings.limits, self.metrics.answered, settings.trusted_proxies
        )
        try:
            admin = await listen(
                self._admin(picture), settings.admin, settings.limits, trusted=settings.trusted_proxies
            )
        except BaseException:
            await listener.stop(1.0)
            raise
        office = await open_office(
            directory, spool, deliverer, lambda: self.deployment, settings, self._clock, visitors
        )
        self._parts = _Parts(
            spool, deliverer, picture, intake, listener, admin, office, visitors, self._tasks()
        )
        deliverer.configure(self.deployment.active)

    def _remembering(self, acceptor: Acceptor, visitors: VisitorMemory | None) -> Acceptor:
        if visitors is None:
            return acceptor
        self.metrics.visitors.kept(visitors.rows)
        return RememberingAcceptor(
            acceptor, visitors, lambda: self.deployment, self.metrics.visitors, self._clock.now
        )

    def _source_of(self, arrival: Arrival) -> str | None:
        """The event source that the rules in force see in an event, for keys bound to some of them."""
        return route(self.deployment.program, arrival).source

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
        return Admin(self.metrics.registry, lambda: self._stopping, self.status, picture.measure)

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
            self._parts.intake.reload_keys()
        return await self.rollout.reload()

    def _in_force(self, deployment: Deployment) -> None:
        if self._parts is not None:
            self._parts.deliverer.configure(deployment.active)

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
        parts.intake.draining = True
        end = self._clock.monotonic() + seconds
        await parts.listener.stop(max(0.5, seconds * _LISTENER_SHARE))
        rest = end - self._clock.monotonic() - _CLOSING_SECONDS
        left = await parts.deliverer.drain(max(0.1, rest))
        if parts.office is not None:
            await parts.office.close()
        if parts.visitors is not None:
            await parts.visitors.close()
        await parts.spool.close()
        await self._http.aclose()
        await self._tracer.close(min(_TRACES_SECONDS, max(0.1, end - self._clock.monotonic())))
        await parts.admin.stop(0.5)
        return left
