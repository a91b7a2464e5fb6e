"""How much there is in the spool: as this router last knew, and as the counters tell."""

from __future__ import annotations

from collections import Counter
from collections.abc import Awaitable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from router.delivery.account import Books, Posting
from router.delivery.entry import Entry
from router.delivery.postgres.trouble import SpoolAway
from router.delivery.postgres.work import Rows
from router.delivery.spool import Stats

T = TypeVar("T")


@dataclass(slots=True)
class Gauge:
    """Rows and bytes that wait, of all routers: as told last, and what this one changed since."""

    rows: int = 0
    payload_bytes: int = 0
    dead_bytes: int = 0

    def told(self, rows: int, payload_bytes: int, dead_bytes: int) -> None:
        self.rows, self.payload_bytes, self.dead_bytes = rows, payload_bytes, dead_bytes

    def stored(self, entries: Sequence[Entry]) -> None:
        self.rows += len(entries)
        self.payload_bytes += sum(len(entry.payload) for entry in entries)

    def gone(self, sizes: Sequence[int]) -> None:
        self.rows -= len(sizes)
        self.payload_bytes -= sum(sizes)


class Latest(Generic[T]):
    """What a question was last answered with, for as long as the database does not answer."""

    def __init__(self) -> None:
        self.known: T | None = None

    async def of(self, answer: Awaitable[T]) -> T:
        """Raises `SpoolAway` when it was never answered."""
        try:
            self.known = await answer
        except SpoolAway:
            if self.known is None:
                raise
        return self.known


def stats_of(counters: Rows, oldest: Sequence[Rows]) -> Stats:
    """Counters of kind 1 are what there is; dead letters by their reason stand in the books, kind 0. `oldest`
    is when the first row of each bucket was accepted, where it has one."""
    names = ("pending", "leased", "bytes", "dead_bytes", "dead")
    by: dict[str, Counter[str]] = {name: Counter() for name in names}
    for kind, destination, what, why, count in counters:
        if kind == 1:
            by[what][destination] += count
        elif what == "dead":
            by["dead"][why] += count
    waiting, dead = by["bytes"][""], by["dead_bytes"][""]
    first = min((rows[0][0] for rows in oldest if rows), default=None)
    return Stats(+by["pending"], +by["leased"], +by["dead"], waiting, first, dead)


def books_of(counters: Rows) -> Books:
    """Kind 0 are the postings; of kind 1 the rows that wait."""
    postings: dict[Posting, int] = {}
    waiting: Counter[str] = Counter()
    for kind, destination, what, why, count in counters:
        if kind == 0:
            postings[destination, what, why] = count
        elif what in ("pending", "leased"):
            waiting[destination] += count
    return Books(postings, waiting)
