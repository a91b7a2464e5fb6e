"""The deliverer: a lane for each destination, and the spool's housekeeping."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Collection
from dataclasses import dataclass

import structlog

from router.delivery.clock import Clock, SystemClock, within
from router.delivery.company import Alone, Company, News
from router.delivery.condition import State
from router.delivery.housekeeping import Housekeeping
from router.delivery.lane import Lane
from router.delivery.observer import Observer, Unobserved
from router.delivery.pace import Pace
from router.delivery.retry import Policy
from router.delivery.spool import Spool, SpoolBroken
from router.delivery.surroundings import LaneSettings, Surroundings
from router.delivery.verdict import Sender

log = structlog.get_logger()

REMOVED = "destination_removed"


@dataclass(frozen=True, slots=True)
class DestinationStatus:
    """A destination as an operator sees it. `until`: when the next attempt is due, if it is not open."""

    destination: str
    state: State
    reason: str
    code: str
    until: float | None
    pending: int
    in_flight: int


class Deliverer:
    """Sends what is in the spool. Everything runs in one event loop.

    `configure` starts it and takes every later change of destinations; `drain` ends it. `broken` is set when
    the disk has failed: nothing is sent any more and the process should end, to recover at its next start.
    `company` are the routers that deliver from the same spool.
    """

    def __init__(
        self,
        spool: Spool,
        sender: Sender,
        *,
        clock: Clock | None = None,
        observer: Observer | None = None,
        policy: Policy | None = None,
        settings: LaneSettings | None = None,
        rng: random.Random | None = None,
        company: Company | None = None,
    ) -> None:
        settings = settings or LaneSettings()
        self._around = Surroundings(
            spool,
            sender,
            clock or SystemClock(),
            observer or Unobserved(),
            policy or Policy(),
            settings,
            rng or random.SystemRandom(),
            Pace(settings.requests_per_second),
            company or Alone(),
        )
        self._lanes: dict[str, Lane] = {}
        self._running: dict[Lane, asyncio.Task[None]] = {}
        self._house = Housekeeping(self._around, self._nudge_all)
        self._housekeeping: asyncio.Task[None] | None = None
        self.broken = asyncio.Event()
        spool.watch(self._stored)
        self._around.company.listen(self._told, self._around.pace.share)

    def configure(self, destinations: Collection[str]) -> None:
        """These destinations are served from now on. Those that stay are tried at once even if held.

        Entries of a destination that is gone stay in the spool, held as `destination_removed`.
        """
        for name in self._lanes.keys() - set(destinations):
            self._lanes.pop(name).stop()
        for name in destinations:
            if name in self._lanes:
                self._lanes[name].release()
            else:
                self._start(name)
        if self._housekeeping is None:
            self._housekeeping = asyncio.create_task(self._keep_house())

    async def check_clock(self) -> None:
        """Look for a jump of the wall clock now, and not at the next minute."""
        await self._house.check_clock()

    def _nudge_all(self) -> None:
        for lane in self._lanes.values():
            lane.nudge()

    def _start(self, name: str) -> None:
        lane = self._lanes[name] = Lane(name, self._around)
        task = self._running[lane] = asyncio.create_task(self._run(lane))
        task.add_done_callback(lambda _: self._running.pop(lane, None))

    async def _run(self, lane: Lane) -> None:
        try:
            await lane.run()
        except SpoolBroken:
            self._break()

    def fail(self) -> None:
        """The disk has failed, whoever noticed."""
        self._break()

    def _break(self) -> None:
        if not self.broken.is_set():
            log.critical("spool_broken")
        self.broken.set()

    def release(self, destination: str) -> None:
        """Try a held destination at once; unknown names are passed over."""
        if destination in self._lanes:
            self._lanes[destination].release()

    def _told(self, news: News) -> None:
        if news.destination in self._lanes:
            self._lanes[news.destination].told(news)

    def _stored(self, destinations: Collection[str]) -> None:
        for name in destinations:
            if name in self._lanes:
                self._lanes[name].nudge()

    async def drain(self, seconds: float) -> int:
        """Claim no more, let open requests finish for at most `seconds`, then leave them to recovery.

        Returns how many requests were still open: their attempts are on record and count as ambiguous.
        """
        for lane in self._running:
            lane.stop()
        tasks = list(self._running.values())
        if tasks:
            await within(self._around.clock, seconds, asyncio.wait(tasks))
        left = sum(lane.in_flight for lane in self._running)
        rest = [task for task in (*tasks, self._housekeeping) if task is not None]
        for task in rest:
            task.cancel()
        await asyncio.gather(*rest, return_exceptions=True)
        return left

    async def status(self) -> list[DestinationStatus]:
        """Every destination that is served or still has entries, by name."""
        stats = await self._around.spool.stats()
        names = self._lanes.keys() | stats.pending.keys() | stats.leased.keys()
        return [
            self._status(name, stats.pending.get(name, 0) + stats.leased.get(name, 0))
            for name in sorted(names)
        ]

    def _status(self, name: str, pending: int) -> DestinationStatus:
        lane = self._lanes.get(name)
        if lane is None:
            return DestinationStatus(name, "held", REMOVED, "", None, pending, 0)
        now, clock = lane.destination.condition, self._around.clock
        until = None if now.state == "open" else clock.now() + now.until - clock.monotonic()
        return DestinationStatus(name, now.state, now.reason, now.code, until, pending, lane.in_flight)

    @property
    def evicted(self) -> int:
        """Dead letters that had to go, since the start, because all together were too large."""
        return self._house.evicted

    async def _keep_house(self) -> None:
        try:
            await self._house.run()
        except SpoolBroken:
            self._break()
