"""What all connections of a listener share: the application, the limits, and how many came from where."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Final, Protocol

from router.serving.last_words import last_words
from router.serving.peer import household, is_proxy
from router.serving.request import App
from router.settings import Limits, Network

_ENDING_SECONDS: Final = 1.0


class Guest(Protocol):
    """A connection, as its listener sees it."""

    def retire(self) -> None: ...

    def cut(self) -> asyncio.Task[None] | None: ...


class Lobby:
    """The connections of a listener that are open, or whose requests are being answered.

    `refused` hears the status of every answer that is given before a request gets to the application;
    connections of `trusted` proxies are not counted by address.
    """

    def __init__(
        self, app: App, limits: Limits, refused: Callable[[int], None], trusted: Sequence[Network] = ()
    ) -> None:
        self.app = app
        self.limits = limits
        self.refused = refused
        self.words = last_words(limits)
        self.loop = asyncio.get_running_loop()
        self.is_closing = False
        self._trusted = trusted
        self._guests: set[Guest] = set()
        self._open: Counter[str] = Counter()
        self._empty = asyncio.Event()

    def enter(self, guest: Guest, peer: str | None) -> bool:
        """Whether one more connection is within the limits, of all and of its address; proxies have none."""
        self._guests.add(guest)
        room = len(self._guests) <= self.limits.connections and not self.is_closing
        if peer is None:
            return room
        whose = household(peer)
        self._open[whose] += 1
        few = self._open[whose] <= self.limits.connections_per_address
        return room and (few or is_proxy(peer, self._trusted))

    def hang_up(self, peer: str | None) -> None:
        """A connection has ended; its request may still be dealt with."""
        if peer is not None:
            whose = household(peer)
            self._open[whose] -= 1
            if not self._open[whose]:
                del self._open[whose]

    def leave(self, guest: Guest) -> None:
        """A connection has ended, and so has what it asked for."""
        self._guests.discard(guest)
        if self.is_closing and not self._guests:
            self._empty.set()

    async def close(self, deadline: float) -> None:
        """Finish the requests at hand, and cut off what is open after `deadline` seconds."""
        self.is_closing = True
        for each in tuple(self._guests):
            each.retire()
        if not self._guests:
            return
        try:
            await asyncio.wait_for(self._empty.wait(), deadline)
        except TimeoutError:
            ending = [task for each in tuple(self._guests) if (task := each.cut()) is not None]
            await asyncio.wait([*ending, asyncio.create_task(asyncio.sleep(0))], timeout=_ENDING_SECONDS)
