"""Housekeeping: what one router at a time does for all."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from router.delivery.account import PURGED
from router.delivery.postgres.layout import Layout
from router.delivery.postgres.line import Line
from router.delivery.postgres.simple import InBuckets, Read, everywhere, total
from router.delivery.postgres.work import InTurn, Work


class House:
    """Steps of a bounded size, each a transaction under a lock; while another router has it, none is done."""

    def __init__(self, layout: Layout, line: Line, slot: int) -> None:
        self._layout = layout
        self._line = line
        self._slot = slot

    async def done(self, work: Work[Any]) -> Any:
        """What a work read; None while another router keeps house."""
        both = InTurn([Read(self._layout, "housekeeper"), work], work.weight)
        ((mine,),), done = await self._line.do(both)
        return done if mine else None

    async def counted(self, work: Work[Any]) -> int:
        """The sum of what statements counted."""
        return total(await self.done(work) or ())

    async def in_buckets(self, name: str, limit: int, **values: Any) -> int:
        """A statement in one bucket after the other, for at most `limit` rows in all."""
        done = 0
        for bucket in self._layout.every:
            if done < limit:
                each = {bucket: {**values, "limit": limit - done}}
                done += await self.counted(InBuckets(self._layout, name, each))
        return done

    async def purge(self, before: float, now: float, limit: int) -> int:
        """Remove dead letters that died before then."""
        found = await self.done(everywhere(self._layout, "old_dead", before=before, limit=limit))
        return await self._depart([row for rows in found or () for (row,) in rows][:limit], now)

    async def evict(self, dead_bytes: int, now: float, limit: int) -> int:
        """Remove the oldest dead letters of those beyond so many bytes."""
        values = {"dead_bytes": dead_bytes, "limit": limit}
        found = await self.done(Read(self._layout, "excess_dead", values))
        return await self._depart([row for (row,) in found or ()], now)

    async def _depart(self, rows: Sequence[int], now: float) -> int:
        return await self.counted(removal(self._layout, self._slot, rows, now, PURGED)) if rows else 0


def removal(
    layout: Layout,
    slot: int,
    rows: Sequence[int],
    now: float,
    what: str,
    *,
    settlement: int | None = None,
    name: str = "remove_dead",
) -> InBuckets:
    """Take rows out for good, and tell it the books as `what`, and their claims with the `settlement`."""
    same = {"now": now, "what": what, "settlement": settlement, "slot": slot}
    buckets = layout.rows_by_bucket(rows).items()
    return InBuckets(layout, name, {bucket: {**same, "ids": chosen} for bucket, chosen in buckets})
