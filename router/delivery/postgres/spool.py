"""The spool in a database that several routers share."""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
from collections.abc import Callable, Collection, Sequence
from functools import partial
from typing import Any, Final

from router.delivery.account import NOTHING, Account
from router.delivery.bounds import Bounds, Gate
from router.delivery.drift import Drift
from router.delivery.entry import Entry
from router.delivery.postgres.address import Address
from router.delivery.postgres.archive import PostgresArchive, Tools
from router.delivery.postgres.clock import DatabaseClock
from router.delivery.postgres.gauge import Gauge, Latest, books_of, stats_of
from router.delivery.postgres.house import House
from router.delivery.postgres.joining import VISITOR, Joined, join, visit
from router.delivery.postgres.leases import Leases
from router.delivery.postgres.lines import CLAIMING, strung
from router.delivery.postgres.neighbours import Neighbours
from router.delivery.postgres.pulse import Life, Pulse, burial
from router.delivery.postgres.putting import Put
from router.delivery.postgres.routes import Routes
from router.delivery.postgres.schema import connect
from router.delivery.postgres.sending import Claim, Settle, queued_of, together
from router.delivery.postgres.simple import Read, everywhere, total
from router.delivery.postgres.upkeep import Upkeep
from router.delivery.postgres.wire import Reach
from router.delivery.postgres.work import InTurn, Rows, Work
from router.delivery.spool import Claimed, Stats, Step

LEASE_SECONDS: Final = 60.0
PULSE_SECONDS: Final = 1.0
PATIENCE: Final = 1.8
LOOK_PATIENCE: Final = 1.0
_SLOTS: Final = 64
_LINES: Final = 8


