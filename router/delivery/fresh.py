"""Entries that were stored lately, kept in memory so that a claim need not read them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from router.delivery.entry import Entry

ROWS: Final = 5_000
PAYLOAD_BYTES: Final = 4_096


class Fresh:
    """Entries that were never tried, by row; not those with large payloads.

    When it is full it is emptied, so that entries which wait for long do not keep out what is sent at once.
    """

    def __init__(self, most: int = ROWS) -> None:
        self._most = most
        self._entries: dict[int, Entry] = {}

    def add(self, first: int, entries: Iterable[Entry]) -> None:
        """Entries with consecutive rows."""
        self._entries.update(
            (row, entry if entry.kept is None else entry._replace(kept=None))
            for row, entry in enumerate(entries, first)
            if len(entry.payload) <= PAYLOAD_BYTES
        )
        if len(self._entries) > self._most:
            self.clear()

    def take(self, rows: Iterable[int]) -> Mapping[int, Entry | None]:
        """What is known of these rows, and of each whether it is."""
        take = self._entries.pop
        return {row: take(row, None) for row in rows}

    def clear(self) -> None:
        self._entries.clear()
