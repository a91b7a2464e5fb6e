"""One visit: what its events have in common, while its time goes by."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from random import Random
from typing import Any, Final, Literal

import orjson

from router.demo.people import Browser, Person
from router.demo.shop import SITE

Wire = Literal["browser", "server", "app", "commanders_act", "till", "crm"]
"""Who posts an event, and so in what kind of request."""

HOUR: Final = 3600
_LAST_MOMENT: Final = HOUR - 5.0
GRANTED: Final[Mapping[str, bool]] = {"advertising": True, "analytics": True}


@dataclass(frozen=True, slots=True)
class Happening:
    """An event as JSON text, good or broken. `at` is in seconds since the hour began."""

    at: float
    kind: str
    wire: Wire
    text: bytes
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class Visit:
    """Somebody at the shop. `opening` is the epoch second at which the hour began, `at` seconds since.

    `events` counts them; each takes some time.
    """

    dice: Random
    opening: int
    at: float
    kind: str
    person: Person
    browser: Browser
    consent: Mapping[str, bool] | None = field(default_factory=lambda: GRANTED)
    cookies: dict[str, str] = field(default_factory=dict)
    user: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.browser.ttp:
            self.cookies["_ttp"] = self.browser.ttp

    def event(self, name: str, **parts: Any) -> dict[str, Any]:
        """A standard event of this moment; `parts` that are None or empty are left out."""
        self.at = min(self.at + self.dice.uniform(3, 45), _LAST_MOMENT)
        context = {"event_timestamp": round((self.opening + self.at) * 1000), **parts.pop("context", {})}
        event = {
            "event_name": name,
            "id": f"{name[:3]}-{self.dice.getrandbits(64):016x}",
            "user": dict(self.user),
            "consent": None if self.consent is None else dict(self.consent),
            **parts,
            "context": context,
        }
        return {key: value for key, value in event.items() if value not in (None, {})}

    def page(self, path: str) -> dict[str, Any]:
        """The context of an event on a page of the shop."""
        return {"page": {"url": SITE + path, "referrer": f"{SITE}/"}}

    def from_browser(self, event: dict[str, Any]) -> Happening:
        """The event as a script of the page posts it, with the cookies of this moment."""
        return Happening(self.at, self.kind, "browser", text(event), self.browser.headers(self.cookies))

    def through(self, wire: Wire, event: dict[str, Any]) -> Happening:
        """The event as one of the shop's systems posts it."""
        return Happening(self.at, self.kind, wire, text(event))

    def device(self) -> dict[str, Any]:
        """The `context.device` that a shop's server tells of its visitor."""
        about = {"ip": self.browser.ip, "user_agent": self.browser.agent, "language": self.browser.language}
        return about | ({"cookie": dict(self.cookies)} if self.cookies else {})


def text(event: dict[str, Any]) -> bytes:
    """An event as JSON."""
    return orjson.dumps(event)
