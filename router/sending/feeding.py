"""Rows into the store: in portions, no faster than they leave, each portion with the cursor behind it."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import Final

from router.daemon.acceptor import RuleAcceptor
from router.daemon.aside import aside
from router.delivery.account import Account, Posting
from router.delivery.clock import Clock
from router.delivery.entry import Entry
from router.delivery.spool import Spool
from router.sending.rows import Row, Source, SourceBroken
from router.web.acceptance import Busy

PORTION_ROWS: Final = 500
PORTION_BYTES: Final = 4 << 20
MOST_WAITING: Final = 5_000
_TAKEN: Final = "rows_taken"
_NAMED: Final = 10
_LOOK_SECONDS: Final = 0.05


def cursor_of(fingerprint: str) -> Posting:
    """Where the books say how many rows of a source were taken."""
    return "", _TAKEN, fingerprint


@dataclass(slots=True)
class Rejected:
    """Rows that could not be taken for one reason: how many, and the places of the first."""

    reason: str
    count: int = 0
    first: list[int] = field(default_factory=list)


@dataclass(slots=True)
class Progress:
    """What was read so far. `earlier` rows were taken by earlier runs and passed over."""

    earlier: int = 0
    rows: int = 0
    size: int = 0
    rejected: dict[str, Rejected] = field(default_factory=dict)

    def note(self, rows: Sequence[Row]) -> None:
        """A portion is taken."""
        self.rows += len(rows)
        self.size += sum(row.size for row in rows)
        for row in rows:
            for fault in row.faults:
                known = self.rejected.setdefault(fault.code, Rejected(fault.reason))
                known.count += 1
                if len(known.first) < _NAMED:
                    known.first.append(row.place)


class Bookmark:
    """A `Store` that also writes down how far the source was read, in the same transaction.

    So a row is either taken, with all that it led to, or it is read again; not even a killed process leaves
    it in between.
    """

    def __init__(self, spool: Spool) -> None:
        self._spool = spool
        self.cursor: Posting | None = None
        self.rows = 0
        """How many rows the next `put` is of."""

    async def put(self, entries: Sequence[Entry], account: Account) -> list[bool]:
        if self.cursor is not None:
            account = replace(account, postings={**account.postings, self.cursor: self.rows})
        return await self._spool.put(entries, account)


class RowAcceptor:
    """Takes rows as an acceptor takes requests."""

    def __init__(self, bookmark: Bookmark, acceptor: RuleAcceptor) -> None:
        self.bookmark = bookmark
        self._acceptor = acceptor

    async def take(self, rows: Sequence[Row], unit: str) -> None:
        """Raises `Busy` when nothing of it was taken."""
        self.bookmark.rows = len(rows)
        arrivals = [arrival for row in rows for arrival in row.arrivals]
        rejected = Counter(fault.code for row in rows for fault in row.faults)
        await self._acceptor.accept(arrivals, rejected, f"{unit} {rows[0].place} to {rows[-1].place}")


class NoRoom(Exception):  # noqa: N818 - reads as the state it reports
    """Nothing waits that could make room, and still nothing can be stored."""


class Feeder:
    """Feeds until the source ends, `limit` rows are taken or `halt` is set."""

    def __init__(self, source: Source, clock: Clock, halt: asyncio.Event, limit: int | None) -> None:
        self.source = source
        self.progress = Progress()
        self.reading = False
        """Whether a thread is reading the source: it must not be closed then."""
        self._clock = clock
        self._halt = halt
        self._limit = limit

    async def feed(self, earlier: int, acceptor: RowAcceptor, spool: Spool) -> None:
        """All rows behind the first `earlier`. Raises `SourceBroken`, `NoRoom` and `SpoolBroken`."""
        self.progress.earlier = earlier
        end = None if self._limit is None else earlier + self._limit
        portions = _portions(islice(self.source.rows, earlier, end))
        while await self._has_room(spool) and (portion := await self._next(portions)):
            rows, broken = portion
            if rows:
                await self._take(rows, acceptor, spool)
            if broken is not None:
                raise broken

    async def _has_room(self, spool: Spool) -> bool:
        while not self._halt.is_set() and (await spool.stats()).rows >= MOST_WAITING:
            await self._clock.sleep(_LOOK_SECONDS)
        return not self._halt.is_set()

    async def _next(self, portions: Iterator[_Portion]) -> _Portion | None:
        """The next portion, read beside the event loop; None at the end, or after `halt`."""
        self.reading = True
        reading = asyncio.create_task(aside(lambda: next(portions, None), "rows"))
        halted = asyncio.create_task(self._halt.wait())
        await asyncio.wait((reading, halted), return_when=asyncio.FIRST_COMPLETED)
        halted.cancel()
        if reading.done():
            self.reading = False
            return reading.result()
        reading.cancel()
        return None

    async def _take(self, rows: Sequence[Row], acceptor: RowAcceptor, spool: Spool) -> None:
        """A portion that finds no room in an empty store is taken in halves: it may be larger than that."""
        while not self._halt.is_set():
            try:
                await acceptor.take(rows, self.source.unit)
            except Busy as busy:
                if (await spool.stats()).rows:
                    await self._clock.sleep(min(1.0, busy.retry_after))
                elif len(rows) == 1:
                    raise NoRoom(busy.reason) from None
                else:
                    middle = len(rows) // 2
                    await self._take(rows[:middle], acceptor, spool)
                    rows = rows[middle:]
            else:
                self.progress.note(rows)
                return


_Portion = tuple[list[Row], SourceBroken | None]


def _portions(rows: Iterator[Row]) -> Iterator[_Portion]:
    """Rows in portions; a source that breaks ends with what it gave before."""
    portion: list[Row] = []
    size = 0
    try:
        for row in rows:
            portion.append(row)
            size += row.size
            if len(portion) >= PORTION_ROWS or size >= PORTION_BYTES:
                yield portion, None
                portion, size = [], 0
    except SourceBroken as broken:
        yield portion, broken
        return
    if portion:
        yield portion, None
