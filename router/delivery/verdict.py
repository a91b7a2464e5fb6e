"""What a destination said, entry by entry, and who asks it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Protocol

from router.delivery.entry import Entry, Queued


@dataclass(frozen=True, slots=True)
class Accepted:
    """The destination has it. `request_id` is its own name for the request, if it gave one."""

    request_id: str = ""


@dataclass(frozen=True, slots=True)
class Retry:
    """Not now. `after` in seconds, or None for the policy's backoff.

    `ambiguous`: the entry may have arrived. `counts`: this was an attempt of the entry's own.
    `request_id` is the destination's own name for the request, here and below; it decides nothing.
    """

    why: str
    after: float | None = None
    ambiguous: bool = False
    counts: bool = True
    request_id: str = field(default="", compare=False)


@dataclass(frozen=True, slots=True)
class Throttled:
    """The destination wants fewer requests: all of it pauses for `after` seconds, or as the policy says."""

    why: str
    after: float | None = None
    request_id: str = field(default="", compare=False)


@dataclass(frozen=True, slots=True)
class Refused:
    """This entry is wrong and will stay wrong: a dead letter. `why` holds no personal data."""

    code: str
    why: str
    request_id: str = ""


@dataclass(frozen=True, slots=True)
class Spoiled:
    """The batch was refused whole for a fault in one of its entries; `suspect` is the index named, if any."""

    code: str
    why: str
    suspect: int | None = None
    request_id: str = field(default="", compare=False)


@dataclass(frozen=True, slots=True)
class Parked:
    """The fault lies with the destination's set-up: it is held, and its entries stay pending."""

    code: str
    why: str
    ambiguous: bool = False
    request_id: str = field(default="", compare=False)


Verdict = Accepted | Retry | Throttled | Refused | Spoiled | Parked


def request_id_of(verdicts: Iterable[Verdict]) -> str:
    """The destination's own name for the request that these are of, if it gave one."""
    return next((each.request_id for each in verdicts if each.request_id), "")


@dataclass(frozen=True, slots=True)
class Batch:
    """Entries that can share one request: same destination, source and source id."""

    destination: str
    source: str
    source_id: str
    rows: tuple[Queued, ...]

    @property
    def entries(self) -> tuple[Entry, ...]:
        return tuple(row.entry for row in self.rows)

    def __len__(self) -> int:
        return len(self.rows)


class Sender(Protocol):
    """Hands a batch to its destination; one verdict an entry, in order. The world's failures are verdicts."""

    async def send(self, batch: Batch) -> list[Verdict]: ...
