"""The ways that entries go, by their numbers."""

from __future__ import annotations

from operator import itemgetter
from typing import Final

from router.delivery.entry import Entry
from router.delivery.tables import Tables

Way = tuple[str, str, str, str, str]
"""Destination, source, source id, event, version of the rules."""
_NAMES: Final = ("destination", "source", "source_id", "event", "rules_version")
_WAY: Final = itemgetter(*map(Entry._fields.index, _NAMES))


class Ways:
    """Remembers the numbers that it has looked up or given."""

    def __init__(self, tables: Tables) -> None:
        self._tables = tables
        self._numbers: dict[Way, int] = {}

    def of(self, entry: Entry) -> int:
        way: Way = _WAY(entry)
        return self._numbers.get(way) or self.number(way)

    def number(self, way: Way) -> int:
        return self._numbers.get(way) or self._looked_up(way)

    def _looked_up(self, way: Way) -> int:
        named = dict(zip(_NAMES, way, strict=True))
        found = self._tables.value("find_route", **named) or self._tables.value("add_route", **named)
        number = self._numbers[way] = int(found)
        return number

    def clear(self) -> None:
        """A number that was given was taken back."""
        self._numbers.clear()