class PostgresSpool:
    """See `Spool`. Several processes may have the same one open; everything here runs in the event loop."""

    def __init__(
        self,
        address: Address,
        joined: Joined,
        *,
        bounds: Bounds,
        life: Life,
        clock: DatabaseClock,
        committed: Callable[[float], None],
    ) -> None:
        self.shown = str(address)
        """The address without its password."""
        self.risks = joined.risks
        """What the server's settings put at risk, for whoever starts it."""
        self.layout = layout = joined.layout
        self.reach = Reach()
        self.leases = Leases(joined.node)
        self.gauge = Gauge()
        self.upkeep = Upkeep(layout, partial(connect, address))
        self.company = Neighbours()
        """The other routers."""
        self.slot = self._slot(0)
        self._clock = clock
        self._gate = Gate(bounds)
        self._stored: Callable[[Collection[str]], None] = lambda _: None
        self._vacuum: asyncio.Task[None] | None = None
        self._claims_from = 0
        self._latest: Latest[Stats] = Latest()
        self._lines = strung(address, joined, self.reach, self._slot, self._unclaim, committed)
        self._routes = Routes(layout, self._lines.claiming)
        self._house = House(layout, self._lines.desk, self.slot)
        self.pulse = Pulse(
            self._lines.pulsing, layout, life, self.leases, self.company, clock, self.gauge, self.slot,
            self.nudge, self._look_after_room,
        )  # fmt: skip
        self._beating: asyncio.Task[None] | None = None
        tools = Tools(
            layout, self._lines.desk, self.slot, self._routes, self._house, self.gauge, self.upkeep,
            self.admit, self.nudge,
        )  # fmt: skip
        self.archive = PostgresArchive(tools)

    def _slot(self, line: int) -> int:
        """Where a line counts: lines that count in the same rows would wait for each other."""
        return (self.leases.node * _LINES + line) % _SLOTS

    @classmethod
    async def open(
        cls,
        address: Address,
        *,
        bounds: Bounds | None = None,
        clock: DatabaseClock | None = None,
        committed: Callable[[float], None] = lambda _: None,
        lease_seconds: float = LEASE_SECONDS,
        pulse_seconds: float = PULSE_SECONDS,
        buckets: int = 1,
        was_there: bool = False,
    ) -> PostgresSpool:
        """Make the spool or bring it forward, and join the routers that use it. Raises `SpoolUnusable`.

        `clock` follows the database's from then on. `committed` is called with the seconds of each commit.
        `buckets` counts when the spool is made; see the schema. One that `was_there` is not made anew.
        """
        life = Life(f"{socket.gethostname()}:{os.getpid()}", lease_seconds, pulse_seconds)
        joined = await join(address, life.name, lease_seconds, buckets, was_there=was_there)
        spool = cls(
            address, joined, bounds=bounds or Bounds(), life=life, clock=clock or DatabaseClock(),
            committed=committed,
        )  # fmt: skip
        await spool._begin()
        return spool

    @classmethod
    async def visit(cls, address: Address, clock: DatabaseClock) -> PostgresSpool:
        """Look into a spool, or change what an archive can, without joining its routers. Nothing is claimed.

        Raises `SpoolUnusable`, also when there is none of this version.
        """
        joined, life = await visit(address), Life("", LEASE_SECONDS, PULSE_SECONDS)
        spool = cls(address, joined, bounds=Bounds(), life=life, clock=clock, committed=lambda _: None)
        try:
            await spool.pulse.look()
        except BaseException:
            await spool.close()
            raise
        return spool

    async def _begin(self) -> None:
        """What can be shown while the database is away is known from the beginning."""
        recount = everywhere(self.layout, "recount", slot=self.slot)
        try:
            _, (counters, oldest) = await self._lines.pulsing.do(InTurn([recount, self._counting()], 1))
            await self.pulse.beat()
        except BaseException:
            await self.close()
            raise
        self._latest.known, self.archive.latest.known = stats_of(counters, oldest), books_of(counters)
        self._beating = asyncio.create_task(self.pulse.run())

    def _counting(self) -> InTurn:
        return InTurn([Read(self.layout, "counters"), everywhere(self.layout, "oldest")], 1)

    # Putting.

    async def put(self, entries: Sequence[Entry], account: Account = NOTHING) -> list[bool]:
        if not (entries or account.postings or account.records):
            return []
        if entries:
            self.admit(entries)
        numbers = await self._routes.numbers(entries, PATIENCE)
        answers: list[bool] = await self._lines.least_busy.do(
            Put(entries, numbers, account, self.pulse.drift.lag),
            patience=PATIENCE,
            committed=partial(self._put, entries),
        )
        return answers

    def admit(self, fresh: Sequence[Entry]) -> None:
        """Raises `SpoolFull` when there is no room for these."""
        waiting = self._lines.waiting
        if waiting and waiting + len(fresh) > self._gate.bounds.queue:
            raise self._gate.full("too many entries wait for the database")
        size = sum(len(entry.payload) for entry in fresh)
        self._gate.admit(self.gauge.rows + waiting + len(fresh), self.gauge.payload_bytes + size)

    def _put(self, entries: Sequence[Entry], answers: Sequence[bool]) -> None:
        stored = [entry for entry, new in zip(entries, answers, strict=True) if new]
        self.gauge.stored(stored)
        self.nudge({entry.destination for entry in stored})

    # Sending.

    async def claim(self, destination: str, limit: int, now: float) -> Claimed:
        found: Rows = []
        dues: list[float | None] = []
        every = self.layout.every
        self._claims_from = (self._claims_from + 1) % len(every)
        for bucket in every[self._claims_from :] + every[: self._claims_from]:
            if len(found) < limit:
                rows, due = await self._claimed(bucket, destination, limit - len(found), now)
                found += rows
                dues.append(due)
        routes = await self._routes.by_number(row[7] for row in found)
        return together([queued_of(row, routes) for row in found], limit, dues)

    async def _claimed(
        self, bucket: int, destination: str, limit: int, now: float
    ) -> tuple[Rows, float | None]:
        leases = self.leases
        claim = Claim(
            self.layout, bucket, destination, limit, now, leases.node, leases.lost, self._slot(CLAIMING)
        )
        rows, due = await self._lines.claiming.do(claim, committed=lambda answer: leases.take(answer[0]))
        return rows, due

    def _unclaim(self) -> Work[Any]:
        return everywhere(
            self.layout, "unclaim", lease=self.leases.node, known=self.leases.known, slot=self._slot(CLAIMING)
        )

    async def settle(self, steps: Sequence[Step], now: float) -> int:
        leases = self.leases.of(step.id for step in steps)
        if not leases:
            return 0
        done = await self._lines.settling.do(
            Settle(steps, leases, now), binding=True, committed=partial(self._settled, list(leases))
        )
        return len(done)

    def _settled(self, rows: Sequence[int], done: dict[int, int | None]) -> None:
        self.gauge.gone([size for size in done.values() if size is not None])
        self.leases.settled(rows, done)
        self.upkeep.passed(len(done))

    async def recover(self) -> int:
        """Leases of routers that live no more are void, and those of this one: it has just started."""
        await self._lines.desk.do(burial(self.layout, self.pulse.lease_seconds))
        self.leases.clear()
        work = everywhere(self.layout, "recover", own=[self.leases.node], slot=self.slot)
        return total(await self._lines.desk.do(work))

    # The house.

    async def purge(
        self, now: float, *, dead_before: float | None = None, remember: float = 0.0, limit: int = 1000
    ) -> int:
        before = now - self.pulse.drift.lag - remember
        claims = await self._house.in_buckets("purge_claims", limit, before=before)
        if dead_before is None:
            return claims
        return claims + await self._house.purge(dead_before, now, limit)

    async def evict(self, dead_bytes: int, now: float, *, limit: int = 1000) -> int:
        ((_, _, dead),) = await self._lines.desk.do(Read(self.layout, "load"), patience=LOOK_PATIENCE)
        if dead <= dead_bytes:
            return 0
        return await self._house.evict(dead_bytes, now, limit)

    async def drift(self) -> Drift:
        return self.pulse.drift

    async def adjust(self, drift: Drift, latest_due: float) -> None:
        values = {"lag": drift.lag, "remaining": drift.remaining}
        pull_in = everywhere(self.layout, "pull_in", latest=latest_due)
        await self._lines.desk.do(InTurn([Read(self.layout, "set_drift", values), pull_in], 1))
        self.pulse.drift = drift

    async def stats(self) -> Stats:
        """As it was last, while the database does not answer."""
        return await self._latest.of(self._counted())

    async def _counted(self) -> Stats:
        return stats_of(*await self._lines.desk.do(self._counting(), patience=LOOK_PATIENCE))

    async def _look_after_room(self) -> None:
        if self.upkeep.worthwhile and (self._vacuum is None or self._vacuum.done()):
            self._vacuum = asyncio.create_task(self.upkeep.vacuum())

    def watch(self, stored: Callable[[Collection[str]], None]) -> None:
        self._stored = stored

    def nudge(self, destinations: Collection[str]) -> None:
        """Tell whoever watches that these have something to send."""
        if destinations:
            self._stored(destinations)

    async def close(self) -> None:
        """Finish what waits, and leave the company: what is still leased is the others' at once."""
        for task in (self._beating, self._vacuum):
            if task is not None:
                task.cancel()
                with contextlib.suppress(asyncio.CancelledError):
                    await task
        await self._lines.close()
        if self.leases.node != VISITOR:
            with contextlib.suppress(Exception):
                leaving = Read(self.layout, "sign_off", {"node": self.leases.node})
                await self._lines.pulsing.do(leaving, patience=PATIENCE)
        await self._lines.pulsing.close()

    def abandon(self) -> None:
        """As if the process had been killed, for tests of what is left then."""
        for task in (self._beating, self._vacuum):
            if task is not None:
                task.cancel()
        self._lines.abandon()
