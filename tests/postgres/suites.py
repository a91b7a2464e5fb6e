"""The stories: routers that die, stand still, lose the database; a database that stops, or is lost."""

from __future__ import annotations

import asyncio
import os
import random
import signal
import time
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from postgres_server import Server
from spool_kinds import unaccounted

from router.delivery.postgres.address import address_of
from router.delivery.postgres.spool import PostgresSpool

from .cluster import BATCH, IN_FLIGHT, Cluster, Router, Wire, place
from .oracle import Oracle

CLIENTS = 8
DRAIN_SECONDS = 60.0
SYNCHRONOUS = "ANY 1 (standby)"


@dataclass(frozen=True, slots=True)
class Report:
    """What a trial came to. `violations` in words; of a control, what it lost is expected."""

    accepted: int
    lost: int
    copies: int
    bound: int
    busy: int
    slowest: float
    violations: tuple[str, ...]


@dataclass(slots=True)
class Trial:
    """One story. `rounds` says how often its fault happens."""

    server: Server
    seed: int
    rounds: int
    crashes: int = 0
    rng: random.Random = field(init=False)

    def __post_init__(self) -> None:
        self.rng = random.Random(self.seed)  # noqa: S311 - a repeatable one

    async def pause(self, least: float, most: float) -> None:
        await asyncio.sleep(self.rng.uniform(least, most))


Story = Callable[[Trial], Coroutine[Any, Any, Report]]


@asynccontextmanager
async def running(trial: Trial, url: str, routers: int) -> AsyncIterator[Cluster]:
    oracle = Oracle(trial.seed)
    await oracle.start(CLIENTS)
    try:
        async with Cluster(oracle, url) as cluster:
            for _ in range(routers):
                await cluster.start()
            yield cluster
    finally:
        await oracle.close()


async def peace(trial: Trial, cluster: Cluster, *, may_lose: bool = False) -> Report:
    """No more faults: everything arrives, and the books balance."""
    oracle = cluster.oracle
    try:
        await oracle.quiet()
    except TimeoutError:
        waiting = f"clients wait for ever: {cluster.said()[-3000:]}"
        return Report(0, 0, 0, 0, oracle.busy, oracle.slowest, (waiting,))
    arrived = await oracle.everything_arrived(3.0 if may_lose else DRAIN_SECONDS)
    bound = trial.crashes * BATCH * IN_FLIGHT
    found = []
    if not arrived and not may_lose:
        found.append(f"{len(oracle.lost)} accepted and gone: {sorted(oracle.lost)[:3]}")
    if oracle.copies > bound and not may_lose:
        found.append(f"{oracle.copies} extra copies, {bound} allowed")
    if oracle.taken_twice and not may_lose:
        found.append(f"{len(oracle.taken_twice)} taken as new twice: {oracle.taken_twice[:3]}")
    found += await _books(cluster)
    if '"level": "error"' in cluster.said():
        found.append(f"a router logged an error: {_first_error(cluster.said())}")
    return Report(
        len(oracle.accepted),
        len(oracle.lost),
        oracle.copies,
        bound,
        oracle.busy,
        oracle.slowest,
        tuple(found),
    )


async def _books(cluster: Cluster) -> list[str]:
    for router in [*cluster.routers]:
        await cluster.stop(router)
    spool = await PostgresSpool.open(address_of(cluster.url))
    try:
        stats, missing = await spool.stats(), await unaccounted(spool)
    finally:
        await spool.close()
    # Nobody offered these to the books, so all that was ever stored is too much there: no less, no more.
    stored = len(cluster.oracle.taken_as_new)
    return (
        [] if stats.rows == 0 and max(missing) == 0 else [f"rows {stats.rows}, books {missing}, {stored} new"]
    )


def _first_error(said: str) -> str:
    return next(line for line in said.splitlines() if '"level": "error"' in line)[:300]


# ------------------------------------------------------------------ routers


