"""Ways that entries have gone, by their numbers, which never change."""

from __future__ import annotations

from hashlib import blake2b
from typing import Any, Final

from router.delivery.archive import Route
from router.delivery.entry import Entry
from router.delivery.postgres.columns import plain

_NAMES: Final = ("destination", "source", "source_id", "event", "rules_version")
MOST: Final = 20_000


class Routes:
    """What is known of them; forgotten and learnt anew when there are very many."""

    def __init__(self) -> None:
        self._numbers: dict[Route, int] = {}
        self._routes: dict[int, Route] = {}

    def number(self, route: Route) -> int | None:
        return self._numbers.get(route)

    def route(self, number: int) -> Route | None:
        return self._routes.get(number)

    def learn(self, number: int, route: Route) -> None:
        if len(self._numbers) >= MOST:
            self._numbers.clear()
            self._routes.clear()
        self._numbers[route] = number
        self._routes[number] = route


def route_of(entry: Entry) -> Route:
    return Route(entry.destination, entry.source, entry.source_id, entry.event, entry.rules_version)


def route_values(route: Route) -> dict[str, Any]:
    """The texts, and their hash, by which the database knows them."""
    digest = blake2b(digest_size=16, person=b"route")
    values: dict[str, Any] = {name: plain(getattr(route, name)) for name in _NAMES}
    for text in values.values():
        raw = text.encode()
        digest.update(len(raw).to_bytes(8, "big") + raw)
    return {**values, "way": digest.digest()}
