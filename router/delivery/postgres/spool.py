"""The spool in a database that several routers share."""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
from collections import Counter
from collections.abc import Callable, Collection, Sequence
from functools import partial
from typing import Any, Final

import structlog

from router.delivery.account import NOTHING, Account
from router.delivery.archive import Route
from router.delivery.bounds import Bounds, Gate
from router.delivery.drift import Drift
from router.delivery.entry import Entry
from router.delivery.postgres.address import Address
from router.delivery.postgres.archive import PostgresArchive
from router.delivery.postgres.clock import DatabaseClock
from router.delivery.postgres.layout import Layout
from router.delivery.postgres.leases import Leases
from router.delivery.postgres.line import InTurn, Line, Reach, Rows, Work
from router.delivery.postgres.neighbours import Neighbours
from router.delivery.postgres.pulse import Gauge, Life, Pulse, burial, registration
from router.delivery.postgres.putting import Put, Puts
from router.delivery.postgres.routes import Routes, route_of, route_values
from router.delivery.postgres.schema import connect, first_connection, prepare, risks
from router.delivery.postgres.sending import Claim, Settle, Settles, queued_of, together
from router.delivery.postgres.simple import InBuckets, Read, everywhere, total
from router.delivery.postgres.upkeep import Upkeep
from router.delivery.spool import Claimed, Stats, Step

log = structlog.get_logger()

LEASE_SECONDS: Final = 60.0
PULSE_SECONDS: Final = 1.0
PATIENCE: Final = 1.8
DESK_PATIENCE: Final = 30.0
PUTTING: Final = 2
_SLOTS: Final = 64
_LINES: Final = 8


