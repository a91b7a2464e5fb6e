"""What an operator asks of a spool, and does to it: the books, histories, dead letters, erasure."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal, Protocol

from router.delivery.account import Books, Record
from router.delivery.entry import DeadLetter, Entry, Queued

FateState = Literal["pending", "sending", "sent", "dead", "gone"]
Replay = Literal["queued", "claimed", "late", "unknown"]
NONE_ANEW: Mapping[int, Entry] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Route:
    """A way that entries have gone."""

    destination: str
    source: str
    source_id: str
    event: str
    rules_version: str


@dataclass(frozen=True, slots=True)
class Settlement:
    """How it ended: when, and what the destination said."""

    at: float
    reason: str = ""
    code: str = ""
    message: str = ""
    request_id: str = ""


@dataclass(frozen=True, slots=True)
class Fate:
    """What became of an entry, by its dedup key. `gone` was a dead letter that was purged, or was erased.

    `due` is when an entry that waits is sent, `why` what its latest attempt came to; `first_ambiguous_at`
    when it may first have arrived.
    `repeats_until` is when the claim ends, None for as long as it waits.
    """

    state: FateState
    row: int
    route: Route | None
    accepted_at: int | None
    attempts: int
    settlement: Settlement | None = None
    repeats_until: float | None = None
    due: float | None = None
    first_ambiguous_at: float | None = None
    why: str = ""


@dataclass(frozen=True, slots=True)
class History:
    """All that is known of an event: entries by their key, and what the rules decided when it came."""

    fates: tuple[Fate, ...]
    records: tuple[Record, ...]


@dataclass(frozen=True, slots=True)
class DeadQuery:
    """Which dead letters; what is not given does not matter. Ages as epoch seconds of the death."""

    ids: frozenset[int] | None = None
    reason: str | None = None
    code: str | None = None
    destination: str | None = None
    since: float | None = None
    before: float | None = None

    def fits(self, letter: DeadLetter) -> bool:
        return (
            (self.ids is None or letter.id in self.ids)
            and self.reason in (None, letter.reason)
            and self.code in (None, letter.code)
            and self.destination in (None, letter.entry.destination)
            and (self.since is None or letter.died_at >= self.since)
            and (self.before is None or letter.died_at < self.before)
        )


EVERY_DEAD = DeadQuery()


class Archive(Protocol):
    """The operator's side of a spool. Raises as `Spool` does."""

    async def books(self) -> Books:
        """Postings and waiting rows of one moment."""
        ...

    async def routes(self) -> list[Route]:
        """Every way that entries have gone, for finding keys of an event id."""
        ...

    async def history(self, keys: Collection[bytes], ref: bytes) -> History:
        """Fates of these keys and of those that the records of `ref` name, in the order of acceptance."""
        ...

    async def dead(
        self, limit: int = 100, *, after: int = 0, query: DeadQuery = EVERY_DEAD
    ) -> list[DeadLetter]:
        """Dead letters by id, those above `after`."""
        ...

    async def waiting(self, limit: int = 100, *, after: int = 0) -> list[Queued]:
        """Entries that are not delivered, by id, those above `after`; being sent or not."""
        ...

    async def kept(self, ids: Sequence[int]) -> dict[int, bytes]:
        """The events of these rows as they came, where they were kept and can be read."""
        ...

    async def seals(self) -> set[bytes]:
        """The ids of the keys that anything here is sealed with. Looks at every row."""
        ...

    async def replay(
        self, ids: Sequence[int], now: float, *, force: bool = False, anew: Mapping[int, Entry] = NONE_ANEW
    ) -> dict[int, Replay]:
        """Dead letters back among what waits, attempts forgotten, payload, time and rules version taken
        from `anew` where given.

        `claimed`: the same event was accepted anew since, nothing is done. `late`: it may have arrived so
        long ago that a repeat would count twice; with `force` it is sent all the same. Raises `SpoolFull`.
        """
        ...

    async def discard(self, ids: Sequence[int], now: float) -> int:
        """Remove dead letters for good; their events may be accepted again."""
        ...

    async def erase(self, ids: Sequence[int], now: float) -> int:
        """Remove rows, waiting or dead, because of the person in them; nothing of them stays on disk."""
        ...

    async def forget(self, before: float, settled_before: float, *, most: int, limit: int = 1000) -> int:
        """Remove at most `limit` records from before `before` or beyond the newest `most`, and as many
        settlements from before `settled_before`."""
        ...
