"""From the bytes of an event to the bytes of its payload, by the shipped rules."""

from __future__ import annotations

from hashlib import sha256
from typing import Any, Final, TypeVar

import orjson
import samples
from options import Options
from timing import Case, side_by_side

from router.assets import asset
from router.lang.compiled import Plan
from router.lang.outcome import Arrival
from router.rulebook import load
from router.tiktok.finishing import plan_of

PARTS: Final = 8
_NONE: Final[dict[str, str]] = {}
"""Cookies and headers, which the daemon reads once for a request."""
T = TypeVar("T")


def measure(options: Options) -> dict[str, Any]:
    """For each kind of event: compiled, by the walker, and the floor."""
    return {kind: _measure(kind, options) for kind in ("purchase", "page_view")}


def _measure(kind: str, options: Options) -> dict[str, Any]:
    plan = standard_plan()
    bodies = samples.lines(kind, options.events)
    cases = {"floor": floor(plan, bodies), "compiled": compiled(plan, bodies)}
    found = side_by_side(cases, "floor", len(bodies) // PARTS, options.rounds, PARTS)
    # Apart from the others, because it leaves nothing of theirs in the processor's caches.
    cases = {"floor": cases["floor"], "walker": _walked(plan, bodies)}
    slow = side_by_side(cases, "floor", len(bodies) // PARTS, max(1, options.rounds // 5), PARTS)
    return {
        **found["compiled"].as_json(),
        "floor": found["floor"].as_json(),
        "walker": slow["walker"].as_json(),
    }


def standard_plan() -> Plan:
    program = load([asset("rules/standard.rules")]).program
    assert program is not None
    return plan_of(program)


def floor(plan: Plan, bodies: list[bytes]) -> Case:
    """What nobody can avoid: parse the event, hash three match keys, serialise the payload."""
    payloads = [orjson.loads(_payload(plan, body)) for body in bodies]
    users = [orjson.loads(body)["user"] for body in bodies]
    keys = [[user[name].strip().lower().encode() for name in ("email", "phone", "id")] for user in users]

    parts = _parted(list(zip(bodies, payloads, keys, strict=True)))

    def run(part: int) -> None:
        for body, payload, texts in parts[part]:
            orjson.loads(body)
            for text in texts:
                sha256(text).hexdigest()
            orjson.dumps(payload)

    return run


def _parted(values: list[T]) -> list[list[T]]:
    return [values[part::PARTS] for part in range(PARTS)]


def _payload(plan: Plan, body: bytes) -> bytes:
    (done,) = plan.run(Arrival(orjson.loads(body), samples.NOW)).finished
    payload: bytes = done.payload
    return payload


def compiled(plan: Plan, bodies: list[bytes]) -> Case:
    parts = _parted(bodies)

    def run(part: int) -> None:
        for body in parts[part]:
            plan.run(Arrival(orjson.loads(body), samples.NOW, _NONE, _NONE))

    return run


def _walked(plan: Plan, bodies: list[bytes]) -> Case:
    parts = _parted(bodies)

    def run(part: int) -> None:
        for body in parts[part]:
            plan.walk(Arrival(orjson.loads(body), samples.NOW))

    return run


def table(found: dict[str, Any]) -> list[tuple[str, ...]]:
    rows: list[tuple[str, ...]] = [("event", "how", "us", "x floor", "best us")]
    for kind, each in found.items():
        for how, times in (("floor", each["floor"]), ("compiled", each), ("walker", each["walker"])):
            rows.append(
                (kind, how, f"{times['us']:.2f}", f"{times['x_floor']:.2f}", f"{times['best_us']:.2f}")
            )
    return rows
