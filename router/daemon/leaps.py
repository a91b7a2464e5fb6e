"""A jump of the wall clock between two requests, noticed before the later one is judged by it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Final

from router.delivery.clock import Clock

_LEAP: Final = 60.0


class Leaps:
    """Compares wall and monotonic clock at each request; `leapt` is awaited when they went apart."""

    def __init__(self, clock: Clock, leapt: Callable[[], Awaitable[object]]) -> None:
        self._clock = clock
        self._leapt = leapt
        self._between = clock.now() - clock.monotonic()

    async def look(self) -> None:
        between = self._clock.now() - self._clock.monotonic()
        if abs(between - self._between) > _LEAP:
            await self._leapt()
            self._between = between
