"""Counts of what is committed, kept so that nobody has to count a million rows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from router.delivery.entry import Entry
from router.delivery.ledger import Settled

Counts = tuple[list[tuple[str, int, int, int]], list[tuple[str, int, int]]]
"""Destination, leased or not, rows and payload bytes; and dead letters and their bytes by reason."""


@dataclass(slots=True)
class Tally:
    """Changed only by what has been committed, in the order of the commits."""

    pending: Counter[str] = field(default_factory=Counter)
    leased: Counter[str] = field(default_factory=Counter)
    dead: Counter[str] = field(default_factory=Counter)
    payload_bytes: int = 0
    dead_bytes: int = 0

    @classmethod
    def of(cls, counts: Counts) -> Tally:
        """What a count of the tables found."""
        deliveries, dead = counts
        tally = cls(
            dead=Counter({reason: rows for reason, rows, _ in dead}),
            dead_bytes=sum(size for *_, size in dead),
        )
        for destination, leased, rows, size in deliveries:
            (tally.leased if leased else tally.pending)[destination] += rows
            tally.payload_bytes += size
        return tally

    @property
    def rows(self) -> int:
        return self.pending.total() + self.leased.total()

    def put(self, entries: Sequence[Entry]) -> None:
        self.pending.update(entry.destination for entry in entries)
        self.payload_bytes += sum(len(entry.payload) for entry in entries)

    def claim(self, destination: str, rows: int) -> None:
        self.pending[destination] -= rows
        self.leased[destination] += rows

    def settle(self, done: Settled) -> None:
        self.leased[done.destination] -= 1
        if done.gone is None:
            self.pending[done.destination] += 1
            return
        self.payload_bytes -= done.gone
        if done.died is not None:
            self.dead[done.died] += 1
            self.dead_bytes += done.gone

    def freed(self, reason: str, size: int) -> None:
        self.dead[reason] -= 1
        self.dead_bytes -= size

    def requeued(self, destination: str, size: int) -> None:
        self.pending[destination] += 1
        self.payload_bytes += size

    def erased(self, destination: str, *, leased: bool, size: int) -> None:
        (self.leased if leased else self.pending)[destination] -= 1
        self.payload_bytes -= size
