"""The keeper as a worker sees it: what would be at hand in a daemon of one process."""

from __future__ import annotations

from collections.abc import Sequence

from router.daemon.workers.line import Line
from router.delivery.account import Account
from router.delivery.entry import Entry
from router.lang.outcome import Arrival
from router.visitors import Visitor


class RemoteStore:
    """A `Store` in the keeper's process."""

    def __init__(self, line: Line) -> None:
        self._line = line

    async def put(self, entries: Sequence[Entry], account: Account) -> list[bool]:
        # As plain tuples, which take a third of the time.
        plain = [tuple(entry) for entry in entries]
        stored: bytes = await self._line.call("put", plain, dict(account.postings), account.records)
        return [bool(new) for new in stored]


class RemoteMemory:
    """The memory of visitors in the keeper's process."""

    rows = 0

    def __init__(self, line: Line) -> None:
        self._line = line

    async def meet(
        self, arrivals: Sequence[Arrival], now: float, country: str | None = None
    ) -> list[Visitor]:
        known: list[Visitor]
        known, self.rows = await self._line.call("meet", arrivals, now, country)
        return known


class RemoteShadow:
    """Rules in the shadow, which the keeper compares."""

    def __init__(self, line: Line) -> None:
        self._line = line

    def offer(self, arrivals: Sequence[Arrival]) -> None:
        self._line.tell("offer", arrivals)


class RemoteOrders:
    """The keeper watches orders: the same one may come to several workers."""

    def __init__(self, line: Line) -> None:
        self._line = line

    def note(self, destination: str, event: str, order: str, event_id: str, sender: str) -> None:
        self._line.tell("order", destination, event, order, event_id, sender)
