"""Other routers that deliver from the same spool: what they tell each other."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from router.delivery.condition import State


@dataclass(frozen=True, slots=True)
class News:
    """A destination is held, throttled for so many `seconds`, or open again, says another router."""

    destination: str
    state: State
    reason: str
    code: str
    seconds: float
    strikes: int


class Company(Protocol):
    """The routers of one spool, this one among them. Everything here runs in the event loop."""

    def tell(self, news: News) -> None:
        """For the others, soon; nothing waits for it."""
        ...

    def listen(self, heard: Callable[[News], None], joined: Callable[[int], None]) -> None:
        """`heard` gets what others tell; `joined` how many routers there are, whenever that changes."""
        ...


class Alone:
    """The company of a spool that one router has for itself."""

    def tell(self, news: News) -> None:
        pass

    def listen(self, heard: Callable[[News], None], joined: Callable[[int], None]) -> None:
        pass