async def steady(trial: Trial) -> Report:
    """Nothing happens: no event is sent twice, and all routers send."""
    async with running(trial, place(trial.server), 3) as cluster:
        await asyncio.sleep(0.7 * trial.rounds)
        report = await peace(trial, cluster)
        idle = 3 - len(cluster.oracle.senders)
        return report if not idle else _with(report, f"{idle} of 3 routers sent nothing")


async def kill(trial: Trial) -> Report:
    """kill -9 of any router; another is started in its place."""
    async with running(trial, place(trial.server), 3) as cluster:
        for _ in range(trial.rounds):
            await trial.pause(0.1, 0.6)
            trial.crashes += 1
            await cluster.kill(trial.rng.choice(cluster.routers))
            await cluster.start()
        return await peace(trial, cluster)


async def stand_still(trial: Trial) -> Report:
    """SIGSTOP of any router for longer than its leases last."""
    async with running(trial, place(trial.server), 2) as cluster:
        for _ in range(trial.rounds):
            await trial.pause(0.1, 0.4)
            trial.crashes += 1
            router = trial.rng.choice(cluster.routers)
            router.signal(signal.SIGSTOP)
            cluster.oracle.ports.remove(router.port)
            await asyncio.sleep(cluster.lease * trial.rng.uniform(1.2, 1.8))
            router.signal(signal.SIGCONT)
            cluster.oracle.ports.append(router.port)
        return await peace(trial, cluster)


async def partition(trial: Trial) -> Report:
    """The network between a router and the database is lost for longer than leases last."""
    async with running(trial, place(trial.server), 1) as cluster:
        wire = Wire(trial.server.port)
        await wire.start()
        await cluster.start(wire)
        for _ in range(trial.rounds):
            await trial.pause(0.1, 0.4)
            trial.crashes += 1
            wire.cut()
            await asyncio.sleep(cluster.lease * trial.rng.uniform(1.2, 1.8))
            wire.mend()
        report = await peace(trial, cluster)
        await wire.close()
        return report


async def roll(trial: Trial) -> Report:
    """Routers are replaced one after another under load: nothing is lost, nothing sent twice."""
    async with running(trial, place(trial.server), 2) as cluster:
        for _ in range(trial.rounds):
            await trial.pause(0.1, 0.4)
            oldest: Router = cluster.routers[0]
            await cluster.start()
            await cluster.stop(oldest)
        return await peace(trial, cluster)


# ------------------------------------------------------------------ the database


async def restart(trial: Trial) -> Report:
    """The server is stopped, immediately or in order, and started again; routers are told 503 within 2 s."""
    async with running(trial, place(trial.server), 2) as cluster:
        for _ in range(trial.rounds):
            await trial.pause(0.2, 0.6)
            # Each router may have had its requests answered without being able to write it down.
            trial.crashes += len(cluster.routers)
            await asyncio.to_thread(trial.server.stop, trial.rng.choice((signal.SIGINT, signal.SIGQUIT)))
            await trial.pause(0.2, 1.0)
            await asyncio.to_thread(trial.server.start)
        report = await peace(trial, cluster)
        slow = report.slowest > 2.5
        return _with(report, f"an answer took {report.slowest:.1f} s") if slow else report


async def end_sessions(trial: Trial) -> Report:
    """An operator ends every connection, again and again."""
    async with running(trial, place(trial.server), 2) as cluster:
        for _ in range(trial.rounds):
            await trial.pause(0.05, 0.2)
            trial.crashes += len(cluster.routers)
            with trial.server.session() as session:
                session.execute(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid() "
                    "AND backend_type = 'client backend'"
                )
        return await peace(trial, cluster)


async def failover(trial: Trial) -> Report:
    """kill -9 of the primary, promotion of a synchronous standby: nothing that was accepted is lost."""
    return await _lost_primary(trial, synchronous=True, stalled=False)


async def failover_stalled(trial: Trial) -> Report:
    """The same, while the standby stands still: what it did not confirm was not accepted."""
    return await _lost_primary(trial, synchronous=True, stalled=True)


