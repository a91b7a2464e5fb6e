"""Counts of what is committed, kept so that nobody has to count a million rows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from router.delivery.endings import Settled
from router.delivery.entry import Entry
from router.delivery.ledger import Counts


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
        every = Counter({name: rows for name, (rows, _) in counts.undelivered.items()})
        return cls(
            pending=every - Counter(counts.leased),
            leased=Counter(counts.leased),
            dead=Counter({reason: rows for reason, (rows, _) in counts.dead.items()}),
            payload_bytes=sum(size for _, size in counts.undelivered.values()),
            dead_bytes=sum(size for _, size in counts.dead.values()),
        )

    @property
    def rows(self) -> int:
        return self.pending.total() + self.leased.total()

    def put(self, entries: Sequence[Entry]) -> None:
        for entry in entries:
            self.pending[entry.destination] += 1
        self.payload_bytes += sum([len(entry.payload) for entry in entries])

    def claim(self, destination: str, rows: int) -> None:
        self.pending[destination] -= rows
        self.leased[destination] += rows

    def settle(self, done: Settled) -> None:
        self.leased.subtract(done.again)
        self.leased.subtract(done.ended)
        self.pending.update(done.again)
        self.payload_bytes -= done.payload_bytes
        self.dead.update(done.dead)
        self.dead_bytes += done.dead_bytes

    def freed(self, reason: str, size: int) -> None:
        self.dead[reason] -= 1
        self.dead_bytes -= size

    def requeued(self, destination: str, size: int) -> None:
        self.pending[destination] += 1
        self.payload_bytes += size

    def erased(self, destination: str, *, leased: bool, size: int) -> None:
        (self.leased if leased else self.pending)[destination] -= 1
        self.payload_bytes -= size
