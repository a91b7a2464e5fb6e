"""Rows that this router has leased, and those whose lease it lost while they were on their way."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any


class Leases:
    """`node` is the number under which it leases now."""

    def __init__(self, node: int) -> None:
        self.node = node
        self._rows: dict[int, int] = {}
        self._lost: set[int] = set()
        self.late = 0
        """Outcomes that came after the lease was gone: counted, not applied."""

    def __len__(self) -> int:
        return len(self._rows)

    def take(self, rows: Iterable[Any]) -> None:
        for row in rows:
            self._rows[row[0]] = self.node

    def of(self, rows: Iterable[int]) -> Mapping[int, int]:
        return {row: self._rows[row] for row in rows if row in self._rows}

    def settled(self, rows: Iterable[int], done: Mapping[int, int | None]) -> None:
        """These were settled, and `done` of them were still leased."""
        for row in rows:
            if self._rows.pop(row, None) is not None and row not in done:
                self.late += 1
            self._lost.discard(row)

    @property
    def known(self) -> list[int]:
        return list(self._rows)

    @property
    def lost(self) -> list[int]:
        """Another may deliver these; this router takes none anew before it has settled its own attempt."""
        return sorted(self._lost)

    def renumber(self, node: int) -> int:
        """The leases lapsed; how many they were."""
        self._lost.update(self._rows)
        self.node = node
        return len(self._rows)

    def clear(self) -> None:
        self._rows.clear()
        self._lost.clear()
