"""How the server goes about statements: by key, as often as said, whatever it believes of its tables."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import pytest
from delivery_samples import NOW, delivered, entries
from postgres_pooler import pooler
from postgres_server import clean_url, fresh_url, shared_server
from spool_kinds import QUIET, claimed, offer, put_to_death

from router.delivery.entry import HOUR
from router.delivery.postgres.address import address_of
from router.delivery.postgres.layout import Layout
from router.delivery.postgres.schema import connect, quick_connection
from router.delivery.postgres.spool import PostgresSpool
from router.delivery.spool import Spool

LATER = NOW + 100 * HOUR
ODD = "-c enable_hashjoin=off -c enable_hashagg=off -c enable_sort=off -c enable_material=off"
"""For the server: joins are made row by row, and lists anew for each."""


async def opened(url: str) -> PostgresSpool:
    return await PostgresSpool.open(address_of(url), pulse_seconds=QUIET)


def analyze(schema: str) -> None:
    with shared_server().session() as session:
        for table in ("dedup", "delivery", "dead", "record", "settlement"):
            session.execute(f"ANALYZE {schema}.{table}".encode())


def test_a_step_of_housekeeping_is_bounded_whatever_the_plan() -> None:
    async def run() -> None:
        url = clean_url()
        spool = await opened(f"{url}&options={quote(ODD)}")
        await offer(spool, entries(7))
        await spool.settle(delivered(*await claimed(spool)), NOW)
        await put_to_death(spool, entries(12)[7:])
        analyze(address_of(url).schema)
        assert [await spool.purge(LATER, limit=3) for _ in range(4)] == [3, 3, 1, 0]
        assert [await spool.purge(LATER, dead_before=LATER, limit=3) for _ in range(2)] == [3, 2 + 3]
        await spool.close()

    asyncio.run(run())


def scans(plan: Any) -> Iterator[dict[str, Any]]:
    """Every look into a table."""
    if "Relation Name" in plan and "Scan" in plan["Node Type"]:
        yield plan
    for each in plan.get("Plans", ()):
        yield from scans(each)


@pytest.mark.parametrize("name", ["put", "claim", "settle", "unclaim"])
def test_a_plan_that_is_kept_from_when_the_tables_were_empty_goes_by_keys(name: str) -> None:
    async def run() -> None:
        address = address_of(fresh_url())
        await (await PostgresSpool.open(address, pulse_seconds=QUIET)).close()
        connection = await quick_connection(address)
        sql, count = numbered(Layout(address.schema).sql[name].decode())
        await connection.execute(f"PREPARE kept AS {sql}".encode())
        nothing = ", ".join(["NULL"] * count)
        cursor = await connection.execute(f"EXPLAIN (FORMAT JSON) EXECUTE kept ({nothing})".encode())
        ((plan,),) = await cursor.fetchall()
        await connection.close()
        for each in scans((json.loads(plan) if isinstance(plan, str) else plan)[0]["Plan"]):
            told = each.get("Index Cond", each.get("Recheck Cond", ""))
            assert re.search(r"\b(id|key|due|lease)\b", told), each

    asyncio.run(run())


def numbered(sql: str) -> tuple[str, int]:
    """A statement with `$1` for its values, and how many they are."""
    names: dict[str, int] = {}

    def number(match: re.Match[str]) -> str:
        return f"${names.setdefault(match[1], len(names) + 1)}"

    return re.sub(r"%\((\w+)\)[sb]", number, sql), len(names)


async def used(spool: Spool, count: int) -> int:
    """Put, claim and settle as often; how many rows were settled."""
    given, done = entries(count), 0
    for each in given:
        await offer(spool, [each])
        done += await spool.settle(delivered(*await claimed(spool)), NOW)
    return done


def test_plans_are_kept_where_one_always_meets_the_same_process() -> None:
    async def run() -> None:
        address = address_of(fresh_url())
        direct = await quick_connection(address)
        assert direct.prepare_threshold is not None
        await direct.close()
        calm = await connect(address)
        assert calm.prepare_threshold is None
        await calm.close()
        async with pooler(shared_server(), 2) as port:
            through = await quick_connection(address_of(shared_server().tcp(address.schema, port)))
            assert through.prepare_threshold is None
            await through.close()

    asyncio.run(run())


def test_a_pooler_that_looks_like_a_server_is_found_out() -> None:
    async def run() -> None:
        schema = address_of(fresh_url()).schema
        async with pooler(shared_server(), 1, announced=True) as port:
            spool = await opened(shared_server().tcp(schema, port))
            assert await used(spool, 6) == 6
            await spool.close()

    asyncio.run(run())
