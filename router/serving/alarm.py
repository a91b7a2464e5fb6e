"""A moment until which something must have happened."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable


class Alarm:
    """Rings once its moment has passed. To put it off costs next to nothing, as every request does: a timer
    that is set for an earlier time stays, looks, and sets itself again.
    """

    __slots__ = ("_due", "_loop", "_ring", "_timer", "_timer_at")

    def __init__(self, loop: asyncio.AbstractEventLoop, ring: Callable[[], None]) -> None:
        self._loop = loop
        self._ring = ring
        self._due = math.inf
        self._timer: asyncio.TimerHandle | None = None
        self._timer_at = math.inf

    def set(self, seconds: float) -> None:
        """Ring so long from now, and not before."""
        self._due = self._loop.time() + seconds
        if self._due < self._timer_at:
            self._arm()

    def off(self) -> None:
        """Do not ring."""
        self._due = math.inf

    def end(self) -> None:
        """Never ring again."""
        if self._timer is not None:
            self._timer.cancel()

    def _arm(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer_at = self._due
        self._timer = self._loop.call_at(self._due, self._look)

    def _look(self) -> None:
        self._timer, self._timer_at = None, math.inf
        if self._loop.time() >= self._due:
            self._due = math.inf
            self._ring()
        elif self._due < math.inf:
            self._arm()
