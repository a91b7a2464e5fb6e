"""Consent that nobody could read is counted by format, and told with what to do."""

from __future__ import annotations

from typing import Any

import pytest

from router.daemon.attention import concerns
from router.daemon.consents import ConsentWatch
from router.lang.outcome import Arrival


def arrival(consent: Any, meta: Any) -> Arrival:
    return Arrival({"event_name": "purchase", "consent": consent, "meta": meta}, 0)


def test_words_that_no_setting_maps_are_counted_by_format() -> None:
    watch = ConsentWatch()
    for name in ("segment", "segment", "ga4"):
        assert watch.note(arrival({"unread": True}, {"format": name})) == name
    for consent in ({"advertising": False}, {"unread": "yes"}, None, "all"):
        assert watch.note(arrival(consent, {"format": "segment"})) is None
    assert watch.unread == {"segment": 2, "ga4": 1}


@pytest.mark.parametrize("name", ["made-up", None, {}, 7])
def test_a_name_that_a_sender_made_up_is_none_of_ours(name: Any) -> None:
    watch = ConsentWatch()
    assert watch.note(arrival({"unread": True}, {"format": name})) == "raw"
    assert watch.note(arrival({"unread": True}, "no object")) is None


@pytest.mark.parametrize(
    ("name", "todo"),
    [
        ("jitsu_classic", "set consent.jitsu,"),
        ("gtag", "set consent.ga4,"),
        ("raw", "send consent.advertising"),
    ],
)
def test_it_needs_somebody(name: str, todo: str) -> None:
    report = {
        "conservation": {},
        "destinations": [],
        "rules": {"reload_failed_at": None},
        "spool": {
            "pending": 0, "in_flight": 0, "payload_bytes": 0, "oldest_seconds": 0, "dead_letters_evicted": 0
        },
        "consent_unread": {name: 3},
    }  # fmt: skip
    (found,) = concerns(report)
    assert f"3 events came as {name}" in found.what
    assert found.todo.startswith(todo)
