"""The spool's schema: made, brought to this version, looked at; and what the server's settings risk."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import psycopg
import structlog

from router.delivery.postgres.address import Address
from router.delivery.postgres.layout import Layout
from router.delivery.postgres.statements import creation, migration
from router.delivery.postgres.trouble import told, unreachable
from router.delivery.postgres.wire import Connection
from router.delivery.spool import SpoolUnusable

log = structlog.get_logger()

VERSION: Final = 1
OLDEST_SERVER: Final = 15
PREPARED: Final = 2
"""How often a statement is run before its plan is kept."""
# A plan that is kept was made when the tables were small, and is to be right when they are large: row by row,
# each by its key.
_KEPT_PLANS: Final = (
    b"SET plan_cache_mode = force_generic_plan; SET jit = off; "
    b"SET enable_seqscan = off; SET enable_hashjoin = off; SET enable_mergejoin = off"
)
_SETTINGS: Final = "fsync", "full_page_writes", "synchronous_commit", "synchronous_standby_names"


@dataclass(frozen=True, slots=True)
class Condition:
    """What is there. `version` is None where there is no spool; `moved_to` where it was copied to."""

    version: int | None
    buckets: int = 1
    moved_to: str | None = None


async def connect(address: Address) -> Connection:
    """A connection that keeps nothing between transactions: behind a pooler each may meet another process."""
    return await psycopg.AsyncConnection.connect(address.conninfo, autocommit=True, prepare_threshold=None)


async def quick_connection(address: Address) -> Connection:
    """One that keeps the plans of statements, unless there is a pooler; making them costs more than the rest.

    A pooler cannot know whom a transaction will meet, so the process that answers is not the announced one.
    """
    connection = await connect(address)
    try:
        (found,) = await _rows(connection, "SELECT pg_backend_pid()")
        if found[0] == connection.info.backend_pid:
            await connection.execute(_KEPT_PLANS)
            connection.prepare_threshold = PREPARED
    except BaseException:
        await connection.close()
        raise
    return connection


async def first_connection(address: Address) -> Connection:
    """Raises `SpoolUnusable` when the database cannot be reached or is none that can be used."""
    try:
        connection = await connect(address)
    except (psycopg.Error, OSError) as problem:
        raise SpoolUnusable(_unreachable(address, problem)) from None
    try:
        await _usable(connection, address)
    except BaseException:
        await connection.close()
        raise
    return connection


def _unreachable(address: Address, problem: Exception) -> str:
    if isinstance(problem, psycopg.ProgrammingError):
        return (
            f"the address of {address} has a part that PostgreSQL does not know\n"
            "  fix: look at what follows the question mark"
        )
    state = getattr(problem, "sqlstate", None) or ""
    why = {"28": "it refuses the user or the password", "3D": "there is no such database"}.get(state[:2])
    return (
        f"{address} cannot be reached: {why or unreachable(problem)}\n"
        "  fix: see that it runs, and that user, password and host are right"
    )


async def _usable(connection: Connection, address: Address) -> None:
    rows = await _rows(
        connection,
        "SELECT current_setting('server_version_num')::int / 10000, pg_is_in_recovery(), "
        "current_setting('server_encoding')",
    )
    version, reads_only, encoding = rows[0]
    if version < OLDEST_SERVER:
        raise SpoolUnusable(f"{address} is PostgreSQL {version}, and {OLDEST_SERVER} or newer is needed")
    if reads_only:
        raise SpoolUnusable(
            f"{address} is a standby, which takes no writes\n"
            "  fix: name the primary, or all of them: host1,host2"
        )
    if encoding != "UTF8":
        raise SpoolUnusable(f"the database of {address} is encoded in {encoding}\n  fix: use one in UTF8")


async def risks(connection: Connection) -> list[str]:
    """Settings of the server with which a crash can take back what was acknowledged."""
    asked = ", ".join(f"current_setting('{name}')" for name in _SETTINGS)
    (row,) = await _rows(connection, f"SELECT {asked}")
    fsync, full_pages, commit, standbys = row
    found = []
    if fsync != "on":
        found.append("fsync is off: a power cut can destroy the database and every acknowledged event")
    if full_pages != "on":
        found.append("full_page_writes is off: a power cut can leave pages half written")
    if commit == "off":
        found.append("synchronous_commit is off: a crash loses events that were acknowledged")
    elif commit == "local" and standbys:
        found.append("synchronous_commit is local: with the primary, acknowledged events are lost")
    return found


async def condition(connection: Connection, address: Address) -> Condition:
    """What is in the schema."""
    # From the catalogue itself: what a session remembers of names may be older than what another made.
    (found,) = await _rows(
        connection,
        "SELECT EXISTS (SELECT FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace "
        "WHERE n.nspname = %s AND c.relname = 'meta')",
        [address.schema],
    )
    if not found[0]:
        return Condition(None)
    (row,) = await _rows(connection, f"SELECT version, buckets, moved_to FROM {address.schema}.meta")  # noqa: S608 - a checked name
    return Condition(*row)


async def prepare(
    connection: Connection, address: Address, buckets: int = 1, *, was_there: bool = False
) -> Layout:
    """Make the schema or bring it forward; one router at a time. Raises `SpoolUnusable`.

    One that `was_there` and is no more is missed, and not made anew.
    """
    try:
        found = await condition(connection, address)
        if found.version is None and was_there:
            raise SpoolUnusable(
                f"there is no spool in {address}, and this router had one, with what was accepted\n"
                "  fix: restore a backup of it; to begin anew, choose another data directory"
            )
        if found.version != VERSION:
            found = await _brought_forward(connection, address, buckets)
    except psycopg.errors.InsufficientPrivilege:
        raise SpoolUnusable(
            f"the user may not make tables in {address}\n"
            f"  fix: CREATE SCHEMA {address.schema} AUTHORIZATION the user, or name another schema"
        ) from None
    except (psycopg.Error, OSError) as problem:
        raise SpoolUnusable(f"{address} cannot be used: {told(problem)}") from None
    refuse(found, address)
    return Layout(address.schema, found.buckets)


async def migrate(connection: Connection, address: Address, buckets: int = 1) -> tuple[int | None, int]:
    """Make the schema or bring it forward; its version before and now."""
    before = (await condition(connection, address)).version
    await prepare(connection, address, buckets)
    return before, VERSION


async def _brought_forward(connection: Connection, address: Address, buckets: int) -> Condition:
    async with connection.transaction():
        await connection.execute(
            "SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"{address.schema}.schema"]
        )
        # Another router may have done it while this one waited for the lock.
        found = await condition(connection, address)
        refuse(found, address)
        for each in await _steps(connection, address, found):
            await connection.execute(each)
        if found.version is None:
            await connection.execute(
                f"INSERT INTO {address.schema}.meta (version, buckets) VALUES (%s, %s)",  # noqa: S608 - a checked name
                [VERSION, buckets],
            )
        elif found.version != VERSION:
            await connection.execute(f"UPDATE {address.schema}.meta SET version = %s", [VERSION])  # noqa: S608 - as above
            log.info("spool_migrated", before=found.version, now=VERSION)
        return await condition(connection, address)


async def _steps(connection: Connection, address: Address, found: Condition) -> list[bytes]:
    if found.version is not None:
        return [each for at in range(found.version, VERSION) for each in migration(at, address.schema)]
    (there,) = await _rows(
        connection,
        "SELECT EXISTS (SELECT FROM pg_namespace WHERE nspname = %(name)s), "
        "(SELECT count(*) FROM pg_tables WHERE schemaname = %(name)s)",
        {"name": address.schema},
    )
    exists, tables = there
    if tables:
        raise SpoolUnusable(
            f"the schema {address.schema} of {address} holds another program's tables\n"
            "  fix: name another with ?schema=NAME"
        )
    made = [] if exists else [f"CREATE SCHEMA {address.schema}".encode()]
    return [*made, *creation(address.schema)]


def refuse(found: Condition, address: Address) -> None:
    """Raises `SpoolUnusable` when what is there is not to be used."""
    if found.version is not None and found.version > VERSION:
        raise SpoolUnusable(
            f"{address} was written by a newer version (schema {found.version}, this one knows {VERSION})\n"
            "  fix: run the newer version"
        )
    if found.moved_to is not None:
        raise SpoolUnusable(
            f"{address} was copied to {found.moved_to}, and is not used any more\n  fix: use that one"
        )


async def _rows(connection: Connection, sql: str, values: Any = None) -> Sequence[tuple[Any, ...]]:
    cursor = await connection.execute(sql.encode(), values)
    return await cursor.fetchall()
