"""Where accepted entries wait on disk, with their dedup claims: what every backend promises."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol

from router.delivery.account import NOTHING, Account
from router.delivery.archive import Archive
from router.delivery.drift import Drift
from router.delivery.entry import Entry, Queued


class SpoolError(Exception):
    """The spool cannot do what was asked."""


class SpoolFull(SpoolError):  # noqa: N818 - reads as the state it reports
    """No room now; the sender should come back after `retry_after` seconds."""

    def __init__(self, retry_after: float, reason: str) -> None:
        # Both, so that it comes whole from another process.
        super().__init__(retry_after, reason)
        self.retry_after = retry_after
        self.reason = reason

    def __str__(self) -> str:
        return self.reason


class SpoolBroken(SpoolError):  # noqa: N818 - as above
    """The disk failed and what was last written is unknown: stop, and recover at the next start."""


class SpoolUnusable(SpoolError):  # noqa: N818 - as above
    """The spool cannot be opened; the message says what is wrong and where."""


class Delivered(NamedTuple):
    """The entry is at its destination: its row goes, its claim begins to age.

    A tuple like `Entry`, because one is made for every event.
    """

    id: int
    request_id: str = ""


@dataclass(frozen=True, slots=True)
class Rescheduled:
    """Due again at `due`, because of `why`. Not `counted`: the recorded attempt is taken back."""

    id: int
    due: float
    first_ambiguous_at: float | None
    counted: bool = True
    why: str = ""


@dataclass(frozen=True, slots=True)
class Buried:
    """The entry becomes a dead letter."""

    id: int
    reason: str
    code: str = ""
    message: str = ""
    request_id: str = ""


Step = Delivered | Rescheduled | Buried


@dataclass(frozen=True, slots=True)
class Claimed:
    """What a claim took, oldest due first, and when the next row is due where that much is known."""

    rows: tuple[Queued, ...]
    next_due: float | None = None


@dataclass(frozen=True, slots=True)
class Stats:
    """What the spool holds: rows by destination (waiting, and being sent), dead letters by reason."""

    pending: Mapping[str, int]
    leased: Mapping[str, int]
    dead: Mapping[str, int]
    payload_bytes: int
    oldest_accepted_at: float | None
    dead_bytes: int = 0

    @property
    def rows(self) -> int:
        return sum(self.pending.values()) + sum(self.leased.values())

    def oldest_age(self, now: float) -> float:
        """Seconds that the oldest undelivered entry has waited; 0 when there is none."""
        return 0.0 if self.oldest_accepted_at is None else max(0.0, now - self.oldest_accepted_at)


class Spool(Protocol):
    """A durable queue with dedup claims. Times are epoch seconds and come from the caller.

    Every operation raises `SpoolBroken` once the disk has failed. Claims of entries that wait never expire,
    except at their `claim_until`; claims of dead letters live as long as the dead letter. Every operation
    keeps the books in its own transaction.
    """

    @property
    def archive(self) -> Archive:
        """What operators ask."""
        ...

    async def put(self, entries: Sequence[Entry], account: Account = NOTHING) -> list[bool]:
        """Store entries whose key is not claimed: True for new, False for a repeat.

        Entries, claims and `account` are one transaction, and the answer comes after the durable commit.
        After `SpoolFull` nothing of the call was stored or counted.
        """
        ...

    async def claim(self, destination: str, limit: int, now: float) -> Claimed:
        """Lease up to `limit` due rows and record the attempt, durably, before anything is sent."""
        ...

    async def settle(self, steps: Sequence[Step], now: float) -> int:
        """Record outcomes of leased rows in one transaction; rows that are not leased are passed over."""
        ...

    async def recover(self) -> int:
        """After a start: leases are void, and their attempts count as ambiguous and as crashes."""
        ...

    async def purge(
        self, now: float, *, dead_before: float | None = None, remember: float = 0.0, limit: int = 1000
    ) -> int:
        """Remove at most `limit` claims that ended `remember` seconds ago or earlier, and as many dead
        letters older than `dead_before`."""
        ...

    async def evict(self, dead_bytes: int, now: float, *, limit: int = 1000) -> int:
        """Remove at most `limit` dead letters, the oldest, while all payloads exceed `dead_bytes`."""
        ...

    async def drift(self) -> Drift:
        """What was last given to `adjust`, in this run or an earlier one."""
        ...

    async def adjust(self, drift: Drift, latest_due: float) -> None:
        """Judge the age of claims with this drift from now on; rows due after `latest_due` are due then."""
        ...

    async def stats(self) -> Stats: ...

    def watch(self, stored: Callable[[Collection[str]], None]) -> None:
        """Call `stored` in the event loop with the destinations of what was just committed."""
        ...

    async def close(self) -> None: ...
