"""The books: what came in, and what became of it, counted in the transactions that did it."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Final

Posting = tuple[str, str, str]
"""Destination, or "" for the router as a whole; what happened; and why, where there is a reason."""

RECEIVED: Final = "received"
REJECTED: Final = "rejected"
ROUTED: Final = "routed"
OFFERED: Final = "offered"
SENT: Final = "sent"
DUPLICATE: Final = "duplicate"
SKIP: Final = "skip"
DROP: Final = "drop"
UNHANDLED: Final = "unhandled"
DEAD: Final = "dead"
PURGED: Final = "purged"
ERASED: Final = "erased"
_ENDS_OF_EVENTS: Final = (REJECTED, DROP, UNHANDLED, SKIP, ROUTED)
_ENDS_OF_OFFERS: Final = (SENT, DUPLICATE, SKIP, DEAD, PURGED, ERASED)


def event_ref(event_id: str) -> bytes:
    """What the outcome log knows an event by: a hash, so that no order id lies on the disk."""
    return blake2b(event_id.encode("utf-8", "surrogatepass"), digest_size=16, person=b"event").digest()


@dataclass(frozen=True, slots=True)
class Record:
    """What the rules decided about an event when it came, for whoever asks later. Holds no personal data.

    `ref` is the event's id as it came, hashed; `event` its name. `place` is the line of the rule file.
    `key` is the dedup key of the entry that was made, where one was.
    """

    ref: bytes
    at: float
    outcome: str
    reason: str = ""
    destination: str = ""
    event: str = ""
    place: str = ""
    rules_version: str = ""
    correlation: str = ""
    key: bytes | None = None


@dataclass(frozen=True, slots=True)
class Account:
    """What one request adds to the books beside its entries, whose repeats the spool counts by itself."""

    postings: Mapping[Posting, int] = field(default_factory=dict)
    records: Sequence[Record] = ()


NOTHING: Final = Account()


@dataclass(frozen=True, slots=True)
class Books:
    """All postings since the spool was made, and the rows by destination that wait at that moment."""

    postings: Mapping[Posting, int]
    waiting: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Balance:
    """Where everything went that came in, or that was offered to one destination.

    `parts` are counts by what happened and why; `total` should be their sum and `pending`.
    """

    destination: str
    total: int
    parts: Mapping[str, Mapping[str, int]]
    pending: int

    @property
    def unaccounted(self) -> int:
        """Events of which nobody knows what became of them: 0, or there is a fault."""
        return self.total - self.pending - sum(sum(part.values()) for part in self.parts.values())


def balances(books: Books) -> list[Balance]:
    """The router's balance first (destination ""), then each destination's by name."""
    counts: dict[str, dict[str, Counter[str]]] = defaultdict(lambda: defaultdict(Counter))
    for (destination, what, why), count in books.postings.items():
        if count:
            counts[destination][what][why] += count
    names = sorted({*counts, *books.waiting} - {""})
    return [_router(counts[""]), *(_destination(name, counts[name], books.waiting) for name in names)]


def _router(counts: Mapping[str, Counter[str]]) -> Balance:
    return Balance("", _total(counts, RECEIVED), dict(_parts(counts, _ENDS_OF_EVENTS)), 0)


def _destination(name: str, counts: Mapping[str, Counter[str]], waiting: Mapping[str, int]) -> Balance:
    parts = dict(_parts(counts, _ENDS_OF_OFFERS))
    return Balance(name, _total(counts, OFFERED), parts, waiting.get(name, 0))


def _parts(
    counts: Mapping[str, Counter[str]], names: Sequence[str]
) -> Iterator[tuple[str, Mapping[str, int]]]:
    for name in names:
        if name in counts:
            yield name, dict(sorted(counts[name].items()))


def _total(counts: Mapping[str, Counter[str]], name: str) -> int:
    return counts[name].total() if name in counts else 0