class PostgresSpool:
    """See `Spool`. Several processes may have the same one open; everything here runs in the event loop."""

    def __init__(
        self,
        address: Address,
        layout: Layout,
        node: int,
        *,
        bounds: Bounds,
        life: Life,
        clock: DatabaseClock,
        committed: Callable[[float], None],
    ) -> None:
        dial, reach = partial(connect, address), Reach()
        self.layout = layout
        self.routes = Routes()
        self.leases = Leases(node)
        self.gauge = Gauge()
        self.upkeep = Upkeep(layout, dial)
        self.neighbours = Neighbours()
        self.slot = node * _LINES % _SLOTS
        self._gate = Gate(bounds)
        self._stored: Callable[[Collection[str]], None] = lambda _: None
        self._vacuum: asyncio.Task[None] | None = None
        self._claims_from = 0
        self._putting = [
            Line(dial, reach, together=partial(self._puts, self.slot + 1 + each), committed=committed)
            for each in range(PUTTING)
        ]
        self._claiming = Line(dial, reach, lost=self._unclaim)
        self._settling = Line(dial, reach, together=self._settles, committed=committed)
        self.desk = Line(dial, reach)
        self._pulsing = Line(dial, reach)
        self.pulse = Pulse(
            self._pulsing, layout, life, self.leases, self.neighbours, clock, self.gauge, self.slot,
            self.nudge, self._look_after_room,
        )  # fmt: skip
        self._beating: asyncio.Task[None] | None = None
        self.archive = PostgresArchive(self)
        self.risks: tuple[str, ...] = ()
        """What the server's settings put at risk, for whoever starts it."""

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
    ) -> PostgresSpool:
        """Make the spool or bring it forward, and join the routers that use it. Raises `SpoolUnusable`.

        `clock` follows the database's from then on. `committed` is called with the seconds of each commit.
        `buckets` counts when the spool is made; see the schema.
        """
        life = Life(f"{socket.gethostname()}:{os.getpid()}", lease_seconds, pulse_seconds)
        connection = await first_connection(address)
        try:
            layout = await prepare(connection, address, buckets)
            found = await risks(connection)
            cursor = await connection.execute(
                layout.sql["register"], registration(layout, life).values, binary=True
            )
            ((node,),) = await cursor.fetchall()
        finally:
            await connection.close()
        for each in found:
            log.warning("database_setting", risk=each)
        spool = cls(
            address, layout, node, bounds=bounds or Bounds(), life=life, clock=clock or DatabaseClock(),
            committed=committed,
        )  # fmt: skip
        spool.risks = tuple(found)
        await spool._begin()
        return spool

    async def _begin(self) -> None:
        try:
            recount = everywhere(self.layout, "recount", slot=self.slot)
            await self.desk.do(recount, patience=DESK_PATIENCE)
            await self.pulse.beat()
        except BaseException:
            await self.close()
            raise
        self._beating = asyncio.create_task(self.pulse.run())

    @property
    def company(self) -> Neighbours:
        """The other routers."""
        return self.neighbours

    # Putting.

    async def put(self, entries: Sequence[Entry], account: Account = NOTHING) -> list[bool]:
        if not (entries or account.postings or account.records):
            return []
        if entries:
            self.admit(entries)
        for route in {route_of(entry) for entry in entries}:
            await self.number(route)
        line = min(self._putting, key=lambda each: each.waiting)
        work = Put(entries, account, self.pulse.drift.lag)
        answers: list[bool] = await line.do(
            self._alone(line, work), patience=PATIENCE, committed=partial(self._put, entries)
        )
        return answers

    def _alone(self, line: Line, put: Put) -> Work[Any]:
        return _Mergeable(put, partial(self._puts, self.slot + 1 + self._putting.index(line)))

    def _puts(self, slot: int, works: Sequence[Any]) -> Work[Sequence[Any]]:
        return Puts([each.part for each in works], self.layout, self.routes, slot % _SLOTS)

    def admit(self, fresh: Sequence[Entry]) -> None:
        """Raises `SpoolFull` when there is no room for these."""
        waiting = sum(line.waiting for line in self._putting)
        if waiting and waiting + len(fresh) > self._gate.bounds.queue:
            raise self._gate.full("too many entries wait for the database")
        size = sum(len(entry.payload) for entry in fresh)
        self._gate.admit(self.gauge.rows + waiting + len(fresh), self.gauge.payload_bytes + size)

    def _put(self, entries: Sequence[Entry], answers: Sequence[bool]) -> None:
        stored = [entry for entry, new in zip(entries, answers, strict=True) if new]
        self.gauge.rows += len(stored)
        self.gauge.payload_bytes += sum(len(entry.payload) for entry in stored)
        if stored:
            self.nudge({entry.destination for entry in stored})

    async def number(self, route: Route) -> int:
        """The number of a route, which is made where there is none."""
        found = self.routes.number(route)
        if found is None:
            work = Read(self.layout, "add_route", route_values(route))
            rows: Rows = []
            while not rows:  # another router's, made since this statement began: the next one sees it
                rows = await self.desk.do(work, patience=PATIENCE)
            found = int(rows[0][0])
            self.routes.learn(found, route)
        return found

    def route(self, number: int) -> Route:
        found = self.routes.route(number)
        if found is None:
            raise LookupError("an unknown route")
        return found

    async def learn(self, numbers: Collection[int | None]) -> None:
        """Have the routes of rows that were read at hand."""
        if any(each is not None and self.routes.route(each) is None for each in numbers):
            for number, *names in await self.desk.do(Read(self.layout, "routes")):
                self.routes.learn(number, Route(*names))

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
        await self.learn({row[7] for row in found})
        return together([queued_of(row, self.route) for row in found], limit, dues)

    async def _claimed(
        self, bucket: int, destination: str, limit: int, now: float
    ) -> tuple[Rows, float | None]:
        leases = self.leases
        claim = Claim(
            self.layout, bucket, destination, limit, now, leases.node, leases.lost, (self.slot + 4) % _SLOTS
        )
        rows, due = await self._claiming.do(claim, committed=lambda answer: leases.take(answer[0]))
        return rows, due

    def _unclaim(self) -> Work[Any]:
        return everywhere(
            self.layout, "unclaim", lease=self.leases.node, known=self.leases.known,
            slot=(self.slot + 4) % _SLOTS,
        )  # fmt: skip

    async def settle(self, steps: Sequence[Step], now: float) -> int:
        leases = self.leases.of(step.id for step in steps)
        if not leases:
            return 0
        work = _Mergeable(Settle(steps, leases, now), self._settles)
        done = await self._settling.do(work, binding=True, committed=partial(self._settled, list(leases)))
        return len(done)

    def _settles(self, works: Sequence[Any]) -> Work[Sequence[Any]]:
        return Settles([each.part for each in works], self.layout, (self.slot + 5) % _SLOTS)

    def _settled(self, rows: Sequence[int], done: dict[int, int | None]) -> None:
        gone = [size for size in done.values() if size is not None]
        self.gauge.rows -= len(gone)
        self.gauge.payload_bytes -= sum(gone)
        self.leases.settled(rows, done)
        self.upkeep.passed(len(done))

    async def recover(self) -> int:
        """Leases of routers that live no more are void, and those of this one: it has just started."""
        await self.desk.do(burial(self.layout, self.pulse.lease_seconds))
        self.leases.clear()
        work = everywhere(self.layout, "recover", own=[self.leases.node], slot=self.slot)
        return total(await self.desk.do(work))

    # The house.

    async def purge(
        self, now: float, *, dead_before: float | None = None, remember: float = 0.0, limit: int = 1000
    ) -> int:
        before = now - self.pulse.drift.lag - remember
        claims = await self._in_buckets("purge_claims", limit, before=before)
        if dead_before is None:
            return claims
        values = {"before": dead_before, "limit": limit}
        return claims + await self.archive.depart("old_dead", values, now)

    async def _in_buckets(self, name: str, limit: int, **values: Any) -> int:
        done = 0
        for bucket in self.layout.every:
            if done < limit:
                work = InBuckets(self.layout, name, {bucket: {**values, "limit": limit - done}})
                done += await self.kept_house(work)
        return done

    async def kept_house(self, work: Work[Any]) -> int:
        """What a statement of housekeeping did; nothing while another router does it."""
        both = InTurn([Read(self.layout, "housekeeper"), work], work.weight)
        ((mine,),), done = await self.desk.do(both, patience=DESK_PATIENCE)
        return total(done) if mine else 0

    async def evict(self, dead_bytes: int, now: float, *, limit: int = 1000) -> int:
        ((_, _, dead),) = await self.desk.do(Read(self.layout, "load"), patience=DESK_PATIENCE)
        if dead <= dead_bytes:
            return 0
        return await self.archive.depart("excess_dead", {"dead_bytes": dead_bytes, "limit": limit}, now)

    async def drift(self) -> Drift:
        return self.pulse.drift

    async def adjust(self, drift: Drift, latest_due: float) -> None:
        values = {"lag": drift.lag, "remaining": drift.remaining}
        pull_in = everywhere(self.layout, "pull_in", latest=latest_due)
        both = InTurn([Read(self.layout, "set_drift", values), pull_in], 1)
        await self.desk.do(both, patience=DESK_PATIENCE)
        self.pulse.drift = drift

    async def stats(self) -> Stats:
        both = InTurn([Read(self.layout, "counters"), everywhere(self.layout, "oldest")], 1)
        counters, oldest = await self.desk.do(both, patience=DESK_PATIENCE)
        return stats_of(counters, [rows[0][0] for rows in oldest if rows])

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
        for line in (*self._putting, self._claiming, self._settling, self.desk):
            await line.close()
        with contextlib.suppress(Exception):
            leaving = Read(self.layout, "sign_off", {"node": self.leases.node})
            await self._pulsing.do(leaving, patience=PATIENCE)
        await self._pulsing.close()

    def abandon(self) -> None:
        """As if the process had been killed, for tests of what is left then."""
        for task in (self._beating, self._vacuum):
            if task is not None:
                task.cancel()
        for line in (*self._putting, self._claiming, self._settling, self.desk, self._pulsing):
            line.abandon()


