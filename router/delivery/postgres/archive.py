"""The operator's side of the spool in a database."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from router.delivery.account import ERASED, PURGED, Books, Posting, Record
from router.delivery.archive import (
    EVERY_DEAD,
    NONE_ANEW,
    DeadQuery,
    Fate,
    FateState,
    History,
    Replay,
    Route,
    Settlement,
)
from router.delivery.entry import DeadLetter, Entry, Queued
from router.delivery.postgres.line import Ask, InTurn, Rows, Work
from router.delivery.postgres.sending import entry_of, queued_of
from router.delivery.postgres.simple import InBuckets, Read, total
from router.delivery.sealing import PREFIX_BYTES, key_ids

if TYPE_CHECKING:
    from router.delivery.postgres.spool import PostgresSpool

# A row that waits shows its own state; a claim without one shows the claim's, ten higher.
_STATES: Final[Mapping[int, FateState]] = {
    0: "pending",
    1: "sending",
    10: "gone",
    11: "sent",
    12: "dead",
    13: "gone",
}


class PostgresArchive:
    """See `Archive`."""

    def __init__(self, spool: PostgresSpool) -> None:
        self._spool = spool
        self._layout = spool.layout

    async def _ask(self, work: Work[Any]) -> Any:
        return await self._spool.desk.do(work)

    async def _rows(self, name: str, **values: Any) -> Rows:
        rows: Rows = await self._ask(Read(self._layout, name, values))
        return rows

    async def books(self) -> Books:
        postings: dict[Posting, int] = {}
        waiting: Counter[str] = Counter()
        for kind, destination, what, why, count in await self._rows("counters"):
            if kind == 0:
                postings[destination, what, why] = count
            elif what in ("pending", "leased"):
                waiting[destination] += count
        return Books(postings, waiting)

    async def routes(self) -> list[Route]:
        return [Route(*names) for _, *names in await self._rows("routes")]

    async def history(self, keys: Collection[bytes], ref: bytes) -> History:
        records = [Record(*row) for row in await self._rows("records", ref=ref)]
        named = {record.key for record in records if record.key is not None}
        rows = await self._rows("fates", keys=[*{*keys, *named}])
        await self._spool.learn({row[2] for row in rows})
        return History(tuple(self._fate(row) for row in rows), tuple(records))

    def _fate(self, row: Sequence[Any]) -> Fate:
        state, row_id, way, accepted_at, attempts, at, *words = row[:10]
        route = None if way is None else self._spool.route(way)
        said = None if at is None else Settlement(at, *words)
        return Fate(_STATES[state], row_id, route, accepted_at, attempts, said, *row[10:])

    async def dead(
        self, limit: int = 100, *, after: int = 0, query: DeadQuery = EVERY_DEAD
    ) -> list[DeadLetter]:
        rows = await self._rows(
            "list_dead", limit=limit, after=after, ids=None if query.ids is None else sorted(query.ids),
            reason=query.reason, code=query.code, destination=query.destination, since=query.since,
            before=query.before,
        )  # fmt: skip
        await self._spool.learn({row[9] for row in rows})
        return [self._letter(row) for row in rows]

    def _letter(self, row: Sequence[Any]) -> DeadLetter:
        row_id, attempts, first_ambiguous_at, reason, code, message, request_id, died_at, *entry = row
        made = entry_of(entry, self._spool.route(entry[1]))
        return DeadLetter(
            row_id, made, attempts, first_ambiguous_at, reason, code, message, request_id, died_at
        )

    async def waiting(self, limit: int = 100, *, after: int = 0) -> list[Queued]:
        rows = await self._rows("list_waiting", limit=limit, after=after)
        await self._spool.learn({row[7] for row in rows})
        return [queued_of(row, self._spool.route) for row in rows]

    async def kept(self, ids: Sequence[int]) -> dict[int, bytes]:
        return dict(await self._rows("kept", ids=list(ids)))

    async def seals(self) -> set[bytes]:
        return key_ids(prefix for (prefix,) in await self._rows("seals", size=PREFIX_BYTES))

    async def replay(
        self, ids: Sequence[int], now: float, *, force: bool = False, anew: Mapping[int, Entry] = NONE_ANEW
    ) -> dict[int, Replay]:
        rows = list(dict.fromkeys(ids))
        letters = {each.id: each for each in await self.dead(len(rows), query=DeadQuery(ids=frozenset(rows)))}
        if letters:
            self._spool.admit([each.entry for each in letters.values()])
        asks = [await self._replaying(row, now, force, letters.get(row), anew.get(row)) for row in rows]
        answers = await self._ask(_Asked(asks)) if asks else []
        told: dict[int, Replay] = {row: said for row, ((said, _),) in zip(rows, answers, strict=True)}
        await self._changed()
        self._spool.nudge({to for ((said, to),) in answers if said == "queued"})
        return told

    async def _replaying(
        self, row: int, now: float, force: bool, letter: DeadLetter | None, anew: Entry | None
    ) -> Ask:
        route = payload = event_time = None
        if letter is not None and anew is not None:
            route = await self._spool.number(_made_anew(letter, anew))
            payload, event_time = anew.payload, anew.event_time
        values = {
            "bucket": self._layout.of_row(row), "id": row, "now": now, "force": force, "route": route,
            "payload": payload, "event_time": event_time, "slot": self._spool.slot,
        }  # fmt: skip
        return Ask(self._layout.sql["replay"], values)

    async def discard(self, ids: Sequence[int], now: float) -> int:
        return total(await self._ask(self._removal(ids, now, PURGED)))

    def _removal(
        self, ids: Sequence[int], now: float, what: str, said: int | None = None, name: str = "remove_dead"
    ) -> InBuckets:
        same = {"now": now, "what": what, "settlement": said, "slot": self._spool.slot}
        buckets = self._layout.rows_by_bucket(ids).items()
        return InBuckets(self._layout, name, {bucket: {**same, "ids": rows} for bucket, rows in buckets})

    async def depart(self, name: str, values: Mapping[str, Any], now: float) -> int:
        """Purge the dead letters that a statement finds; none while another router does it."""
        both = InTurn([Read(self._layout, "housekeeper"), Read(self._layout, name, values)], 1)
        ((mine,),), found = await self._ask(both)
        ids = [row for (row,) in found]
        return await self._spool.kept_house(self._removal(ids, now, PURGED)) if mine and ids else 0

    async def erase(self, ids: Sequence[int], now: float) -> int:
        if not ids:
            return 0
        ((said,),) = await self._rows("new_settlement")
        names = ("remove_dead", "erase_waiting")
        both = InTurn([self._removal(ids, now, ERASED, said, name) for name in names], 1)
        erased = sum(map(total, await self._ask(both)))
        await self._changed()
        if erased:
            await self._spool.upkeep.vacuum()
        return erased

    async def _changed(self) -> None:
        """What waits is not what it was."""
        gauge = self._spool.gauge
        ((gauge.rows, gauge.payload_bytes, gauge.dead_bytes),) = await self._rows("load")

    async def forget(self, before: float, settled_before: float, *, most: int, limit: int = 1000) -> int:
        records = Read(self._layout, "forget_records", {"before": before, "most": most, "limit": limit})
        settlements = Read(self._layout, "forget_settlements", {"before": settled_before, "limit": limit})
        return await self._spool.kept_house(InTurn([records, settlements], 1))


class _Asked:
    """Statements one after the other, the rows of each."""

    weight = 1

    def __init__(self, asks: Sequence[Ask]) -> None:
        self._asks = asks

    def asks(self) -> Sequence[Ask]:
        return self._asks

    def read(self, answers: Sequence[Rows]) -> Sequence[Rows]:
        return answers


def _made_anew(letter: DeadLetter, anew: Entry) -> Route:
    entry = replace(letter.entry, rules_version=anew.rules_version)
    return Route(entry.destination, entry.source, entry.source_id, entry.event, entry.rules_version)
