"""The database's clock, for routers whose own may differ."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable


class DatabaseClock:
    """See `Clock`. The machine's time until the database has told its own; from then on that, carried on by
    the monotonic clock: so all routers judge due times and claims alike, and a clock that is set on one of
    them moves nothing."""

    def __init__(
        self,
        wall: Callable[[], float] = time.time,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._wall = wall
        self._monotonic = monotonic
        self._offset: float | None = None

    def told(self, at: float, asked: float, answered: float) -> None:
        """The database said `at`, some time between two moments of the monotonic clock."""
        offset = at - (asked + answered) / 2
        known = self._offset
        # A slow answer tells less than what is known: it may only correct by more than its own uncertainty.
        if known is None or abs(offset - known) > (answered - asked) / 2:
            self._offset = offset

    def now(self) -> float:
        return self._wall() if self._offset is None else self._monotonic() + self._offset

    def monotonic(self) -> float:
        return self._monotonic()

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)
