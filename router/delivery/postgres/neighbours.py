"""What routers of one database tell each other of destinations, through its tables."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, cast

from router.delivery.company import News
from router.delivery.condition import State
from router.delivery.postgres.layout import Layout
from router.delivery.postgres.simple import Read
from router.delivery.postgres.work import Rows


class Neighbours:
    """See `Company`. The pulse carries what is said, and brings what is to be heard."""

    def __init__(self) -> None:
        self._heard: Callable[[News], None] | None = None
        self._joined: Callable[[int], None] = lambda _: None
        self._unheard: list[News] = []
        self._to_say: dict[str, News] = {}
        self._words: dict[str, int] = {}
        self.nodes = 1

    def tell(self, news: News) -> None:
        self._to_say[news.destination] = news

    def listen(self, heard: Callable[[News], None], joined: Callable[[int], None]) -> None:
        """What came before is told at once: a router is among others before it delivers."""
        self._heard = heard
        self._joined = joined
        joined(self.nodes)
        for news in self._unheard:
            heard(news)
        self._unheard.clear()

    # The pulse's side.

    def sayings(self, layout: Layout, node: int) -> tuple[dict[str, News], Sequence[Read]]:
        """What is to be said now, and the works that say it."""
        said = dict(self._to_say)
        values = [
            {
                "destination": each.destination, "node": node, "state": each.state, "reason": each.reason,
                "code": each.code, "seconds": each.seconds, "strikes": each.strikes,
            }
            for each in sorted(said.values(), key=lambda news: news.destination)
        ]  # fmt: skip
        return said, [Read(layout, "say", each) for each in values]

    def were_said(self, said: dict[str, News]) -> None:
        for name, news in said.items():
            if self._to_say.get(name) is news:
                del self._to_say[name]

    def hear(self, rows: Rows, node: int) -> None:
        """Every destination's latest word; what was heard before, and one's own, is passed over."""
        for word, speaker, destination, *news in sorted(rows):
            if self._words.get(destination, 0) < word:
                self._words[destination] = word
                if speaker != node and destination not in self._to_say:
                    (self._heard or self._unheard.append)(_news(destination, news))

    def count(self, nodes: int) -> None:
        if nodes != self.nodes:
            self.nodes = nodes
            self._joined(nodes)


def _news(destination: str, row: Sequence[Any]) -> News:
    state, reason, code, seconds, strikes = row
    return News(destination, cast("State", state), reason, code, max(0.0, seconds), strikes)
