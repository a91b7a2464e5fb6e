"""Room in the tables of the queue is given back while they are small.

Every row that passes through leaves dead versions behind. The server looks after them once a minute at most,
and by then a busy queue has grown over all it needs; so the routers do it themselves, as often as it pays.
"""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from typing import Final

import psycopg
import structlog

from router.delivery.postgres.layout import Layout
from router.delivery.postgres.trouble import told
from router.delivery.postgres.wire import Connection

log = structlog.get_logger()

ROWS: Final = 20_000
SECONDS: Final = 5.0
_TABLES: Final = ("delivery", "body")
# Emptying the end of a table takes a lock that stops everybody, and the room is needed again at once. A table
# that another router looks after at the moment is passed over.
_VACUUM: Final = "VACUUM (SKIP_LOCKED, TRUNCATE OFF, INDEX_CLEANUP ON)"


class Upkeep:
    """Counts what passed, and vacuums when it is much."""

    def __init__(
        self, layout: Layout, connect: Callable[[], Awaitable[Connection]], seconds: float = SECONDS
    ) -> None:
        self._layout = layout
        self.connect = connect
        self._seconds = seconds
        self._passed = 0
        self._at = time.monotonic()

    def passed(self, rows: int) -> None:
        self._passed += rows

    @property
    def worthwhile(self) -> bool:
        return self._passed >= ROWS and time.monotonic() - self._at >= self._seconds

    async def vacuum(self) -> None:
        """On a connection of its own, which may be busy for long. A failure costs nothing but room."""
        self._passed, self._at = 0, time.monotonic()
        try:
            connection = await self.connect()
            try:
                for table in _TABLES:
                    await connection.execute(f"{_VACUUM} {self._layout.schema}.{table}".encode())
            finally:
                await connection.close()
        except (psycopg.Error, OSError) as problem:
            log.info("vacuum_failed", error=told(problem))
