"""A spool whose payloads, and events kept as they came, are encrypted before they reach it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace

import structlog

from router.delivery.account import NOTHING, Account, Books
from router.delivery.archive import EVERY_DEAD, NONE_ANEW, Archive, DeadQuery, History, Replay, Route
from router.delivery.drift import Drift
from router.delivery.entry import DeadLetter, Entry, Queued
from router.delivery.sealing import Seal, SealProblem, is_sealed, missing_key
from router.delivery.spool import Buried, Claimed, Spool, SpoolUnusable, Stats, Step

log = structlog.get_logger()

_KEPT = b"kept"
UNREADABLE = "unreadable"


class SealedSpool:
    """See `Spool`. What was stored before sealing was switched on is read as it is."""

    def __init__(self, spool: Spool, seal: Seal) -> None:
        self._spool = spool
        self._seal = seal
        self.archive = SealedArchive(spool.archive, seal)

    async def put(self, entries: Sequence[Entry], account: Account = NOTHING) -> list[bool]:
        return await self._spool.put([closed(self._seal, entry) for entry in entries], account)

    async def claim(self, destination: str, limit: int, now: float) -> Claimed:
        claimed = await self._spool.claim(destination, limit, now)
        rows = [row._replace(entry=opened(self._seal, row.entry)) for row in claimed.rows]
        altered = [Buried(row.id, UNREADABLE) for row in rows if is_sealed(row.entry.payload)]
        if not altered:
            return Claimed(tuple(rows), claimed.next_due)
        await self._spool.settle(altered, now)
        log.error("payloads_unreadable", destination=destination, count=len(altered))
        # When nothing that can be read is left of a full claim, more may be due at once.
        next_due = now if claimed.next_due is None else claimed.next_due
        return Claimed(tuple(row for row in rows if not is_sealed(row.entry.payload)), next_due)

    async def settle(self, steps: Sequence[Step], now: float) -> int:
        return await self._spool.settle(steps, now)

    async def recover(self) -> int:
        return await self._spool.recover()

    async def purge(
        self, now: float, *, dead_before: float | None = None, remember: float = 0.0, limit: int = 1000
    ) -> int:
        return await self._spool.purge(now, dead_before=dead_before, remember=remember, limit=limit)

    async def evict(self, dead_bytes: int, now: float, *, limit: int = 1000) -> int:
        return await self._spool.evict(dead_bytes, now, limit=limit)

    async def drift(self) -> Drift:
        return await self._spool.drift()

    async def adjust(self, drift: Drift, latest_due: float) -> None:
        await self._spool.adjust(drift, latest_due)

    async def stats(self) -> Stats:
        return await self._spool.stats()

    def watch(self, stored: Callable[[Collection[str]], None]) -> None:
        self._spool.watch(stored)

    async def close(self) -> None:
        await self._spool.close()


class SealedArchive:
    """See `Archive`."""

    def __init__(self, archive: Archive, seal: Seal) -> None:
        self._archive = archive
        self._seal = seal

    async def books(self) -> Books:
        return await self._archive.books()

    async def routes(self) -> list[Route]:
        return await self._archive.routes()

    async def history(self, keys: Collection[bytes], ref: bytes) -> History:
        return await self._archive.history(keys, ref)

    async def dead(
        self, limit: int = 100, *, after: int = 0, query: DeadQuery = EVERY_DEAD
    ) -> list[DeadLetter]:
        letters = await self._archive.dead(limit, after=after, query=query)
        return [replace(letter, entry=opened(self._seal, letter.entry)) for letter in letters]

    async def waiting(self, limit: int = 100, *, after: int = 0) -> list[Queued]:
        rows = await self._archive.waiting(limit, after=after)
        return [row._replace(entry=opened(self._seal, row.entry)) for row in rows]

    async def kept(self, ids: Sequence[int]) -> dict[int, bytes]:
        found = await self._archive.kept(ids)
        clear = {row: _opened(self._seal, event, _KEPT) for row, event in found.items()}
        return {row: event for row, event in clear.items() if not is_sealed(event)}

    async def seals(self) -> set[bytes]:
        return await self._archive.seals()

    async def replay(
        self, ids: Sequence[int], now: float, *, force: bool = False, anew: Mapping[int, Entry] = NONE_ANEW
    ) -> dict[int, Replay]:
        # Sealed for the row that it goes into, which keeps its key.
        letters = await self._archive.dead(len(anew), query=DeadQuery(ids=frozenset(anew)))
        sealed = {each.id: closed(self._seal, anew[each.id]._replace(key=each.entry.key)) for each in letters}
        return await self._archive.replay(ids, now, force=force, anew=sealed)

    async def discard(self, ids: Sequence[int], now: float) -> int:
        return await self._archive.discard(ids, now)

    async def erase(self, ids: Sequence[int], now: float) -> int:
        return await self._archive.erase(ids, now)

    async def forget(self, before: float, settled_before: float, *, most: int, limit: int = 1000) -> int:
        return await self._archive.forget(before, settled_before, most=most, limit=limit)


async def sealed_with(spool: Spool, seal: Seal | None) -> Spool:
    """The spool as it is to be used. Raises `SpoolUnusable` when it holds what no key here opens."""
    for key in await spool.archive.seals():
        if seal is None or not seal.knows(key):
            raise SpoolUnusable(missing_key(key))
    return spool if seal is None else SealedSpool(spool, seal)


def closed(seal: Seal, entry: Entry) -> Entry:
    kept = None if entry.kept is None else seal.close(entry.kept, _KEPT)
    return entry._replace(payload=seal.close(entry.payload, entry.key), kept=kept)


def opened(seal: Seal, entry: Entry) -> Entry:
    """The entry with its payload in clear; as it is when it was altered on disk, and nobody can open it."""
    return entry._replace(payload=_opened(seal, entry.payload, entry.key))


def _opened(seal: Seal, content: bytes, about: bytes) -> bytes:
    try:
        return seal.open(content, about)
    except SealProblem:
        return content
