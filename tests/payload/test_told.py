"""What is told of a payload beside its bytes: the order, and what a person can be matched by."""

from __future__ import annotations

import orjson
import pytest

from router.assets import asset
from router.lang.outcome import Arrival
from router.rulebook import load
from router.tiktok.finishing import plan_of

NOW = 1_795_000_000
EVENTS = [
    {"event_name": "purchase", "id": "o-1", "order_id": "A-1", "user": {"email": "a@b.example", "id": "7"}},
    {"event_name": "purchase", "id": "o-2", "order_id": 17, "user": {"email": " ", "phone": "none"}},
    {"event_name": "purchase", "order_id": "\ud800", "user": {"email": "ada@example.com"}},
    {"event_name": "page_view", "id": "p-1", "context": {"device": {"ip": "203.0.113.9", "type": "iOS"}}},
    {"event_name": "page_view", "id": "p-2"},
]  # fmt: skip


@pytest.mark.parametrize("event", EVENTS)
def test_it_is_what_the_payload_says(event: dict[str, object]) -> None:
    program = load([asset("rules/standard.rules")]).program
    assert program is not None
    plan, arrival = plan_of(program), Arrival({**event, "consent": {"advertising": True}}, NOW)
    for planned in (plan.run(arrival), plan.walk(arrival)):
        (done,) = planned.finished
        payload = orjson.loads(done.payload)
        order = payload.get("properties", {}).get("order_id")
        assert done.order == (None if order is None else str(order))
        user = payload.get("user", {})
        assert set(done.match_keys) == set(user) - {"att_status", "locale"}
