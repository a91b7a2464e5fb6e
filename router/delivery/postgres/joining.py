"""How a router comes to the spool of a database: as one of those that use it, or for a look."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import structlog

from router.delivery.postgres.address import Address
from router.delivery.postgres.layout import Layout
from router.delivery.postgres.schema import (
    VERSION,
    Condition,
    condition,
    first_connection,
    prepare,
    refuse,
    risks,
)
from router.delivery.postgres.wire import Connection
from router.delivery.spool import SpoolUnusable

log = structlog.get_logger()

VISITOR: Final = 0


@dataclass(frozen=True, slots=True)
class Joined:
    """A router's number among those that use the spool, what the server's settings risk, and the connection
    that told it, which is open."""

    connection: Connection
    layout: Layout
    node: int
    risks: tuple[str, ...] = ()


async def join(address: Address, name: str, lease_seconds: float, buckets: int, *, was_there: bool) -> Joined:
    """Make the spool or bring it forward, and be one of its routers. Raises `SpoolUnusable`."""
    connection = await first_connection(address)
    try:
        layout = await prepare(connection, address, buckets, was_there=was_there)
        found = await risks(connection)
        values = {"name": name, "lease": lease_seconds}
        cursor = await connection.execute(layout.sql["register"], values, binary=True)
        ((node,),) = await cursor.fetchall()
    except BaseException:
        await connection.close()
        raise
    for each in found:
        log.warning("database_setting", risk=each)
    return Joined(connection, layout, node, tuple(found))


async def visit(address: Address) -> Joined:
    """Look at the spool as it is there. Raises `SpoolUnusable`, also when there is none of this version."""
    connection = await first_connection(address)
    try:
        found = await condition(connection, address)
        _see_that_it_is_there(found, address)
    except BaseException:
        await connection.close()
        raise
    return Joined(connection, Layout(address.schema, found.buckets), VISITOR)


def _see_that_it_is_there(found: Condition, address: Address) -> None:
    refuse(found, address)
    if found.version is None:
        raise SpoolUnusable(f"there is no spool in {address}")
    if found.version < VERSION:
        raise SpoolUnusable(
            f"{address} has the tables of an older version (schema {found.version}, this is {VERSION})\n"
            "  fix: tagwright spool migrate"
        )
