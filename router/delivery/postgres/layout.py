"""How a spool lies in its database: its statements, and the buckets that rows are spread over."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from router.delivery.entry import Entry
from router.delivery.postgres.statements import statements


@dataclass(frozen=True, slots=True)
class Layout:
    """`buckets` is fixed when the spool is made: numbers of rows hold their bucket."""

    schema: str
    buckets: int = 1
    sql: Mapping[str, bytes] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "sql", statements(self.schema))

    @property
    def every(self) -> list[int]:
        return list(range(self.buckets))

    @property
    def home(self) -> int:
        """Where that lies which belongs to no key."""
        return 0

    def of_key(self, key: bytes) -> int:
        return key[0] % self.buckets

    def of_row(self, row: int) -> int:
        return row % self.buckets

    def by_bucket(self, entries: Sequence[Entry]) -> dict[int, list[int]]:
        """Places of entries by their bucket; one bucket at least, so that an account has a place."""
        if self.buckets == 1:
            return {0: list(range(len(entries)))}
        found: dict[int, list[int]] = {}
        for place, entry in enumerate(entries):
            found.setdefault(self.of_key(entry.key), []).append(place)
        return dict(sorted(found.items())) or {self.home: []}

    def rows_by_bucket(self, rows: Sequence[int]) -> dict[int, list[int]]:
        found: dict[int, list[int]] = {}
        for row in rows:
            found.setdefault(self.of_row(row), []).append(row)
        return dict(sorted(found.items()))
