"""How events are taken: the intake and what stands behind it, in this process or in another."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Protocol

from router.daemon.acceptor import Orders, RuleAcceptor, Store
from router.daemon.deployment import Deployment
from router.daemon.leaps import Leaps
from router.daemon.remembering import Memory, RememberingAcceptor
from router.daemon.shadow import Offered, ShadowedAcceptor
from router.daemon.workers.figures import Figures
from router.delivery.clock import Clock
from router.lang.outcome import Arrival
from router.lang.route import route
from router.serving import Listener
from router.settings import Address, Settings
from router.tracing import Tracer
from router.web.acceptance import Acceptor
from router.web.intake import Intake
from router.web.metrics import Metrics


@dataclass(frozen=True, slots=True)
class Backing:
    """What stands behind the intake. `leapt` is awaited when the wall clock was set, `broken` called when the
    disk has failed; `shadow` and `memory` are None where there is none."""

    settings: Settings
    deployment: Callable[[], Deployment]
    metrics: Metrics
    clock: Clock
    tracer: Tracer
    store: Store
    orders: Orders
    shadow: Offered | None
    memory: Memory | None
    leapt: Callable[[], Awaitable[object]]
    broken: Callable[[], None] = lambda: None

    def acceptor(self) -> RuleAcceptor:
        """Takes events by the rules."""
        return RuleAcceptor(
            self.deployment, self.store, self.metrics, self.settings, self.clock.now, self.tracer,
            before=Leaps(self.clock, self.leapt).look, broken=self.broken, orders=self.orders,
        )  # fmt: skip

    def intake(self, acceptor: RuleAcceptor) -> Intake:
        """Takes requests, whose events pass by the memory first and by the shadow last."""
        shown: Acceptor = acceptor if self.shadow is None else ShadowedAcceptor(acceptor, self.shadow)
        if self.memory is not None:
            self.metrics.visitors.kept(self.memory.rows)
            shown = RememberingAcceptor(
                shown, self.memory, self.deployment, self.metrics.visitors, self.clock.now
            )
        return Intake(
            shown, self.settings, self.metrics, self.clock.now, source_of=self._source_of, tracer=self.tracer
        )

    def _source_of(self, arrival: Arrival) -> str | None:
        """The event source that the rules in force see in an event, for keys bound to some of them."""
        return route(self.deployment().program, arrival).source


class Front(Protocol):
    """Where events come in."""

    @property
    def address(self) -> Address: ...

    @property
    def trouble(self) -> str | None:
        """Why nothing can be taken at the moment."""
        ...

    def reload_keys(self) -> None:
        """Have the file of write keys read now."""
        ...

    async def take(self, deployment: Deployment) -> None:
        """These rules are in force; returns when every event is mapped by them."""
        ...

    async def count(self) -> Figures:
        """What was counted apart from the daemon's own metrics."""
        ...

    async def stop(self, seconds: float) -> None:
        """Take nothing more, and finish the requests at hand within so many seconds."""
        ...


class FrontHere:
    """Events come in in this process."""

    trouble = None

    def __init__(self, acceptor: RuleAcceptor, intake: Intake, listener: Listener) -> None:
        self._acceptor = acceptor
        self._intake = intake
        self._listener = listener

    @property
    def address(self) -> Address:
        return self._listener.address

    def reload_keys(self) -> None:
        self._intake.reload_keys()

    async def take(self, deployment: Deployment) -> None:
        """Nothing to do: they are looked up with each event."""

    async def count(self) -> Figures:
        acceptor = self._acceptor
        return Figures({}, acceptor.outcomes, acceptor.consents.unread)

    async def stop(self, seconds: float) -> None:
        self._intake.draining = True
        await self._listener.stop(seconds)
