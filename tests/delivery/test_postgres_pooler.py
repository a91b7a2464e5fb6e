"""The spool behind a pooler in transaction mode: transactions of a connection meet different processes."""

import asyncio

import psycopg
import pytest
from delivery_samples import NOW, buried, delivered, entry
from postgres_pooler import pooler
from postgres_server import fresh_url, shared_server
from spool_kinds import claimed, offer, unaccounted

from router.delivery.postgres.address import address_of
from router.delivery.postgres.spool import PostgresSpool
from router.delivery.spool import Buried


def test_the_pooler_of_these_tests_keeps_no_session() -> None:
    async def run() -> None:
        async with pooler(shared_server(), 2) as port:
            conninfo = f"host=127.0.0.1 port={port} user=router dbname=postgres"
            connection = await psycopg.AsyncConnection.connect(conninfo, autocommit=True)
            found = [await (await connection.execute("SELECT pg_backend_pid()")).fetchone() for _ in range(4)]
            assert len(set(found)) == 2
            await connection.execute("PREPARE one AS SELECT 1")
            with pytest.raises(psycopg.errors.InvalidSqlStatementName):
                await connection.execute("EXECUTE one")
            await connection.close()

    asyncio.run(run())


def test_everything_works_behind_a_pooler() -> None:
    async def run() -> None:
        schema = fresh_url().rpartition("=")[2]
        async with pooler(shared_server(), 2) as port:
            address = address_of(shared_server().tcp(schema, port))
            spools = [await PostgresSpool.open(address, pulse_seconds=0.02) for _ in range(2)]
            dead = sum(await asyncio.gather(*(working(spool, number) for number, spool in enumerate(spools))))
            stats = await spools[0].stats()
            assert (stats.rows, stats.dead) == (0, {"refused": dead})
            assert await spools[1].purge(NOW, dead_before=NOW + 1) == dead
            assert (await spools[0].archive.books()).postings["shop", "sent", ""] == 2 * 150 - dead
            assert await unaccounted(spools[0]) == {0}
            for spool in spools:
                await spool.close()

    asyncio.run(run())


async def working(spool: PostgresSpool, router: int) -> int:
    """Ten clients, and a sender; how many rows it had refused."""

    async def putting(client: int) -> None:
        for number in range(15):
            await offer(spool, [entry(router * 1000 + client * 100 + number), entry(router * 1000)])

    dead = 0
    await asyncio.gather(*(putting(client) for client in range(10)))
    while rows := await claimed(spool, 25):
        steps = [buried(row) if row % 5 == 0 else delivered(row)[0] for row in rows]
        assert await spool.settle(steps, NOW) == len(rows)
        dead += sum(isinstance(step, Buried) for step in steps)
    return dead
