"""What is on disk at one moment, and what bounds it: for `/status` and for the metrics alike."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from router.delivery.room import Reserve
from router.delivery.spool import Stats
from router.settings import Store


@dataclass(frozen=True, slots=True)
class Backlog:
    """Events by what they wait for, dead letters by reason; bytes of payloads and of the disk, seconds.

    Above `rows_limit` and `bytes_limit`, and below `disk_low_bytes` of free disk, 503 is answered.
    """

    pending: int
    in_flight: int
    rows_limit: int
    payload_bytes: int
    payload_bytes_limit: int
    oldest_seconds: int
    dead_letters: Mapping[str, int]
    dead_letters_bytes: int
    dead_letters_bytes_limit: int
    dead_letters_evicted: int
    disk_free_bytes: int
    disk_low_bytes: int

    @property
    def rows(self) -> int:
        return self.pending + self.in_flight


def backlog(
    stats: Stats,
    *,
    dead_bytes: int,
    evicted: int,
    store: Store,
    reserve: Reserve,
    disk: tuple[int, int],
    now: float,
) -> Backlog:
    """The backlog at `now`; `disk` are the free bytes and all bytes of the data directory's disk."""
    free, total = disk
    return Backlog(
        pending=sum(stats.pending.values()),
        in_flight=sum(stats.leased.values()),
        rows_limit=store.pending_rows,
        payload_bytes=stats.payload_bytes,
        payload_bytes_limit=store.pending_bytes,
        oldest_seconds=round(stats.oldest_age(now)),
        dead_letters=dict(stats.dead),
        dead_letters_bytes=dead_bytes,
        dead_letters_bytes_limit=store.dead_bytes,
        dead_letters_evicted=evicted,
        disk_free_bytes=free,
        disk_low_bytes=round(reserve.low_water(total)),
    )
