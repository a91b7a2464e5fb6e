"""Ways that entries go, by their numbers, which never change: asked for where they are not known."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from hashlib import blake2b
from typing import Any, Final

from router.delivery.archive import Route
from router.delivery.entry import Entry
from router.delivery.postgres.columns import plain
from router.delivery.postgres.layout import Layout
from router.delivery.postgres.line import Line
from router.delivery.postgres.simple import Read
from router.delivery.postgres.work import Rows

_NAMES: Final = ("destination", "source", "source_id", "event", "rules_version")
MOST: Final = 20_000


class Routes:
    """What is known is forgotten and learnt anew when it is very much. `line` knows the rest."""

    def __init__(self, layout: Layout, line: Line) -> None:
        self._layout = layout
        self._line = line
        self._numbers: dict[tuple[str, ...], int] = {}
        self._routes: dict[int, Route] = {}

    async def numbers(self, entries: Sequence[Entry], patience: float | None = None) -> list[int]:
        """The number of each entry's way, which is made where there is none. Raises `SpoolAway`."""
        ways = [
            (each.destination, each.source, each.source_id, each.event, each.rules_version)
            for each in entries
        ]
        known = {way: self._numbers.get(way) for way in set(ways)}
        found = {
            way: await self._made(way, patience) if number is None else number
            for way, number in known.items()
        }
        return [found[way] for way in ways]

    async def _made(self, way: tuple[str, ...], patience: float | None) -> int:
        work = Read(self._layout, "add_route", way_values(way))
        rows: Rows = []
        while not rows:  # another router's, made since this statement began: the next one sees it
            rows = await self._line.do(work, patience=patience)
        number = int(rows[0][0])
        self._learn(number, way)
        return number

    async def by_number(self, numbers: Iterable[int | None]) -> Mapping[int, Route]:
        """The routes of rows that were read."""
        asked = {each for each in numbers if each is not None}
        found = {each: self._routes[each] for each in asked if each in self._routes}
        if unknown := asked - found.keys():
            found |= await self._read(unknown)
        return found

    async def _read(self, numbers: Collection[int]) -> dict[int, Route]:
        rows = await self._line.do(Read(self._layout, "routes_by_number", {"numbers": sorted(numbers)}))
        for number, *names in rows:
            self._learn(number, tuple(names))
        return {number: Route(*names) for number, *names in rows}

    def _learn(self, number: int, way: tuple[str, ...]) -> None:
        if len(self._numbers) >= MOST:
            self._numbers.clear()
            self._routes.clear()
        self._numbers[way] = number
        self._routes[number] = Route(*way)


def way_values(way: Iterable[str]) -> dict[str, Any]:
    """The texts of a route, and their hash, by which the database knows them."""
    digest = blake2b(digest_size=16, person=b"route")
    values: dict[str, Any] = {name: plain(text) for name, text in zip(_NAMES, way, strict=True)}
    for text in values.values():
        raw = text.encode()
        digest.update(len(raw).to_bytes(8, "big") + raw)
    return {**values, "way": digest.digest()}
