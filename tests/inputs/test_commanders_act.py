"""Commanders Act's ids and names."""

from __future__ import annotations

import json
from typing import Any

import pytest
from trackers import NOW

from router.inputs import RawRequest, decode


@pytest.mark.parametrize(
    ("event", "known", "origin"),
    [
        ({"id": "o-1", "context": {"event_id": "e-1"}}, "o-1", "sender"),
        ({"context": {"event_id": "e-1"}}, "e-1", "sender"),
        ({"id": "", "context": {"event_id": 7}}, "7", "sender"),
        ({"context": {}}, None, "none"),
        ({"context": 5}, None, "none"),
    ],
)
def test_the_events_own_id_stands_in_for_a_missing_one(event: Any, known: str | None, origin: str) -> None:
    body = json.dumps({"event_name": "purchase", **event}).encode()
    (arrival,) = decode("commanders_act", RawRequest(body, NOW)).arrivals
    assert (arrival.event.get("id"), arrival.event["meta"]["id_origin"]) == (known, origin)


def test_a_postcode_is_read() -> None:
    body = b'{"event_name": "a", "user": {"zipcode": "75001"}}'
    (arrival,) = decode("commanders_act", RawRequest(body, NOW)).arrivals
    assert arrival.event["user"] == {"zip": "75001"}
