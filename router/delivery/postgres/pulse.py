"""Every second: that this router lives, who else does, what they say, what is to be taken over."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Collection
from dataclasses import dataclass
from typing import Any, Final

import structlog

from router.delivery.drift import Drift
from router.delivery.postgres.clock import DatabaseClock
from router.delivery.postgres.gauge import Gauge
from router.delivery.postgres.layout import Layout
from router.delivery.postgres.leases import Leases
from router.delivery.postgres.line import Line
from router.delivery.postgres.neighbours import Neighbours
from router.delivery.postgres.simple import Read, everywhere, total
from router.delivery.postgres.trouble import SpoolAway, told
from router.delivery.postgres.work import InTurn, Work
from router.delivery.spool import SpoolBroken

log = structlog.get_logger()

# A database that was away has been away for all: others get this long to say that they live.
GRACE: Final = 0.25
_TAKEOVERS_A_LEASE: Final = 6


@dataclass(frozen=True, slots=True)
class Life:
    """How long leases stand without a sign of life, how often there is one, and under which name."""

    name: str
    lease_seconds: float
    seconds: float


class Pulse:
    """Runs until it is stopped. `due` is told which destinations have something to send."""

    def __init__(
        self,
        line: Line,
        layout: Layout,
        life: Life,
        leases: Leases,
        neighbours: Neighbours,
        clock: DatabaseClock,
        gauge: Gauge,
        slot: int,
        due: Callable[[Collection[str]], None],
        upkeep: Callable[[], Awaitable[None]],
    ) -> None:
        self._line = line
        self._layout = layout
        self._life = life
        self.lease_seconds = life.lease_seconds
        self._leases = leases
        self._neighbours = neighbours
        self._clock = clock
        self._gauge = gauge
        self._slot = slot
        self._due = due
        self._upkeep = upkeep
        self._steady_since: float | None = None
        self._took_over_at = 0.0
        self.drift = Drift()
        self.taken_over = 0
        """Rows whose leases lapsed, and that this router made due again."""

    async def run(self) -> None:
        while True:
            await asyncio.sleep(self._life.seconds)
            try:
                await self.beat()
                await self._upkeep()
            except SpoolBroken:
                return
            except SpoolAway:
                self._steady_since = None
            except Exception as problem:
                self._steady_since = None
                log.error("pulse_failed", error=told(problem))  # noqa: TRY400 - a message may quote values

    async def beat(self) -> None:
        """One sign of life, and all that the database tells in return."""
        said, sayings = self._neighbours.sayings(self._layout, self._leases.node)
        beat = Read(self._layout, "beat", {"node": self._leases.node, "lease": self._life.lease_seconds})
        works: list[Work[Any]] = [
            beat, Read(self._layout, "hear"), Read(self._layout, "drift"), Read(self._layout, "load"),
            everywhere(self._layout, "due"), *sayings,
        ]  # fmt: skip
        asked = time.monotonic()
        answers = await self._line.do(InTurn(works, 1), patience=self._life.lease_seconds / 3)
        ((alive, at, nodes),), heard, drift, ((rows, size, dead),), due, *_ = answers
        self._clock.told(at, asked, time.monotonic())
        self._neighbours.were_said(said)
        self.drift = Drift(*drift[0]) if drift else Drift()
        self._gauge.told(rows, size, dead)
        if not alive:
            await self._register()
        self._neighbours.count(nodes)
        self._neighbours.hear(heard, self._leases.node)
        self._due({name for bucket in due for (name,) in bucket})
        await self._look_after_others()

    async def look(self) -> None:
        """What the database tells, without a sign of life."""
        works = [Read(self._layout, name) for name in ("time", "drift", "load")]
        asked = time.monotonic()
        ((at,),), drift, load = await self._line.do(InTurn(works, 1))
        self._clock.told(at, asked, time.monotonic())
        self.drift = Drift(*drift[0]) if drift else Drift()
        self._gauge.told(*load[0])

    async def _register(self) -> None:
        """Others took this router for dead: what it had leased is theirs, and it gets a new number."""
        ((node,),) = await self._line.do(registration(self._layout, self._life))
        lost = self._leases.renumber(node)
        log.warning("leases_lapsed", rows=lost)

    async def _look_after_others(self) -> None:
        now, lease = time.monotonic(), self._life.lease_seconds
        if self._steady_since is None:
            self._steady_since = now
        if now - self._steady_since < lease * GRACE or now - self._took_over_at < lease / _TAKEOVERS_A_LEASE:
            return
        self._took_over_at = now
        gone = await self._line.do(burial(self._layout, lease))
        for _, name in gone:
            log.warning("router_lapsed", name=name)
        rows = total(await self._line.do(everywhere(self._layout, "recover", own=[], slot=self._slot)))
        if rows:
            self.taken_over += rows
            log.warning("leases_taken_over", rows=rows)


def burial(layout: Layout, lease_seconds: float) -> Read:
    """The names of routers whose time is up, who are no more from then on."""
    return Read(layout, "bury_nodes", {"grace": lease_seconds * GRACE})


def registration(layout: Layout, life: Life) -> Read:
    return Read(layout, "register", {"name": life.name, "lease": life.lease_seconds})
