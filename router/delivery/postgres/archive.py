"""The operator's side of the spool in a database."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from operator import itemgetter
from typing import Any, Final

from router.delivery.account import ERASED, PURGED, Books, Record
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
from router.delivery.postgres.gauge import Gauge, Latest, books_of
from router.delivery.postgres.house import House, removal
from router.delivery.postgres.layout import Layout
from router.delivery.postgres.line import Line
from router.delivery.postgres.routes import Routes
from router.delivery.postgres.sending import entry_of, queued_of
from router.delivery.postgres.simple import InBuckets, Read, everywhere, total
from router.delivery.postgres.upkeep import Upkeep
from router.delivery.postgres.work import Ask, EachAsked, InTurn, Rows
from router.delivery.sealing import PREFIX_BYTES, key_ids

# A row that waits shows its own state; a claim without one shows the claim's, ten higher.
_STATES: Final[Mapping[int, FateState]] = {
    0: "pending",
    1: "sending",
    10: "gone",
    11: "sent",
    12: "dead",
    13: "gone",
}
_PATIENCE: Final = 1.0


@dataclass(frozen=True, slots=True)
class Tools:
    """What a spool lends to its archive. `admit` raises `SpoolFull`; `nudge` gets destinations."""

    layout: Layout
    line: Line
    slot: int
    routes: Routes
    house: House
    gauge: Gauge
    upkeep: Upkeep
    admit: Callable[[Sequence[Entry]], None]
    nudge: Callable[[Collection[str]], None]


class PostgresArchive:
    """See `Archive`."""

    def __init__(self, tools: Tools) -> None:
        self._tools = tools
        self._layout = tools.layout
        self._line = tools.line
        self.latest: Latest[Books] = Latest()

    async def _rows(self, name: str, **values: Any) -> Rows:
        rows: Rows = await self._line.do(Read(self._layout, name, values))
        return rows

    async def _first(self, name: str, limit: int, **values: Any) -> Rows:
        """The first rows of all buckets, by the number that stands first in them."""
        found = await self._line.do(everywhere(self._layout, name, limit=limit, **values))
        return sorted((row for rows in found for row in rows), key=itemgetter(0))[:limit]

    async def books(self) -> Books:
        """As they were last, while the database does not answer."""
        return await self.latest.of(self._counted())

    async def _counted(self) -> Books:
        return books_of(await self._line.do(Read(self._layout, "counters"), patience=_PATIENCE))

    async def routes(self) -> list[Route]:
        return [Route(*names) for _, *names in await self._rows("routes")]

    async def history(self, keys: Collection[bytes], ref: bytes) -> History:
        records = [Record(*row) for row in await self._rows("records", ref=ref)]
        named = {record.key for record in records if record.key is not None}
        rows = await self._rows("fates", keys=[*{*keys, *named}])
        routes = await self._tools.routes.by_number(row[2] for row in rows)
        return History(tuple(_fate(row, routes) for row in rows), tuple(records))

    async def dead(
        self, limit: int = 100, *, after: int = 0, query: DeadQuery = EVERY_DEAD
    ) -> list[DeadLetter]:
        rows = await self._first(
            "list_dead", limit, after=after, ids=None if query.ids is None else sorted(query.ids),
            reason=query.reason, code=query.code, destination=query.destination, since=query.since,
            before=query.before,
        )  # fmt: skip
        routes = await self._tools.routes.by_number(row[9] for row in rows)
        return [_letter(row, routes) for row in rows]

    async def waiting(self, limit: int = 100, *, after: int = 0) -> list[Queued]:
        rows = await self._first("list_waiting", limit, after=after)
        routes = await self._tools.routes.by_number(row[7] for row in rows)
        return [queued_of(row, routes) for row in rows]

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
            self._tools.admit([each.entry for each in letters.values()])
        made = {row: _made_anew(letters[row], anew[row]) for row in rows if row in letters and row in anew}
        numbers = dict(zip(made, await self._tools.routes.numbers(list(made.values())), strict=True))
        asks = [self._replaying(row, now, force, numbers.get(row), made.get(row)) for row in rows]
        answers = await self._line.do(EachAsked(asks)) if asks else []
        told: dict[int, Replay] = {row: said for row, ((said, _),) in zip(rows, answers, strict=True)}
        await self._changed()
        self._tools.nudge({to for ((said, to),) in answers if said == "queued"})
        return told

    def _replaying(self, row: int, now: float, force: bool, route: int | None, anew: Entry | None) -> Ask:
        values = {
            "bucket": self._layout.of_row(row), "id": row, "now": now, "force": force, "route": route,
            "payload": anew and anew.payload, "event_time": anew and anew.event_time,
            "slot": self._tools.slot,
        }  # fmt: skip
        return Ask(self._layout.sql["replay"], values)

    async def discard(self, ids: Sequence[int], now: float) -> int:
        return total(await self._line.do(removal(self._layout, self._tools.slot, ids, now, PURGED)))

    async def erase(self, ids: Sequence[int], now: float) -> int:
        if not ids:
            return 0
        ((said,),) = await self._rows("new_settlement")
        both = InTurn([self._erasure(ids, now, said, name) for name in ("remove_dead", "erase_waiting")], 1)
        erased = sum(map(total, await self._line.do(both)))
        await self._changed()
        if erased:
            await self._tools.upkeep.vacuum()
        return erased

    def _erasure(self, ids: Sequence[int], now: float, said: int, name: str) -> InBuckets:
        return removal(self._layout, self._tools.slot, ids, now, ERASED, settlement=said, name=name)

    async def _changed(self) -> None:
        """What waits is not what it was."""
        self._tools.gauge.told(*(await self._rows("load"))[0])

    async def forget(self, before: float, settled_before: float, *, most: int, limit: int = 1000) -> int:
        house, home = self._tools.house, {"before": before, "most": most, "limit": limit}
        records = await house.counted(
            InBuckets(self._layout, "forget_records", {self._layout.home: home}),
        )
        return records + await house.in_buckets("forget_settlements", limit, before=settled_before)


def _fate(row: Sequence[Any], routes: Mapping[int, Route]) -> Fate:
    state, row_id, way, accepted_at, attempts, at, *words = row[:10]
    said = None if at is None else Settlement(at, *words)
    return Fate(_STATES[state], row_id, routes.get(way), accepted_at, attempts, said, *row[10:])


def _letter(row: Sequence[Any], routes: Mapping[int, Route]) -> DeadLetter:
    row_id, attempts, first_ambiguous_at, reason, code, message, request_id, died_at, *entry = row
    made = entry_of(entry, routes[entry[1]])
    return DeadLetter(row_id, made, attempts, first_ambiguous_at, reason, code, message, request_id, died_at)


def _made_anew(letter: DeadLetter, anew: Entry) -> Entry:
    return letter.entry._replace(
        rules_version=anew.rules_version, payload=anew.payload, event_time=anew.event_time
    )
