"""One purchase, in the standard event's words and in each tracker's, and what TikTok gets of it."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

from router.assets import asset
from router.explain import explain
from router.inputs import RawRequest, decode
from router.lang.outcome import Arrival
from router.lang.program import Program
from router.rulebook import load
from router.settings import Consent, Settings

HERE = Path(__file__).parent
NOW = 1_795_253_223.75
MAPPED = Settings(
    consent=Consent(
        segment=(("marketing", "advertising"), ("statistics", "analytics")),
        rudderstack=(("C0004", "advertising"), ("C0003", "analytics")),
        jitsu=(("marketing", "advertising"),),
        ga4=(("ad_user_data", "advertising"), ("ad_storage", "advertising")),
    )
)


@cache
def _program() -> Program:
    program = load([asset("rules/standard.rules")]).program
    assert program is not None
    return program


def payload_of(arrival: Arrival) -> dict[str, Any]:
    """The TikTok event that the standard rules make, by route and finish."""
    (sent,) = [each.payload for each in explain(_program(), arrival).outcomes if each.payload is not None]
    return sent


def the_payload() -> dict[str, Any]:
    """Of the purchase in the standard event's own words."""
    body = (HERE.parent / "end_to_end" / "purchase.json").read_bytes()
    (arrival,) = decode("standard", RawRequest(body, NOW, from_visitor=False)).arrivals
    return payload_of(arrival)


def purchase(name: str) -> Any:
    """The purchase in a format's own words."""
    return json.loads((HERE / "purchases" / f"{name}.json").read_bytes())


def only(name: str, event: Any, settings: Settings = MAPPED, **more: Any) -> Arrival:
    """The one arrival of a request; `event` is JSON to be, or bytes."""
    body = event if isinstance(event, bytes) else json.dumps(event).encode()
    decoded = decode(name, RawRequest(body, NOW, **{"from_visitor": False, **more}), settings)
    assert (decoded.problem, decoded.rejections) == (None, ())
    (arrival,) = decoded.arrivals
    return arrival


def rejected(name: str, event: Any, **more: Any) -> list[tuple[int, str]]:
    """The rejections of a request."""
    body = event if isinstance(event, bytes) else json.dumps(event).encode()
    return [
        (each.index, each.code) for each in decode(name, RawRequest(body, NOW, **more), MAPPED).rejections
    ]
