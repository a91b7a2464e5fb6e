"""Who wants to know how delivery goes."""

from __future__ import annotations

from typing import Protocol

from router.delivery.entry import Entry


class Observer(Protocol):
    """Called in the event loop; must not raise or wait."""

    def posted(self, destination: str, size: int, seconds: float) -> None:
        """One request was answered, or failed: entries in it and how long it took."""

    def sent(self, entry: Entry) -> None:
        """The destination accepted the entry."""

    def retried(self, entry: Entry, why: str) -> None:
        """The entry will be sent again."""

    def died(self, entry: Entry, reason: str, code: str) -> None:
        """The entry became a dead letter."""

    def changed(self, destination: str, state: str, reason: str) -> None:
        """The destination is now `open`, `throttled` or `held`."""


class Unobserved:
    """Nobody wants to know."""

    def posted(self, destination: str, size: int, seconds: float) -> None:
        pass

    def sent(self, entry: Entry) -> None:
        pass

    def retried(self, entry: Entry, why: str) -> None:
        pass

    def died(self, entry: Entry, reason: str, code: str) -> None:
        pass

    def changed(self, destination: str, state: str, reason: str) -> None:
        pass