class _Mergeable:
    """A work that is done by the statement for several, of which it is one."""

    def __init__(self, part: Any, together: Callable[[Sequence[Any]], Work[Sequence[Any]]]) -> None:
        self.part = part
        self._together = together
        self._whole: Work[Sequence[Any]] | None = None

    @property
    def weight(self) -> int:
        weight: int = self.part.weight
        return weight

    def asks(self) -> Sequence[Any]:
        self._whole = self._together([self])
        return self._whole.asks()

    def read(self, answers: Sequence[Rows]) -> Any:
        if self._whole is None:
            raise RuntimeError("read before it was asked")
        return self._whole.read(answers)[0]


def stats_of(counters: Rows, oldest: Sequence[float]) -> Stats:
    """Counters of kind 1 are what there is; dead letters by their reason stand in the books, kind 0."""
    names = ("pending", "leased", "bytes", "dead_bytes", "dead")
    by: dict[str, Counter[str]] = {name: Counter() for name in names}
    for kind, destination, what, why, count in counters:
        if kind == 1:
            by[what][destination] += count
        elif what == "dead":
            by["dead"][why] += count
    waiting, dead = by["bytes"][""], by["dead_bytes"][""]
    return Stats(+by["pending"], +by["leased"], +by["dead"], waiting, min(oldest, default=None), dead)
