"""A second rule set beside the one in force: it sees every event, sends nothing, and tells what differs."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, Protocol

import orjson
import structlog

from router.compare import compare
from router.daemon.acceptor import NONE_REJECTED, RuleAcceptor
from router.daemon.deployment import Deployment
from router.daemon.differences import Tally
from router.delivery.clock import Clock
from router.lang.outcome import Arrival
from router.web.acceptance import Receipt
from router.web.rollout_metrics import RolloutMetrics

_LOG = structlog.get_logger()
_MOST_EVENTS: Final = 1000
_MOST_BYTES: Final = 8 * 1024 * 1024
# Of the event loop's time comparing takes a quarter at most; an answer waits for one event at most.
_REST: Final = 3.0


class Shadow:
    """Compares what both rule sets make of the events that it is offered, whenever there is time."""

    def __init__(
        self, live: Callable[[], Deployment], rules: Deployment, metrics: RolloutMetrics, clock: Clock
    ) -> None:
        self._live = live
        self._metrics = metrics
        self._clock = clock
        self._waiting: deque[tuple[Arrival, int]] = deque()
        self._bytes = 0
        self._some = asyncio.Event()
        self._pair = ("", "")
        self.problems: list[str] = []
        """Why the files as they are now are not the rules that run, if so."""
        self.take(rules)

    def take(self, rules: Deployment) -> None:
        """Run these rules from now on; counting begins anew where they, or those in force, are others."""
        live, pair = self._live(), (self._live().program.version, rules.program.version)
        self._rules = rules
        if pair != self._pair:
            self._pair = pair
            self._tally = Tally(live.program.dispatch.names() | rules.program.dispatch.names())
            self._dropped = self._failed = 0
        self._metrics.shadow_loaded(rules.program.version)

    def again(self) -> None:
        """The rules in force have changed."""
        self.take(self._rules)

    def offer(self, arrivals: Sequence[Arrival]) -> None:
        """Have these compared, as far as there is room."""
        for number, arrival in enumerate(arrivals):
            size = _size(arrival) if len(self._waiting) < _MOST_EVENTS else None
            if size is None or self._bytes + size > _MOST_BYTES:
                self._drop(len(arrivals) - number)
                return
            self._waiting.append((arrival, size))
            self._bytes += size
            self._some.set()

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            await self._some.wait()
            began = self._clock.monotonic()
            self._one()
            await self._clock.sleep(_REST * (self._clock.monotonic() - began))

    def status(self) -> dict[str, Any]:
        """The form of `/status`."""
        return {
            "version": self._pair[1],
            "against": self._pair[0],
            "files": list(self._rules.files),
            "problems": self.problems,
            "waiting": len(self._waiting),
            "dropped": self._dropped,
            "failed": self._failed,
            **self._tally.as_json(),
        }

    def remark(self) -> str:
        """The same in a line."""
        found = f"{self._tally.different} of {self._tally.compared} events come out otherwise"
        return f"shadow rules {self._pair[1]}: {found}; `tagwright status --json` shows how"

    def _one(self) -> None:
        arrival, size = self._waiting.popleft()
        self._bytes -= size
        if not self._waiting:
            self._some.clear()
        try:
            self._compare(arrival)
        except Exception:
            # Rules cannot raise: a bug of ours, which must not cost more than the comparison.
            self._failed += 1
            self._metrics.compared("failed")
            if self._failed == 1:
                _LOG.exception("shadow_failed", rules=self._rules.program.version)

    def _compare(self, arrival: Arrival) -> None:
        live = self._live()
        found = compare(live.program, self._rules.program, arrival)
        told = self._tally.add(arrival.now, found, {*live.active, *self._rules.active})
        self._metrics.compared("different" if told else "same")
        for each in told:
            self._metrics.differs(each.event, each.destination, each.kind, each.what)

    def _drop(self, count: int) -> None:
        self._dropped += count
        self._metrics.compared("dropped", count)


class Offered(Protocol):
    """See `Shadow`."""

    def offer(self, arrivals: Sequence[Arrival]) -> None: ...


class ShadowedAcceptor:
    """An `Acceptor` that shows a shadow what another one has taken, after it is safe."""

    def __init__(self, acceptor: RuleAcceptor, shadow: Offered) -> None:
        self._acceptor = acceptor
        self._shadow = shadow

    async def accept(
        self,
        arrivals: Sequence[Arrival],
        rejected: Mapping[str, int] = NONE_REJECTED,
        correlation: str = "",
    ) -> Receipt:
        receipt = await self._acceptor.accept(arrivals, rejected, correlation)
        self._shadow.offer(arrivals)
        return receipt


def _size(arrival: Arrival) -> int | None:
    """Bytes of the event as JSON; None for one that has no JSON."""
    try:
        return len(orjson.dumps(arrival.event))
    except TypeError:
        return None
