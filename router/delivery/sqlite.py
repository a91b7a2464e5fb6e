"""The spool in a SQLite file: one writer thread, group commit, a hot front for repeats."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Sequence
from functools import partial
from pathlib import Path

from router.delivery.account import NOTHING, Account
from router.delivery.bounds import Bounds, Gate
from router.delivery.drift import Drift
from router.delivery.endings import Settled
from router.delivery.entry import Entry
from router.delivery.hot import HotKeys
from router.delivery.ledger import Counts, Departed, Freed, Ledger
from router.delivery.ownership import IN_DATABASE, OwnedDirectory
from router.delivery.room import FILE as BALLAST
from router.delivery.room import Glance, Reserve, Room, Space
from router.delivery.spool import Claimed, SpoolBroken, SpoolUnusable, Stats, Step
from router.delivery.sqlite_archive import SqliteArchive
from router.delivery.tally import Tally
from router.delivery.writer import Writer, unheard

FILE = "spool.sqlite"
HOT_KEYS = 50_000


class SqliteSpool:
    """See `Spool`. One process at a time owns the directory; everything here runs in the event loop."""

    def __init__(
        self,
        directory: OwnedDirectory,
        bounds: Bounds,
        hot_keys: int,
        reserve: Reserve,
        space: Space,
        committed: Callable[[float], None],
    ) -> None:
        self._directory = directory
        self._gate = Gate(bounds)
        self._hot = HotKeys(hot_keys)
        self.tally = Tally()
        self._drift = Drift()
        self._stored: Callable[[Collection[str]], None] = _nobody
        _see_that_it_is_here(directory)
        path = directory.file(FILE)
        ballast = directory.file(BALLAST) if reserve.ballast_bytes else None
        room = self._room = Room(ballast, directory.path, reserve, space)
        room.refill()
        self._writer = Writer(lambda: Ledger(path, room, directory.known()), committed=committed)
        self.archive = SqliteArchive(self._writer, self)

    @classmethod
    async def open(
        cls,
        directory: Path,
        *,
        bounds: Bounds | None = None,
        hot_keys: int = HOT_KEYS,
        reserve: Reserve | None = None,
        space: Space | None = None,
        committed: Callable[[float], None] = unheard,
    ) -> SqliteSpool:
        """Open or make the spool of `directory`. Raises `SpoolUnusable` with what is wrong.

        `committed` is called in the writer's thread with the seconds that each commit took.
        """
        owned = OwnedDirectory(directory)
        try:
            spool = cls(
                owned, bounds or Bounds(), hot_keys, reserve or Reserve(), space or Glance(), committed
            )
            await spool._writer.start()
        except BaseException:
            owned.release()
            raise
        try:
            await spool._look(owned)
        except (SpoolBroken, TypeError, ValueError) as problem:
            await spool.close()
            raise SpoolUnusable(
                f"the spool of {directory} is damaged\n"
                "  fix: `tagwright spool check` says what is wrong with it; restore a backup"
            ) from problem
        except BaseException:
            await spool.close()
            raise
        return spool

    async def _look(self, directory: OwnedDirectory) -> None:
        self._drift = await self._writer.do(Ledger.drift)
        await self._recount()
        directory.remember(await self._writer.do(Ledger.identity))

    async def _recount(self) -> None:
        await self._writer.do(Ledger.count, committed=self._counted)

    def _counted(self, counts: Counts) -> None:
        self.tally = Tally.of(counts)

    async def put(self, entries: Sequence[Entry], account: Account = NOTHING) -> list[bool]:
        if not (entries or account.postings or account.records):
            return []
        lag = self._drift.lag
        seen = self._hot.seen(entries, lag)
        fresh = [entry for place, entry in enumerate(entries) if place not in seen] if seen else list(entries)
        if fresh:
            self.admit(fresh)
        repeats = Counter([entries[place].destination for place in seen]) if seen else {}
        answers = await self._writer.do(
            lambda ledger: ledger.put(fresh, lag, account, repeats),
            weight=len(fresh) + 1,
            turn=0,
            committed=partial(self._put, fresh),
        )
        new = iter(answers)
        return [place not in seen and next(new) for place in range(len(entries))] if seen else answers

    def admit(self, fresh: Sequence[Entry]) -> None:
        """Raises `SpoolFull` when there is no room for these."""
        if refusal := self._room.refusal():
            raise self._gate.full(refusal)
        waiting = self._writer.waiting
        if waiting and waiting + len(fresh) > self._gate.bounds.queue:
            raise self._gate.full("too many entries wait for the disk")
        size = sum([len(entry.payload) for entry in fresh])
        self._gate.admit(self.tally.rows + waiting + len(fresh), self.tally.payload_bytes + size)

    def _put(self, entries: Sequence[Entry], answers: list[bool]) -> None:
        stored = [entry for entry, new in zip(entries, answers, strict=True) if new]
        if not stored:
            return
        self._hot.remember(stored)
        self.tally.put(stored)
        self.nudge({entry.destination for entry in stored})

    def nudge(self, destinations: Collection[str]) -> None:
        """Tell whoever watches that these have something to send."""
        self._stored(destinations)

    async def claim(self, destination: str, limit: int, now: float) -> Claimed:
        return await self._writer.do(
            lambda ledger: ledger.claim(destination, limit, now),
            committed=lambda claimed: self.tally.claim(destination, len(claimed.rows)),
        )

    async def settle(self, steps: Sequence[Step], now: float) -> int:
        done = await self._writer.do(
            lambda ledger: ledger.settle(steps, now), weight=len(steps), turn=1, committed=self._settled
        )
        return done.count

    def _settled(self, done: Settled) -> None:
        self.tally.settle(done)
        self._hot.ends(done.claims)

    async def recover(self) -> int:
        voided = await self._writer.do(Ledger.recover)
        await self._recount()
        return voided

    async def purge(
        self, now: float, *, dead_before: float | None = None, remember: float = 0.0, limit: int = 1000
    ) -> int:
        before = now - self._drift.lag - remember
        if self._room.thrown_off:
            # What the log holds of the disk comes first.
            await self._writer.tidy()
        await self._writer.do(lambda ledger: ledger.room.refill(ledger.spare()))
        freed = await self._writer.do(
            lambda ledger: ledger.purge(now, before, dead_before, limit), committed=self._purged
        )
        return freed.claims + len(freed.dead)

    def _purged(self, freed: Freed) -> None:
        self.departed(freed.dead)

    def departed(self, dead: Collection[Departed]) -> None:
        """Dead letters are gone, and what they claimed is free."""
        for each in dead:
            self.tally.freed(each.reason, each.size)
            self.forget(each.key)

    def forget(self, key: bytes) -> None:
        """Something is no longer claimed, whatever was known of it."""
        self._hot.forget(key)

    async def evict(self, dead_bytes: int, now: float, *, limit: int = 1000) -> int:
        # Asked every minute: the tally spares the disk.
        if self.tally.dead_bytes <= dead_bytes:
            return 0
        freed = await self._writer.do(
            lambda ledger: ledger.evict(now, dead_bytes, limit), committed=self._purged
        )
        return len(freed.dead)

    async def drift(self) -> Drift:
        return self._drift

    async def adjust(self, drift: Drift, latest_due: float) -> None:
        await self._writer.do(lambda ledger: ledger.adjust(drift, latest_due))
        if drift.lag != self._drift.lag:
            # What the front knows to be claimed was judged by another drift.
            self._hot.clear()
        self._drift = drift

    async def stats(self) -> Stats:
        oldest = await self._writer.do(Ledger.oldest)
        tally = self.tally
        return Stats(
            +tally.pending, +tally.leased, +tally.dead, tally.payload_bytes, oldest, tally.dead_bytes
        )

    def watch(self, stored: Callable[[Collection[str]], None]) -> None:
        self._stored = stored

    async def close(self) -> None:
        try:
            await self._writer.stop()
        finally:
            self._directory.release()


def _see_that_it_is_here(directory: OwnedDirectory) -> None:
    if directory.known() == IN_DATABASE and not (directory.path / FILE).exists():
        raise SpoolUnusable(
            f"the spool of {directory.path} is in a database\n"
            "  fix: name it with --spool, or copy it here with `tagwright spool copy`"
        )


def _nobody(_: Collection[str]) -> None:
    pass
