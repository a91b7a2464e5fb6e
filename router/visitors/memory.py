"""The remembered visitors of a daemon, and what commands do to them while none runs."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Final

from router.delivery.spool import SpoolFull
from router.delivery.writer import Writer
from router.lang.outcome import Arrival
from router.settings import Visitors
from router.visitors.table import FILE, Bounds, Meeting, VisitorTable, remove_files
from router.visitors.telling import has_refused, keys_of, may_be_kept, told_by
from router.visitors.visitor import NOBODY, Visitor

_DAY: Final = 86_400
_MOST_WAITING: Final = 5_000


class VisitorMemory:
    """Runs in the event loop; a thread of its own reads and writes, what waits as one transaction.

    What is noted survives the end of the process. A power cut may take back the last seconds of it.
    """

    def __init__(self, path: Path, wanted: Visitors) -> None:
        self._wanted = wanted
        self._writer = Writer(lambda: VisitorTable(path, bounds_of(wanted)))
        self.rows = 0
        """Keys that are kept."""

    async def start(self) -> None:
        """Open or make the file. Raises `SpoolUnusable`."""
        await self._writer.start()
        self.rows = await self._writer.do(lambda table: table.rows)

    async def meet(
        self, arrivals: Sequence[Arrival], now: float, country: str | None = None
    ) -> list[Visitor]:
        """What was known of each event's visitor before it came; what the events tell is noted.

        Events without consent to advertising are not looked up and leave nothing; a refusal removes what was
        known. Raises `SpoolError` when the file cannot be used now.
        """
        meetings = [self._meeting(each, country) for each in arrivals]
        asked = [each for each in meetings if each is not None]
        if not asked:
            return [NOBODY] * len(arrivals)
        if self._writer.waiting > _MOST_WAITING:
            raise SpoolFull(1.0, "too many events wait for it")
        met, self.rows = await self._writer.do(
            lambda table: (table.meet(asked, int(now)), table.rows), weight=len(asked)
        )
        known = iter(met)
        return [NOBODY if each is None else next(known) for each in meetings]

    def _meeting(self, arrival: Arrival, country: str | None) -> Meeting | None:
        """None for an event that nothing is to be done about."""
        kept, refused = may_be_kept(arrival), has_refused(arrival)
        keys = keys_of(arrival, self._wanted, country) if kept or refused else ()
        if not keys:
            return None
        return Meeting(keys, refused=True) if refused else Meeting(keys, told_by(arrival, self._wanted))

    async def forget(self, hashes: Collection[str]) -> int:
        """Remove everything about a person with one of these SHA-256; how many keys there were."""
        return await self._writer.do(lambda table: table.forget(hashes))

    async def close(self) -> None:
        await self._writer.stop()


def bounds_of(wanted: Visitors) -> Bounds:
    """What the settings say of the file."""
    return Bounds(round(wanted.days * _DAY), wanted.rows, wanted.click)


async def open_visitors(directory: Path, wanted: Visitors) -> VisitorMemory | None:
    """The memory in a data directory; None where nothing is to be remembered, and then nothing stays there.

    Raises `SpoolUnusable`.
    """
    path = directory / FILE
    if not wanted.remember:
        remove_files(path)
        return None
    memory = VisitorMemory(path, wanted)
    await memory.start()
    return memory


async def forget_kept(directory: Path, hashes: Collection[str]) -> int:
    """As `VisitorMemory.forget`, while no daemon runs; 0 where nothing was ever remembered."""
    path = directory / FILE
    if not path.is_file():
        return 0
    memory = VisitorMemory(path, Visitors())
    await memory.start()
    try:
        return await memory.forget(hashes)
    finally:
        await memory.close()