async def failover_async(trial: Trial) -> Report:
    """Control: the standby is not waited for, and what it had not got is lost."""
    return await _lost_primary(trial, synchronous=False, stalled=False)


async def failover_async_stalled(trial: Trial) -> Report:
    """Control: with a standby that stands still and is not waited for, much is lost."""
    return await _lost_primary(trial, synchronous=False, stalled=True)


async def _lost_primary(trial: Trial, *, synchronous: bool, stalled: bool) -> Report:
    settings = {"fsync": "off", "synchronous_standby_names": SYNCHRONOUS if synchronous else ""}
    primary = await asyncio.to_thread(lambda: Server(fsync="off").create().start())
    standby = Server(fsync="off", cluster_name="standby")
    try:
        await asyncio.to_thread(lambda: standby.copy_of(primary, "standby").start())
        await _waits_for_standby(primary, settings["synchronous_standby_names"])
        url = place(primary).replace(f":{primary.port}/", f":{primary.port},127.0.0.1:{standby.port}/")
        async with running(trial, url, 2) as cluster:
            # Much waits, and waits in the database alone.
            cluster.oracle.answering = 0.5
            await trial.pause(0.4, 1.0)
            await _lose(trial, primary, standby, stalled=stalled)
            cluster.oracle.answering = 0.002
            trial.crashes += len(cluster.routers)
            report = await peace(trial, cluster, may_lose=not synchronous)
            blind = stalled and not synchronous and not report.lost
            return _with(report, "a loss that must have been was not seen") if blind else report
    finally:
        await asyncio.to_thread(primary.remove)
        await asyncio.to_thread(standby.remove)


async def _waits_for_standby(primary: Server, names: str) -> None:
    with primary.session() as session:
        session.execute(f"ALTER SYSTEM SET synchronous_standby_names = '{names}'".encode())
        session.execute("SELECT pg_reload_conf()")
        end = time.monotonic() + 30
        while time.monotonic() < end:
            row = session.execute("SELECT sync_state FROM pg_stat_replication").fetchone()
            if row is not None and row[0] == ("quorum" if names else "async"):
                return
            await asyncio.sleep(0.05)
    raise AssertionError("the standby does not follow")


async def _lose(trial: Trial, primary: Server, standby: Server, *, stalled: bool) -> None:
    receivers = _receivers(standby) if stalled else []
    for pid in receivers:
        os.kill(pid, signal.SIGSTOP)
    await trial.pause(0.5, 1.0) if stalled else await trial.pause(0.0, 0.2)
    await asyncio.to_thread(primary.kill)
    for pid in receivers:
        os.kill(pid, signal.SIGCONT)
    await asyncio.to_thread(standby.promote)
    # The one that is left waits for nobody, as an operator would set it until there is another.
    with standby.session() as session:
        session.execute("ALTER SYSTEM SET synchronous_standby_names = ''")
        session.execute("SELECT pg_reload_conf()")


def _receivers(server: Server) -> list[int]:
    """The process of a standby that takes what the primary sends."""
    children = Path(f"/proc/{server.pid}/task/{server.pid}/children").read_text().split()
    return [int(pid) for pid in children if b"walreceiver" in Path(f"/proc/{pid}/cmdline").read_bytes()]


def _with(report: Report, violation: str) -> Report:
    return Report(
        report.accepted, report.lost, report.copies, report.bound, report.busy, report.slowest,
        (*report.violations, violation),
    )  # fmt: skip


SUITES: dict[str, tuple[Story, int]] = {
    "steady": (steady, 6),
    "kill": (kill, 8),
    "pause": (stand_still, 4),
    "partition": (partition, 4),
    "roll": (roll, 6),
    "restart": (restart, 4),
    "sessions": (end_sessions, 20),
    "failover": (failover, 1),
    "failover-stalled": (failover_stalled, 1),
    "failover-async": (failover_async, 1),
    "failover-async-stalled": (failover_async_stalled, 1),
}
"""Each with the faults of one trial."""
CONTROLS = frozenset({"failover-async", "failover-async-stalled"})
