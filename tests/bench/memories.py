"""What ids can be remembered in: the spool of this project, and the building blocks to compare with."""

from __future__ import annotations

import time
from collections.abc import MutableMapping, Sequence
from hashlib import blake2b
from pathlib import Path
from typing import Final, Protocol

import apsw
from cachetools import TTLCache

from router.delivery.entry import CLAIM_SECONDS, KEY_BYTES, Entry
from router.delivery.spool import Delivered
from router.delivery.sqlite import FILE, SqliteSpool

NOW: Final = 1_795_253_230.0
AT_ONCE: Final = 1_000
PACE: Final = 0.01
"""Seconds from one id to the next: ten million come in less than the 48 hours that a claim lives."""
_PAYLOAD: Final = b'{"event":"CompletePayment","properties":{"description":"' + b"x" * 840 + b'"}}'
_SIZES: Final = """
SELECT name, sum(pgsize) FROM dbstat GROUP BY name HAVING count(*) > 10
UNION ALL SELECT 'free pages', (SELECT * FROM pragma_freelist_count) * (SELECT * FROM pragma_page_size)
"""


class Memory(Protocol):
    """Something that knows which ids it has seen."""

    async def add(self, keys: Sequence[bytes]) -> tuple[float, int]:
        """Check each key and add what is new, together; the seconds that took, and how many were new."""
        ...

    async def rest(self) -> None:
        """Let what was added become what most live ids are: delivered, and still claimed."""
        ...

    def bounded(self) -> int:
        """Bytes of the process that do not grow with the ids: a cache of a fixed size."""
        ...

    async def close(self) -> dict[str, float]:
        """Bytes of what it keeps on disk, by what it is; nothing more can be asked of it."""
        ...


def key_of(number: int) -> bytes:
    """The dedup key of an event: 16 bytes that say nothing of its order."""
    return blake2b(number.to_bytes(8, "big"), digest_size=KEY_BYTES).digest()


class InSpool:
    """The spool in SQLite, as the daemon opens it."""

    def __init__(self, spool: SqliteSpool, folder: Path) -> None:
        self._spool = spool
        self._file = folder / FILE
        self._now = NOW

    async def add(self, keys: Sequence[bytes]) -> tuple[float, int]:
        self._now += PACE * len(keys)
        entries = [_entry(key, self._now) for key in keys]
        began = time.perf_counter()
        new = await self._spool.put(entries)
        return time.perf_counter() - began, sum(new)

    async def rest(self) -> None:
        while rows := (await self._spool.claim("tiktok_web", AT_ONCE, self._now)).rows:
            await self._spool.settle([Delivered(row.id, "20261121") for row in rows], self._now)

    def bounded(self) -> int:
        return apsw.memory_used()

    async def close(self) -> dict[str, float]:
        await self._spool.close()
        return _pages(self._file)


def _entry(key: bytes, now: float) -> Entry:
    return Entry(
        key=key, destination="tiktok_web", source="web", source_id="CPIXEL0000000000001",
        event="CompletePayment", payload=_PAYLOAD, event_time=int(now), accepted_at=now, rules_version="1",
    )  # fmt: skip


def _pages(file: Path) -> dict[str, float]:
    """Bytes of the tables and indexes in the file that have more than a few, and of its free pages."""
    connection = apsw.Connection(str(file), flags=apsw.SQLITE_OPEN_READONLY)
    try:
        return {str(name): float(str(size)) for name, size in connection.execute(_SIZES)}
    finally:
        connection.close()


class InProcess:
    """A set, or a cache that forgets by age: no more than the id, and gone with the process."""

    def __init__(self, seen: set[bytes] | MutableMapping[bytes, None]) -> None:
        self._seen = seen

    async def add(self, keys: Sequence[bytes]) -> tuple[float, int]:
        seen = self._seen
        began = time.perf_counter()
        new = _add_to_set(seen, keys) if isinstance(seen, set) else _add_to_cache(seen, keys)
        return time.perf_counter() - began, new

    async def rest(self) -> None:
        """Nothing is delivered from here."""

    def bounded(self) -> int:
        return 0

    async def close(self) -> dict[str, float]:
        return {}


def _add_to_set(seen: set[bytes], keys: Sequence[bytes]) -> int:
    new = 0
    for key in keys:
        if key not in seen:
            seen.add(key)
            new += 1
    return new


def _add_to_cache(seen: MutableMapping[bytes, None], keys: Sequence[bytes]) -> int:
    new = 0
    for key in keys:
        if key not in seen:
            seen[key] = None
            new += 1
    return new


async def opened(kind: str, folder: Path, room: int) -> Memory:
    """A new memory of a kind, for at least `room` ids."""
    match kind:
        case "spool":
            return InSpool(await SqliteSpool.open(folder), folder)
        case "set":
            return InProcess(set())
        case "ttlcache":
            return InProcess(TTLCache(room, CLAIM_SECONDS))
        case _:
            raise ValueError(f"no memory is called {kind}")
