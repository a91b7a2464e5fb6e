"""A spool in a database that is moved, or moved to."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import astuple
from typing import Any, Final

from router.delivery.archive import Route
from router.delivery.postgres.address import Address
from router.delivery.postgres.columns import plain
from router.delivery.postgres.layout import Layout
from router.delivery.postgres.moved_tables import TABLES
from router.delivery.postgres.routes import way_values
from router.delivery.postgres.schema import condition, first_connection, prepare
from router.delivery.postgres.wire import Connection
from router.delivery.spool import SpoolUnusable

_ENTRY: Final = """
    d.id, d.key, r.destination, r.source, r.source_id, r.event, d.event_time, d.accepted_at, r.rules_version,
    d.claim_seconds, d.claim_until, d.resend_seconds, d.attempts, d.first_ambiguous_at, d.correlation,
    b.payload, b.kept
"""
_JOINED: Final = "JOIN {s}.body b USING (bucket, id) JOIN {s}.route r ON r.id = d.route ORDER BY d.id"
_SELECT: Final[Mapping[str, str]] = {
    "route": "SELECT id, destination, source, source_id, event, rules_version FROM {s}.route ORDER BY id",
    # Where rows are spread, several buckets may have the same one.
    "settlement": "SELECT DISTINCT ON (id) id, at, reason, code, message, request_id FROM {s}.settlement "
    "ORDER BY id",
    "delivery": f"SELECT {_ENTRY}, d.state, d.due, d.claimed_at, d.crashes, d.why "  # noqa: S608 - names of ours
    f"FROM {{s}}.delivery d {_JOINED}",
    "dead": f"SELECT {_ENTRY}, d.reason, d.code, d.message, d.request_id, d.died_at "  # noqa: S608 - as above
    f"FROM {{s}}.dead d {_JOINED}",
    "dedup": "SELECT key, state, expires, delivery_id, route, trunc(accepted_at)::int8, attempts, settlement "
    "FROM {s}.dedup ORDER BY key",
    "posting": "SELECT destination, what, why, sum(count)::int8 FROM {s}.counter WHERE kind = 0 "
    "GROUP BY destination, what, why",
    "record": "SELECT ref, at, outcome, reason, destination, event, place, rules_version, correlation, key "
    "FROM {s}.record ORDER BY id",
    "drift": "SELECT lag, remaining FROM {s}.drift",
}
_ROUTE: Final = """
    INSERT INTO {s}.route (way, destination, source, source_id, event, rules_version)
    VALUES (%(way)s, %(destination)s, %(source)s, %(source_id)s, %(event)s, %(rules_version)s)
    ON CONFLICT (way) DO UPDATE SET way = excluded.way RETURNING id
"""
_COUNTS: Final = """
    SELECT setval('{s}.settlement_id', greatest((SELECT max(id) FROM {s}.settlement), 1)),
        setval('{s}.record_id', greatest((SELECT max(id) FROM {s}.record), 1)),
        setval('{s}.row_id', greatest(%s, 1))
