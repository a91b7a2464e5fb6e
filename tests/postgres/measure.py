"""`python -m tests.postgres.measure rate|claims|room`: figures for docs/operations/scale.md.

Absolute rates are those of the machine at that moment; ratios of one run are the result.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import os
import random
import resource
import sys
import tempfile
import time
from dataclasses import astuple, dataclass, field
from pathlib import Path

from delivery_samples import NOW, delivered, entry
from postgres_server import Server, fresh_url

from router.delivery.bounds import Bounds
from router.delivery.entry import Entry
from router.delivery.postgres.address import address_of
from router.delivery.postgres.spool import PostgresSpool
from router.delivery.postgres.upkeep import Upkeep
from router.delivery.spool import Spool, SpoolFull
from router.delivery.sqlite import SqliteSpool

_PAYLOAD = os.urandom(500).hex().encode()
_WIDE = Bounds(rows=10**8, payload_bytes=10**11, queue=10**6)
_FIRST = 10**8
_CLAIMS = """
    INSERT INTO {schema}.dedup (bucket, key, state, expires, delivery_id, route, accepted_at, attempts)
    SELECT 0, decode(md5(n::text || random()::text), 'hex'), 1, %s, n, 1, %s, 1
    FROM generate_series(1, %s) AS n
"""


def _entries(first: int, count: int, rng: random.Random) -> list[Entry]:
    """One in twenty is a repeat."""
    numbers = (
        each if rng.random() > 0.05 else rng.randint(_FIRST, each) for each in range(first, first + count)
    )
    return [entry(number, payload=_PAYLOAD) for number in numbers]


async def passed(spool: Spool, seconds: float, body: int, clients: int) -> float:
    """Events a second that were accepted, claimed and settled, all of them at the end."""
    rng, done, stored, open_clients = random.Random(7), 0, 0, clients  # noqa: S311 - a repeatable one
    began = time.monotonic()

    async def put(client: int) -> None:
        nonlocal stored, open_clients
        number = _FIRST + client * 10**6
        while time.monotonic() - began < seconds:
            with contextlib.suppress(SpoolFull):  # a machine that is busy with other things
                taken = sum(await spool.put(_entries(number, body, rng)))
                stored += taken
            number += body
            # No faster than it leaves: a backlog would be measured otherwise.
            await asyncio.sleep(max(0.0, (stored - done - 20_000) / 20_000))
        open_clients -= 1

    async def send() -> None:
        nonlocal done
        while open_clients or done < stored:
            rows = (await spool.claim("shop", 1_000, NOW)).rows
            settled = await spool.settle(delivered(*(row.id for row in rows)), NOW)
            done += settled
            if not rows:
                await asyncio.sleep(0.001)

    await asyncio.gather(*(put(client) for client in range(clients)), send(), send())
    return done / (time.monotonic() - began)


@dataclass(slots=True)
class _Found:
    """Events a second, and CPU microseconds of an event in the router and in the server, in each round."""

    rates: list[float] = field(default_factory=list)
    router: list[float] = field(default_factory=list)
    server: list[float] = field(default_factory=list)

    def __str__(self) -> str:
        rate, router, server = (sorted(each)[len(each) // 2] for each in astuple(self))
        return f"{rate:.0f}/s (CPU us an event: router {router:.0f}, server {server:.0f})"


async def _round(
    spool: Spool, found: _Found, seconds: float, body: int, clients: int, server: Server
) -> None:
    cpu, served, began = time.process_time(), _cpu(server), time.monotonic()
    rate = await passed(spool, seconds, body, clients)
    events = rate * (time.monotonic() - began) / 1e6
    found.rates.append(rate)
    found.router.append((time.process_time() - cpu) / events)
    found.server.append((_cpu(server) - served) / events)


def _cpu(server: Server) -> float:
    """Seconds of the processes that a server has now: its sessions stay as long as the router's lines."""
    total = 0.0
    for path in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            if int(path.read_text().rpartition(")")[2].split()[1]) == server.pid:
                total += int((path.parent / "schedstat").read_text().split()[0]) / 1e9
    return total


