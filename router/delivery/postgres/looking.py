"""What there is to see of a spool in a database, whether routers run on it or not."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from router.delivery.account import balances
from router.delivery.postgres.address import Address
from router.delivery.postgres.gauge import books_of, stats_of
from router.delivery.postgres.layout import Layout
from router.delivery.postgres.schema import VERSION, condition, first_connection, migrate, risks
from router.delivery.postgres.wire import Connection
from router.delivery.spool import Stats

_SIZES = """
    SELECT c.relname, pg_total_relation_size(c.oid) FROM pg_class c
    JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE n.nspname = %s AND c.relkind = 'r' ORDER BY 2 DESC, 1
"""


@dataclass(frozen=True, slots=True)
class Router:
    """One that uses the spool. `silent`: its leases have ended, and others take over what it had."""

    name: str
    number: int
    since: float
    silent: bool


@dataclass(frozen=True, slots=True)
class Look:
    """`version` is None where there is no spool, and nothing else is known then but `risks`."""

    version: int | None
    latest: int
    moved_to: str | None
    risks: Sequence[str]
    stats: Stats | None = None
    routers: Sequence[Router] = ()
    sizes: Sequence[tuple[str, int]] = ()
    """Bytes on disk by table, indexes included."""
    unaccounted: Mapping[str, int] = field(default_factory=dict)
    """Events of which nobody knows what became of them, by destination; none, or there is a fault."""


async def look(address: Address) -> Look:
    """Raises `SpoolUnusable` when the database cannot be reached."""
    connection = await first_connection(address)
    async with connection:
        found, danger = await condition(connection, address), await risks(connection)
        if found.version != VERSION:
            return Look(found.version, VERSION, found.moved_to, danger)
        layout = Layout(address.schema, found.buckets)
        counters = await _rows(connection, layout.sql["counters"], {"every": layout.every})
        oldest = [await _rows(connection, layout.sql["oldest"], {"bucket": each}) for each in layout.every]
        nodes = await _rows(connection, layout.sql["nodes"], {})
        sizes = await _rows(connection, _SIZES.encode(), [address.schema])
    return Look(
        found.version, VERSION, found.moved_to, danger,
        stats_of(counters, oldest),
        [Router(name, number, since, left < 0) for number, name, since, left in nodes],
        [(str(name), int(size)) for name, size in sizes],
        {each.destination: each.unaccounted for each in balances(books_of(counters)) if each.unaccounted},
    )  # fmt: skip


async def bring_forward(address: Address) -> tuple[int | None, int]:
    """Make the tables or bring them to this version: the version before, and now. Raises `SpoolUnusable`."""
    connection = await first_connection(address)
    async with connection:
        return await migrate(connection, address)


async def _rows(connection: Connection, sql: bytes, values: Any) -> list[tuple[Any, ...]]:
    cursor = await connection.execute(sql, values)
    return await cursor.fetchall()
