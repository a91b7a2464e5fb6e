"""Who wants to know how delivery goes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from router.delivery.entry import Entry


class Observer(Protocol):
    """Called in the event loop; must not raise or wait."""

    def posted(self, destination: str, size: int, seconds: float, answer: str) -> None:
        """One request was answered, or failed: entries in it, how long it took, the class of the answer."""

    def adapted(self, destination: str, limit: int) -> None:
        """The destination may have so many requests open at once from now on."""

    def sent(self, destination: str, entries: Sequence[Entry]) -> None:
        """The destination accepted these entries."""

    def retried(self, entry: Entry, why: str, request_id: str = "") -> None:
        """The entry will be sent again. `request_id` is the destination's name for the request, if any."""

    def died(self, entry: Entry, reason: str, code: str, request_id: str = "") -> None:
        """The entry became a dead letter, in the request of that name."""

    def evicted(self, count: int) -> None:
        """So many dead letters had to go, because all together were too large."""

    def changed(self, destination: str, state: str, reason: str, code: str) -> None:
        """The destination is now `open`, `throttled`, `failing` or `held`; `code` is what it answered."""


class Unobserved:
    """Nobody wants to know."""

    def posted(self, destination: str, size: int, seconds: float, answer: str) -> None:
        pass

    def adapted(self, destination: str, limit: int) -> None:
        pass

    def sent(self, destination: str, entries: Sequence[Entry]) -> None:
        pass

    def retried(self, entry: Entry, why: str, request_id: str = "") -> None:
        pass

    def died(self, entry: Entry, reason: str, code: str, request_id: str = "") -> None:
        pass

    def evicted(self, count: int) -> None:
        pass

    def changed(self, destination: str, state: str, reason: str, code: str) -> None:
        pass