async def rate(seconds: float) -> None:
    """SQLite and PostgreSQL in turns, on the same disk."""
    server = await asyncio.to_thread(lambda: Server().create().start())
    try:
        for body, clients in ((100, 2), (10, 16), (1, 64)):
            lite, full = _Found(), _Found()
            for _ in range(3):
                with tempfile.TemporaryDirectory() as folder:
                    file = await SqliteSpool.open(Path(folder) / "data", bounds=_WIDE)
                    await _round(file, lite, seconds, body, clients, server)
                    await file.close()
                spool = await PostgresSpool.open(address_of(fresh_url(server)), bounds=_WIDE)
                await _round(spool, full, seconds, body, clients, server)
                await spool.close()
            ratio = sorted(full.rates)[1] / sorted(lite.rates)[1]
            print(f"{clients} clients, bodies of {body}: sqlite {lite}, postgresql {full}: {ratio:.2f} times")
    finally:
        server.remove()


async def claims(millions: int) -> None:
    """Memory of the router, and its rate, as claims pile up."""
    server = await asyncio.to_thread(lambda: Server(fsync="off", max_wal_size="4GB").create().start())
    try:
        spool = await PostgresSpool.open(address_of(fresh_url(server)), bounds=_WIDE)
        schema = spool.layout.schema
        for step in (0, 1, millions - 1):
            with server.session() as session:
                session.execute(
                    _CLAIMS.format(schema=schema).encode(), [NOW + 172_800, NOW, step * 1_000_000]
                )
                session.execute(f"ANALYZE {schema}.dedup".encode())
                row = session.execute(
                    f"SELECT count(*), pg_total_relation_size('{schema}.dedup') FROM {schema}.dedup".encode()  # noqa: S608 - as above
                ).fetchone()
            count, size = row or (0, 0)
            found = await passed(spool, 5, 100, 2)
            memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
            each = size / count if count else 0
            print(
                f"{count} claims, {each:.0f} bytes each: {found:.0f}/s, the router at most {memory:.0f} MiB"
            )
        await spool.close()
    finally:
        server.remove()


async def room(seconds: float) -> None:
    """Sizes of the queue's tables while much passes through them, with upkeep and without."""
    for seconds_between in (10**9, 5.0):
        server = await asyncio.to_thread(lambda: Server(fsync="off").create().start())
        try:
            spool = await PostgresSpool.open(address_of(fresh_url(server)), bounds=_WIDE)
            spool.upkeep = Upkeep(spool.layout, spool.upkeep.connect, seconds_between)
            sizes = asyncio.create_task(_sizes(server, spool.layout.schema, seconds))
            found = await passed(spool, seconds, 100, 2)
            how = "without upkeep" if seconds_between > 10**6 else f"with upkeep each {seconds_between:.0f} s"
            print(f"{how}: {found:.0f}/s; MiB of delivery and body: {await sizes}")
            await spool.close()
        finally:
            server.remove()


async def _sizes(server: Server, schema: str, seconds: float) -> list[int]:
    found = []
    for _ in range(6):
        await asyncio.sleep(seconds / 6)
        with server.session() as session:
            tables = (f"pg_total_relation_size('{schema}.{name}')" for name in ("delivery", "body"))
            row = session.execute(f"SELECT {' + '.join(tables)}".encode()).fetchone()
        found.append(round((row or (0,))[0] / 2**20))
    return found


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.postgres.measure", description=__doc__)
    parser.add_argument("what", choices=["rate", "claims", "room"])
    parser.add_argument("--seconds", type=float, default=5.0, help="of each part")
    parser.add_argument("--millions", type=int, default=10, help="of claims")
    asked = parser.parse_args()
    match asked.what:
        case "rate":
            asyncio.run(rate(asked.seconds))
        case "claims":
            asyncio.run(claims(asked.millions))
        case _:
            asyncio.run(room(asked.seconds))
    return 0


if __name__ == "__main__":
    sys.exit(main())
