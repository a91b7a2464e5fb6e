"""What the log says of batches that are sent."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest
import structlog

from router.daemon.exchanges import ToldSender, correlations_of
from router.delivery.clock import ManualClock
from router.delivery.entry import Entry, Queued
from router.delivery.verdict import Accepted, Batch, Parked, Refused, Retry, Spoiled, Throttled, Verdict
from router.tracing import NO_TRACES

ENTRY = Entry(b"0123456789abcdef", "shop", "web", "PIXEL", "Purchase", b"{}", 0, 0.0, "v1")


class Says:
    """A sender with the same answer for every entry."""

    def __init__(self, verdict: Verdict, clock: ManualClock) -> None:
        self.verdict = verdict
        self.clock = clock

    async def send(self, batch: Batch) -> list[Verdict]:
        await self.clock.advance(0.25)
        return [self.verdict] * len(batch)


def batch_of(correlations: Sequence[str]) -> Batch:
    rows = (
        Queued(number, ENTRY._replace(correlation=each), 1, 0.0) for number, each in enumerate(correlations)
    )
    return Batch("shop", "web", "PIXEL", tuple(rows))


def lines_of(verdict: Verdict, correlations: Sequence[str], *, lines: bool = True) -> list[Any]:
    clock = ManualClock()
    sender = ToldSender(Says(verdict, clock), NO_TRACES, clock, lines=lines)
    with structlog.testing.capture_logs() as told:
        assert asyncio.run(sender.send(batch_of(correlations))) == [verdict] * len(correlations)
    return [dict(each) for each in told]


def test_a_line_leads_from_requests_to_tiktoks_name_for_the_batch() -> None:
    assert lines_of(Accepted("req-tiktok"), ["a", "b", "a", ""]) == [
        {
            "event": "batch",
            "log_level": "info",
            "destination": "shop",
            "events": 4,
            "answer": "ok",
            "request_id": "req-tiktok",
            "requests": ["a", "b"],
            "ms": 250.0,
        }
    ]
    assert lines_of(Accepted("req-tiktok"), ["a"], lines=False) == []


@pytest.mark.parametrize(
    ("verdict", "answer"),
    [
        (Retry("server:50000", ambiguous=True, request_id="r"), "server"),
        (Throttled("40100", request_id="r"), "throttle"),
        (Refused("40002", "why", "r"), "payload"),
        (Spoiled("40002", "why", 3, "r"), "payload"),
        (Parked("40105", "auth", request_id="r"), "auth"),
    ],
)
def test_every_answer_has_its_name(verdict: Verdict, answer: str) -> None:
    (line,) = lines_of(verdict, ["a"])
    assert (line["answer"], line["request_id"]) == (answer, "r")


def test_of_many_requests_some_are_named() -> None:
    many = [f"request-{number}" for number in range(50)]
    (line,) = lines_of(Retry("no_answer:ReadTimeout", ambiguous=True), many)
    assert (line["requests"], line["request_id"]) == (many[:20], None)
    assert correlations_of(batch_of(many)) == many