"""
_ALIVE: Final = "SELECT name FROM {s}.node WHERE until >= clock_timestamp() ORDER BY id LIMIT 1"
_USED: Final = " UNION ALL ".join(
    f"(SELECT 1 FROM {{s}}.{table} LIMIT 1)"  # noqa: S608 - names of ours
    for table in ("delivery", "dead", "dedup", "record", "settlement", "counter", "node")
)


class DatabaseSource:
    """Says of itself that it was moved before anything is copied, and takes it back after a failure."""

    def __init__(self, connection: Connection, address: Address, portion: int) -> None:
        self._connection = connection
        self._schema = address.schema
        self._portion = portion

    @classmethod
    @asynccontextmanager
    async def opened(cls, address: Address, to: str, portion: int) -> AsyncIterator[DatabaseSource]:
        connection = await first_connection(address)
        async with connection:
            found = await condition(connection, address)
            if found.version is None:
                raise SpoolUnusable(f"there is no spool in {address}")
            if found.moved_to not in (None, to):
                raise SpoolUnusable(f"{address} was copied to {found.moved_to}")
            source = cls(connection, address, portion)
            await source._set_aside(address, to)
            try:
                async with connection.transaction():
                    yield source
            except BaseException:
                await source._say(None)
                raise

    async def _set_aside(self, address: Address, to: str) -> None:
        await self._say(to)
        cursor = await self._connection.execute(_named(_ALIVE, self._schema))
        if alive := await cursor.fetchone():
            await self._say(None)
            raise SpoolUnusable(f"{address} is in use by {alive[0]}\n  fix: stop all routers first")

    async def _say(self, to: str | None) -> None:
        await self._connection.execute(_named("UPDATE {s}.meta SET moved_to = %s", self._schema), [to])

    async def count(self) -> Mapping[str, int]:
        return await _counts(self._connection, self._schema)

    async def rows(self, table: str) -> AsyncIterator[list[tuple[Any, ...]]]:
        async with self._connection.cursor(name=f"moving_{table}", binary=True) as cursor:
            await cursor.execute(_named(_SELECT[table], self._schema))
            while rows := await cursor.fetchmany(self._portion):
                yield rows

    async def last_row(self) -> int:
        sql = "SELECT (last_value + 1) * (SELECT buckets FROM {s}.meta) - 1 FROM {s}.row_id"
        cursor = await self._connection.execute(_named(sql, self._schema))
        found = await cursor.fetchone()
        return int(found[0]) if found else 0


class DatabaseTarget:
    """Everything in one transaction."""

    def __init__(self, connection: Connection, layout: Layout) -> None:
        self._connection = connection
        self._layout = layout
        self._routes: dict[Route, int] = {}
        self._numbers: dict[int, int] = {}
        self._records = 0

    @classmethod
    @asynccontextmanager
    async def opened(cls, address: Address) -> AsyncIterator[DatabaseTarget]:
        connection = await first_connection(address)
        async with connection:
            layout = await prepare(connection, address)
            cursor = await connection.execute(_named(_USED, address.schema))
            if await cursor.fetchone():
                raise SpoolUnusable(
                    f"{address} has a spool with something in it\n  fix: name another with ?schema=NAME"
                )
            if layout.buckets != 1:
                raise SpoolUnusable(f"{address} spreads its rows over buckets, and takes no copy")
            async with connection.transaction():
                yield cls(connection, layout)

    async def add(self, table: str, rows: list[tuple[Any, ...]]) -> None:
        named = [dict(zip(TABLES[table], row, strict=True)) for row in rows]
        match table:
            case "route":
                for each in named:
                    self._numbers[each["id"]] = await self._route(_route(each))
            case "delivery" | "dead":
                await self._entries(table, named)
            case _:
                await self._copied(_PLACES.get(table, table), [self._placed(table, each) for each in named])

    def _placed(self, table: str, row: dict[str, Any]) -> dict[str, Any]:
        """With what this engine has beside."""
        if table == "dedup":
            row["route"] = self._numbers.get(row["route"])
        if table == "posting":
            row |= {"slot": 0, "kind": 0}
        if table == "record":
            self._records += 1
            row["id"] = self._records
        return row if table == "drift" else {**row, "bucket": self._layout.home}

    async def _entries(self, table: str, rows: list[dict[str, Any]]) -> None:
        bodies = []
        for row in rows:
            route = _route(row)
            number = self._routes.get(route) or await self._route(route)
            place = {"bucket": self._layout.home, "id": row["id"]}
            bodies.append({**place, "payload": row.pop("payload"), "kept": row.pop("kept")})
            for name in ("source", "source_id", "event", "rules_version"):
                del row[name]
            row |= {**place, "route": number, "size": len(bodies[-1]["payload"])}
        await self._copied(table, rows)
        await self._copied("body", bodies)

    async def _route(self, route: Route) -> int:
        cursor = await self._connection.execute(
            _named(_ROUTE, self._layout.schema), way_values(astuple(route))
        )
        (number,) = await cursor.fetchone() or (0,)
        self._routes[route] = number
        return self._routes[route]

    async def _copied(self, table: str, rows: list[dict[str, Any]]) -> None:
        if not rows:
            return
        sql = _named(f"COPY {{s}}.{table} ({', '.join(rows[0])}) FROM STDIN", self._layout.schema)
        async with self._connection.cursor() as cursor, cursor.copy(sql) as copy:
            for row in rows:
                await copy.write_row(
                    [plain(each) if isinstance(each, str) else each for each in row.values()]
                )

    async def finish(self, last_row: int) -> None:
        await self._connection.execute(_named(_COUNTS, self._layout.schema), [last_row])
        values = {"bucket": self._layout.home, "slot": 0}
        await self._connection.execute(self._layout.sql["recount"], values)

    async def count(self) -> Mapping[str, int]:
        return await _counts(self._connection, self._layout.schema)


_PLACES: Final = {"posting": "counter"}


def _route(row: Mapping[str, Any]) -> Route:
    names = ("destination", "source", "source_id", "event", "rules_version")
    return Route(*(row[name] for name in names))


async def _counts(connection: Connection, schema: str) -> dict[str, int]:
    found = {}
    for table, sql in _SELECT.items():
        counted = f"SELECT count(*) FROM ({sql}) AS every"  # noqa: S608 - names of ours
        cursor = await connection.execute(_named(counted, schema))
        row = await cursor.fetchone()
        found[table] = int(row[0]) if row else 0
    return found


def _named(sql: str, schema: str) -> bytes:
    return sql.replace("{s}", schema).encode()
