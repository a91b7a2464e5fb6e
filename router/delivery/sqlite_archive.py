"""The operator's side of the SQLite spool."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from typing import Protocol

from router.delivery import ledger_archive as jobs
from router.delivery.account import Books, Posting
from router.delivery.archive import EVERY_DEAD, NONE_ANEW, DeadQuery, History, Replay, Route
from router.delivery.entry import DeadLetter, Entry, Queued
from router.delivery.ledger import Departed, Ledger
from router.delivery.tally import Tally
from router.delivery.writer import Writer


class Counted(Protocol):
    """The spool that these operations belong to, and whose figures they change."""

    tally: Tally

    def admit(self, fresh: Sequence[Entry]) -> None: ...

    def nudge(self, destinations: Collection[str]) -> None: ...

    def departed(self, dead: Collection[Departed]) -> None: ...

    def forget(self, key: bytes) -> None: ...


class SqliteArchive:
    """See `Archive`."""

    def __init__(self, writer: Writer[Ledger], spool: Counted) -> None:
        self._writer = writer
        self._spool = spool

    async def books(self) -> Books:
        waiting: Counter[str] = Counter()

        def at_this_moment(_: Mapping[Posting, int]) -> None:
            # Called in the order of the commits: the tally is as old as the postings.
            waiting.update(self._spool.tally.pending + self._spool.tally.leased)

        return Books(await self._writer.do(Ledger.postings, committed=at_this_moment), waiting)

    async def routes(self) -> list[Route]:
        return await self._writer.do(jobs.routes)

    async def history(self, keys: Collection[bytes], ref: bytes) -> History:
        return await self._writer.do(lambda ledger: jobs.history(ledger, keys, ref))

    async def dead(
        self, limit: int = 100, *, after: int = 0, query: DeadQuery = EVERY_DEAD
    ) -> list[DeadLetter]:
        return await self._writer.do(lambda ledger: jobs.list_dead(ledger, limit, after, query))

    async def waiting(self, limit: int = 100, *, after: int = 0) -> list[Queued]:
        return await self._writer.do(lambda ledger: jobs.list_waiting(ledger, limit, after))

    async def kept(self, ids: Sequence[int]) -> dict[int, bytes]:
        return await self._writer.do(lambda ledger: jobs.kept(ledger, ids))

    async def seals(self) -> set[bytes]:
        return await self._writer.do(jobs.seals)

    async def replay(
        self, ids: Sequence[int], now: float, *, force: bool = False, anew: Mapping[int, Entry] = NONE_ANEW
    ) -> dict[int, Replay]:
        if letters := await self._letters(ids):
            self._spool.admit([each.entry for each in letters])
        done = await self._writer.do(
            lambda ledger: jobs.replay(ledger, ids, now, force, anew), committed=self._replayed
        )
        return {row: "queued" if isinstance(each, jobs.Requeued) else each for row, each in done.items()}

    async def _letters(self, ids: Sequence[int]) -> list[DeadLetter]:
        return await self.dead(len(ids), query=DeadQuery(ids=frozenset(ids)))

    def _replayed(self, done: Mapping[int, jobs.Requeued | Replay]) -> None:
        queued = [each for each in done.values() if isinstance(each, jobs.Requeued)]
        for each in queued:
            self._spool.tally.freed(each.reason, each.size_before)
            self._spool.tally.requeued(each.destination, each.size)
        if queued:
            self._spool.nudge({each.destination for each in queued})

    async def discard(self, ids: Sequence[int], now: float) -> int:
        gone = await self._writer.do(
            lambda ledger: jobs.discard(ledger, ids, now), committed=self._spool.departed
        )
        return len(gone)

    async def erase(self, ids: Sequence[int], now: float) -> int:
        gone = await self._writer.do(lambda ledger: jobs.erase(ledger, ids, now), committed=self._erased)
        if gone.dead or gone.waiting:
            await self._writer.tidy()
        return len(gone.dead) + len(gone.waiting)

    def _erased(self, gone: jobs.Erased) -> None:
        self._spool.departed(gone.dead)
        for key, destination, leased, size in gone.waiting:
            self._spool.tally.erased(destination, leased=leased, size=size)
            self._spool.forget(key)

    async def forget(self, before: float, settled_before: float, *, most: int, limit: int = 1000) -> int:
        return await self._writer.do(lambda ledger: jobs.forget(ledger, before, settled_before, most, limit))
