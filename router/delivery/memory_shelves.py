"""What the spool in memory holds, for its two sides."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass

from router.delivery.account import DEAD, Posting, Record
from router.delivery.archive import Route, Settlement
from router.delivery.bounds import Bounds, Gate
from router.delivery.entry import DeadLetter, Entry, Queued


@dataclass(slots=True)
class Claim:
    """Who has claimed a key, until when, and how it ended. `free`: nobody any more."""

    entry: Entry
    expires: float | None
    row: int
    state: str = "pending"
    attempts: int = 0
    settlement: int | None = None

    @property
    def free(self) -> bool:
        return self.state == "gone"


class Shelves:
    """Rows, claims, dead letters and the books, and what both sides do with them."""

    def __init__(self, bounds: Bounds) -> None:
        self.gate = Gate(bounds)
        self.rows: dict[int, Queued] = {}
        self.leased: dict[int, float] = {}
        self.claims: dict[bytes, Claim] = {}
        self.letters: dict[int, DeadLetter] = {}
        self.kept: dict[int, bytes] = {}
        self.routes: dict[Route, None] = {}
        self.records: list[tuple[int, Record]] = []
        self.settlements: dict[int, Settlement] = {}
        self.postings: Counter[Posting] = Counter()
        self.stored: Callable[[Collection[str]], None] = lambda _: None
        self._last_settlement = 0

    def admit(self, fresh: Sequence[Entry]) -> None:
        if fresh:
            size = sum(len(entry.payload) for entry in fresh) + self.size()
            self.gate.admit(len(self.rows) + len(fresh), size)

    def ended(self, claim: Claim, now: float) -> bool:
        return claim.free or (claim.expires is not None and claim.expires <= now)

    def claim_again(self, entry: Entry, row: int) -> None:
        """A dead letter waits again, and so does its claim."""
        self.claims[entry.key] = Claim(entry, entry.claim_until, row)

    def depart(self, letters: Iterable[DeadLetter], now: float, what: str) -> None:
        """Dead letters go for good."""
        for letter in letters:
            name = letter.entry.destination
            self.postings[name, DEAD, letter.reason] -= 1
            self.postings[name, what, letter.reason] += 1
            del self.letters[letter.id]
            self.lose(letter.id, letter.entry.key, now)

    def lose(self, row: int, key: bytes, now: float, settlement: int | None = None) -> None:
        """A row is no more: neither is its claim, nor its kept event."""
        self.kept.pop(row, None)
        claim = self.claims.get(key)
        if claim is not None and claim.row == row:
            claim.state, claim.expires, claim.settlement = "gone", now, settlement or claim.settlement

    def settlement(self, words: Settlement) -> int:
        self._last_settlement += 1
        self.settlements[self._last_settlement] = words
        return self._last_settlement

    def size(self) -> int:
        return sum(len(row.entry.payload) for row in self.rows.values())
