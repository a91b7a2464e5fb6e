"""Gives events what earlier ones of their visitor told, before the rules see them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Final, Protocol

import structlog

from router.daemon.acceptor import NONE_REJECTED
from router.daemon.deployment import Deployment
from router.delivery.spool import SpoolError
from router.lang.outcome import Arrival
from router.visitors import Visitor
from router.web.acceptance import Acceptor, Receipt
from router.web.visitor_metrics import VisitorMetrics

_LOG = structlog.get_logger()
_TOLD_SECONDS: Final = 60.0


class Memory(Protocol):
    """See `VisitorMemory`."""

    @property
    def rows(self) -> int: ...

    async def meet(
        self, arrivals: Sequence[Arrival], now: float, country: str | None = None
    ) -> list[Visitor]: ...


class RememberingAcceptor:
    """An `Acceptor` before another one. When the memory fails, events go on without it."""

    def __init__(
        self,
        acceptor: Acceptor,
        memory: Memory,
        deployment: Callable[[], Deployment],
        metrics: VisitorMetrics,
        clock: Callable[[], float],
    ) -> None:
        self._acceptor = acceptor
        self._memory = memory
        self._deployment = deployment
        self._metrics = metrics
        self._clock = clock
        self._told_at = -_TOLD_SECONDS

    async def accept(
        self,
        arrivals: Sequence[Arrival],
        rejected: Mapping[str, int] = NONE_REJECTED,
        correlation: str = "",
    ) -> Receipt:
        return await self._acceptor.accept(await self._reminded(arrivals), rejected, correlation)

    async def _reminded(self, arrivals: Sequence[Arrival]) -> Sequence[Arrival]:
        now = self._clock()
        country = self._deployment().program.settings.get("phone_country")
        try:
            known = await self._memory.meet(arrivals, now, country)
        except SpoolError as problem:
            self._failed(problem, now)
            return arrivals
        for visitor in known:
            self._metrics.recalled(visitor.names)
        self._metrics.kept(self._memory.rows)
        return [visitor.given_to(arrival) for visitor, arrival in zip(known, arrivals, strict=True)]

    def _failed(self, problem: SpoolError, now: float) -> None:
        self._metrics.failed()
        if now - self._told_at >= _TOLD_SECONDS:
            self._told_at = now
            _LOG.warning("visitors_unknown", problem=str(problem))
