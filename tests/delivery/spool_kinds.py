"""Every kind of spool, for what all of them promise."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from delivery_samples import NOW, buried
from postgres_server import clean_url

from router.delivery.account import OFFERED, RECEIVED, ROUTED, Account, Record, balances
from router.delivery.bounds import Bounds
from router.delivery.entry import Entry
from router.delivery.memory import MemorySpool
from router.delivery.postgres.address import address_of
from router.delivery.postgres.spool import PostgresSpool
from router.delivery.sealed import SealedSpool
from router.delivery.sealing import Seal, seal_of
from router.delivery.spool import Spool
from router.delivery.sqlite import SqliteSpool

KINDS = ("memory", "sqlite", "sqlite without a front", "sealed memory", "sealed sqlite", "postgres")
QUIET = 3600.0
"""Seconds between two looks at what other routers do: none in a test of a single one."""
KEY = bytes(range(32))
SEAL: Seal = seal_of([KEY])

Check = Callable[[Spool], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Promise:
    """Runs a check against a fresh spool of one kind."""

    kind: str
    directory: Path

    @property
    def extra_bytes(self) -> int:
        """How much longer a payload is where it is stored."""
        return len(SEAL.close(b"", b"")) if self.kind.startswith("sealed") else 0

    def __call__(self, check: Check, bounds: Bounds | None = None) -> None:
        asyncio.run(self._checked(check, bounds or Bounds()))

    async def _checked(self, check: Check, bounds: Bounds) -> None:
        spool = await self._opened(bounds)
        try:
            await check(SealedSpool(spool, SEAL) if self.kind.startswith("sealed") else spool)
        finally:
            await spool.close()

    async def _opened(self, bounds: Bounds) -> Spool:
        if self.kind.endswith("memory"):
            return MemorySpool(bounds)
        if self.kind == "postgres":
            return await PostgresSpool.open(address_of(clean_url()), bounds=bounds, pulse_seconds=QUIET)
        hot = 0 if self.kind.endswith("front") else 1000
        return await SqliteSpool.open(self.directory / "data", bounds=bounds, hot_keys=hot)


async def claimed(spool: Spool, limit: int = 100, now: float = NOW) -> list[int]:
    """The rows that a claim for the destination `shop` takes."""
    return [row.id for row in (await spool.claim("shop", limit, now)).rows]


async def offer(spool: Spool, given: Sequence[Entry], records: Sequence[Record] = ()) -> list[bool]:
    """Put, with what the daemon writes in the books: an event was received for each entry."""
    postings = Counter((each.destination, OFFERED, "") for each in given)
    postings.update({("", RECEIVED, ""): len(given), ("", ROUTED, ""): len(given)})
    return await spool.put(given, Account(postings, records))


async def unaccounted(spool: Spool) -> set[int]:
    """The events that the books lack, over all balances; `{0}` when they are in order."""
    return {each.unaccounted for each in balances(await spool.archive.books())}


async def put_to_death(spool: Spool, given: Sequence[Entry], at: float = NOW) -> list[int]:
    """Store entries, have them refused at `at`; their rows."""
    await offer(spool, given)
    rows = await claimed(spool, len(given), at)
    await spool.settle([buried(row) for row in rows], at)
    return rows
