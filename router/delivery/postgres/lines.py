"""The lines of one router to its database: what waits for one of them does not wait for another."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

from router.delivery.postgres.address import Address
from router.delivery.postgres.joining import Joined
from router.delivery.postgres.line import Line
from router.delivery.postgres.putting import Puts
from router.delivery.postgres.schema import connect, quick_connection
from router.delivery.postgres.sending import Settles
from router.delivery.postgres.wire import Reach
from router.delivery.postgres.work import Work

PUTTING: Final = 1, 2
CLAIMING: Final = 4
SETTLING: Final = 5
"""Numbers of lines, by which they count in rows of their own."""
_DESK_SECONDS: Final = 600.0
_DESK_PATIENCE: Final = 3.0


@dataclass(frozen=True, slots=True)
class Lines:
    """`desk` is for what may take long, `pulsing` for the signs of life."""

    putting: Sequence[Line]
    claiming: Line
    settling: Line
    desk: Line
    pulsing: Line

    @property
    def least_busy(self) -> Line:
        """The line for what is to be put next."""
        return min(self.putting, key=lambda each: each.waiting)

    @property
    def waiting(self) -> int:
        """How much is on its way into the spool."""
        return sum(line.waiting for line in self.putting)

    @property
    def _working(self) -> Iterator[Line]:
        yield from (*self.putting, self.claiming, self.settling, self.desk)

    async def close(self) -> None:
        """All but the last, which is for saying goodbye."""
        await asyncio.gather(*(line.close() for line in self._working))

    def abandon(self) -> None:
        """As if the process had ended."""
        for line in (*self._working, self.pulsing):
            line.abandon()


def strung(
    address: Address,
    joined: Joined,
    reach: Reach,
    slot: Callable[[int], int],
    unclaim: Callable[[], Work[Any]],
    committed: Callable[[float], None],
) -> Lines:
    """Lines that connect when they are first used; that of the pulse goes on with the connection of joining.

    `slot` tells where a line counts, `unclaim` what undoes claims whose answers were lost.
    """
    layout = joined.layout
    calm = partial(Line, partial(connect, address), reach)
    busy = partial(Line, partial(quick_connection, address), reach)
    return Lines(
        [
            busy(together=partial(Puts, layout=layout, slot=slot(each)), committed=committed)
            for each in PUTTING
        ],
        busy(lost=unclaim),
        busy(together=partial(Settles, layout=layout, slot=slot(SETTLING)), committed=committed),
        calm(answer_seconds=_DESK_SECONDS, gives_up=_DESK_PATIENCE),
        calm(connection=joined.connection),
    )
