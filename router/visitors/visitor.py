"""What is remembered of a visitor: a click and the browser's id, each with the event that told it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from router.lang.outcome import Arrival

Policy = Literal["newest", "first"]
"""Which click counts where there are several."""


@dataclass(frozen=True, slots=True)
class Seen:
    """A value and the event that told it: its name, its time in epoch seconds.

    One that is not `sure` may be older than its event, as a cookie's is. `page_url` is the page of a click.
    """

    value: str = field(repr=False)
    at: int
    event: str
    page_url: str | None = field(default=None, repr=False)
    sure: bool = True


@dataclass(frozen=True, slots=True)
class Visitor:
    """Nobody, if nothing is known."""

    ttclid: Seen | None = None
    ttp: Seen | None = None

    def __bool__(self) -> bool:
        return self.ttclid is not None or self.ttp is not None

    @property
    def names(self) -> tuple[str, ...]:
        """What is known."""
        known = (("ttclid", self.ttclid), ("ttp", self.ttp))
        return tuple(name for name, seen in known if seen is not None)

    def since(self, oldest: int) -> Visitor:
        """Without what is older."""
        return Visitor(_since(self.ttclid, oldest), _since(self.ttp, oldest))

    def given_to(self, arrival: Arrival) -> Arrival:
        """The event with what earlier ones told in `meta.remembered`, where rules find it."""
        meta = arrival.event.get("meta")
        if not self or not isinstance(meta, dict):
            return arrival
        return replace(arrival, event={**arrival.event, "meta": {**meta, "remembered": self._as_json()}})

    def _as_json(self) -> dict[str, Any]:
        told: dict[str, Any] = {}
        for name, seen in (("ttclid", self.ttclid), ("ttp", self.ttp)):
            if seen is not None:
                told |= {name: seen.value, f"{name}_at": seen.at, f"{name}_event": seen.event}
        if self.ttclid is not None and self.ttclid.page_url is not None:
            told["page_url"] = self.ttclid.page_url
        return told


NOBODY = Visitor()


def joined(known: Iterable[Visitor], policy: Policy) -> Visitor:
    """What is known of one visitor under several keys."""
    found = NOBODY
    for each in known:
        found = Visitor(_click(found.ttclid, each.ttclid, policy), _later(found.ttp, each.ttp))
    return found


def _click(known: Seen | None, told: Seen | None, policy: Policy) -> Seen | None:
    """The same click again is not a later one, and one that may be old does not replace a known one."""
    if known is None or told is None:
        return known or told
    if known.value == told.value:
        return min(known, told, key=lambda each: each.at)
    if known.sure != told.sure:
        return known if known.sure else told
    return _later(known, told) if policy == "newest" else min(known, told, key=lambda each: each.at)


def _later(known: Seen | None, told: Seen | None) -> Seen | None:
    if known is None or told is None:
        return known or told
    return max(known, told, key=lambda each: each.at)


def _since(seen: Seen | None, oldest: int) -> Seen | None:
    return seen if seen is not None and seen.at >= oldest else None
