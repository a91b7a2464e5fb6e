"""Finishing for compiled rules: as `payload.finish`, with all that a program settles done before."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from string import ascii_letters
from typing import Any, Final

import orjson

from router.lang.compiled import Plan, compile_plan
from router.lang.compiled.seam import Fitting, LeftOut, Receiving
from router.lang.outcome import Arrival, Send
from router.lang.program import Program
from router.tiktok import payload as p
from router.tiktok.catalogue import CURRENCIES, LIMITS, current_name
from router.tiktok.event_id import RESEND_MARGIN
from router.tiktok.identity import UNEXPANDED_MACRO, ttclid
from router.tiktok.payload import Finished, Slot

_NEW: Final = tuple.__new__
_TIMES_BELOW: Final = 10**11
_BEGINS_AN_ID: Final = frozenset("123456789" + ascii_letters) - frozenset("nNuU")
"""No text that stands for nothing begins with one of these, white space before it or not."""
_WINDOW: Final = LIMITS.dedup_window
_RESEND: Final = LIMITS.dedup_window - RESEND_MARGIN
_WEB: Final = ("https://", "http://")


def plan_of(program: Program) -> Plan:
    """A checked program compiled, with TikTok's payloads finished in the same pass as `Finished`."""
    return compile_plan(program, Finishing(program.settings))


@dataclass(frozen=True, slots=True)
class Head:
    """The event's name on the wire and TikTok's current one, with what was wrong with it."""

    event: str
    key_event: str
    left_out: tuple[p.LeftOut, ...]


@dataclass(frozen=True, slots=True)
class Finishing:
    """Finishes payloads under the settings of one program."""

    settings: Mapping[str, Any]
    nothing: frozenset[str] = p.WRITTEN_FOR_NOTHING
    lead: tuple[str, ...] = ("event", "event_time", "event_id")

    def receiving(self, names: tuple[str, ...], depth: int) -> Receiving:
        """What becomes of a value at this place; see `payload.clean`."""
        slot, listed = _slot(names)
        fitting = None if slot.fit is None else _fitting(slot.fit)

        def clean(value: Any, left_out: LeftOut) -> Any:
            return p.clean(value, slot, left_out, depth)

        return Receiving(slot.path, slot.rank if listed else None, clean, fitting)

    def head(self, event: str) -> Head:
        """What all payloads of an event name share."""
        left_out: list[p.LeftOut] = []
        name = p.event_name(event, self.settings, left_out)
        return Head(name, current_name(name), tuple(left_out))

    def close(
        self, head: Head, payload: dict[str, Any], left_out: LeftOut, arrival: Arrival
    ) -> Finished | None:
        """Settle time and id, and make the bytes; None for what JSON in UTF-8 cannot say."""
        payload["event"] = head.event
        if head.left_out:
            left_out += head.left_out
        at, own = payload["event_time"], payload["event_id"]
        if at.__class__ is not int or not 0 <= at < _TIMES_BELOW:
            at = payload["event_time"] = p.event_time_of(at, arrival.now, left_out)
        if own.__class__ is not str or not own or own[0] not in _BEGINS_AN_ID:
            return self._identified(head, payload, left_out, arrival)
        try:
            body = orjson.dumps(payload)
        except TypeError:
            return None
        left = tuple(sorted(left_out)) if left_out else ()
        return _NEW(
            Finished, (body, head.event, head.key_event, own, own, at, left, _WINDOW, None, _RESEND, payload)
        )

    def _identified(
        self, head: Head, payload: dict[str, Any], left_out: LeftOut, arrival: Arrival
    ) -> Finished | None:
        """With an id that is to be looked at, or made."""
        at, own = payload["event_time"], p.own_id(payload["event_id"], left_out)
        known = p.identified(own, arrival.event, at, arrival.now, self.settings)
        if known.sent is None:
            del payload["event_id"]
        else:
            payload["event_id"] = known.sent
        try:
            body = orjson.dumps(payload)
        except TypeError:
            return None
        return Finished(
            body, head.event, head.key_event, known.sent, known.dedup, at, tuple(sorted(left_out)),
            known.claim_seconds, known.claim_until, known.resend_seconds, payload,
        )  # fmt: skip

    def finish(self, send: Send, arrival: Arrival) -> Finished:
        """A send of the walker."""
        return p.finish(send, arrival.event, arrival.now, self.settings)


def _slot(names: tuple[str, ...]) -> tuple[Slot, bool]:
    """The place of a field, and whether the catalogue lists it."""
    slot, listed = p.ROOT, True
    for name in names:
        below = slot.below.get(name)
        listed = listed and below is not None
        slot = below or p.unlisted(slot, name)
    return slot, listed


def _fitting(fit: Any) -> Fitting:
    """With signs that a text fits as it is, which are quicker than to bring it into form."""
    if fit is p.web_address:
        return Fitting(fit, starts=_WEB)
    if fit is ttclid:
        return Fitting(fit, at_most=LIMITS.ttclid_characters, never=frozenset({UNEXPANDED_MACRO}))
    return Fitting(fit, known=CURRENCIES) if fit is p.currency else Fitting(fit)
