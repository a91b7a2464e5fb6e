"""Room on the disk: refused before it is used up, with a ballast to throw off when it is."""

from __future__ import annotations

import contextlib
import math
import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import structlog

log = structlog.get_logger()

FILE = "ballast"
RESUME = 1.2

Space = Callable[[Path], tuple[int, int]]
"""Bytes that are free to this process, and bytes in all, of the disk that a path is on."""


@dataclass(frozen=True, slots=True)
class Reserve:
    """What stays free: the larger of `free_bytes` and `free_share` of the disk; and the size of the ballast.

    On a full disk SQLite can neither delete nor empty its log, so that nothing could leave: the ballast is
    deleted then. Zeros switch each of them off.
    """

    free_bytes: int = 0
    free_share: float = 0.0
    ballast_bytes: int = 0

    def low_water(self, total: int) -> float:
        """The bytes that stay free on a disk of `total` bytes."""
        return max(self.free_bytes, total * self.free_share)


def space_of(path: Path) -> tuple[int, int]:
    found = os.statvfs(path)
    return found.f_bavail * found.f_frsize, found.f_blocks * found.f_frsize


class Glance:
    """The space of one disk, looked at anew when the last look is `seconds` old."""

    def __init__(self, seconds: float = 0.1, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._seconds = seconds
        self._monotonic = monotonic
        self._until = -math.inf
        self._found = (0, 0)

    def __call__(self, path: Path) -> tuple[int, int]:
        now = self._monotonic()
        if now >= self._until:
            self._found, self._until = space_of(path), now + self._seconds
        return self._found


class Room:
    """Shut below the low water, open again a fifth above it and when the ballast is back.

    `refusal` is asked in the event loop; `throw_off` and `refill` are called by the writer's thread alone.
    """

    def __init__(
        self, ballast: Path | None, directory: Path, reserve: Reserve, space: Space = space_of
    ) -> None:
        self._ballast = ballast
        self._directory = directory
        self._reserve = reserve
        self._space = space
        self._shut = False
        self._thrown_off = False

    def refusal(self) -> str | None:
        """Why nothing more may be stored now, if so."""
        free, low = self._levels()
        shut = self._thrown_off or free < low * (RESUME if self._shut else 1.0)
        if shut != self._shut:
            (log.warning if shut else log.info)("disk_low" if shut else "disk_has_room", free_bytes=free)
        self._shut = shut
        return "the disk is nearly full" if shut else None

    def _levels(self) -> tuple[int, float]:
        free, total = self._space(self._directory)
        return free, self._reserve.low_water(total)

    def throw_off(self) -> None:
        """The disk is full: make room for deleting."""
        if self._ballast is not None and not self._thrown_off:
            self._thrown_off = True
            with contextlib.suppress(OSError):
                os.truncate(self._ballast, 0)
            log.error("ballast_thrown_off", bytes=self._reserve.ballast_bytes)

    @property
    def thrown_off(self) -> bool:
        """Whether the ballast is gone."""
        return self._thrown_off

    def refill(self, spare: int = 0) -> None:
        """Make the ballast, anew if there is room for it; without it the spool works all the same.

        `spare` are bytes in the spool's own file that may be written again. It never gives them back, so
        where only with them there is room for a ballast, a smaller one has to do.
        """
        if self._ballast is None or _size(self._ballast) == self._reserve.ballast_bytes:
            return
        free, low = self._levels()
        room = round(free - low * RESUME)
        if room >= self._reserve.ballast_bytes:
            self._make(self._reserve.ballast_bytes)
        elif self._thrown_off and room > 0 and room + spare >= self._reserve.ballast_bytes:
            self._make(room // 2)

    def _make(self, size: int) -> None:
        if self._ballast is None:
            return
        try:
            _fill(self._ballast, size)
        except OSError as problem:
            log.warning("no_ballast", problem=problem.strerror)
            return
        self._thrown_off = False


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0


def _fill(path: Path, size: int) -> None:
    handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        os.posix_fallocate(handle, 0, size)
        os.ftruncate(handle, size)
    finally:
        os.close(handle)
