"""Entries, senders and spools for the tests of delivery."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Any

from router.delivery.entry import Entry, dedup_key
from router.delivery.spool import Buried, Delivered, Rescheduled
from router.delivery.verdict import Accepted, Batch, Verdict

NOW = 1_795_219_200.0


def entry(number: int = 1, **changes: Any) -> Entry:
    fields: dict[str, Any] = {
        "key": dedup_key("web", "PIXEL", "Purchase", f"order-{number}"),
        "destination": "shop",
        "source": "web",
        "source_id": "PIXEL",
        "event": "Purchase",
        "payload": b'{"event":"Purchase","event_id":"order-%d"}' % number,
        "event_time": int(NOW),
        "accepted_at": NOW,
        "rules_version": "v1",
    }
    return Entry(**fields | changes)


def entries(count: int, **changes: Any) -> list[Entry]:
    return [entry(number, **changes) for number in range(count)]


Answering = Callable[[Batch], Verdict | Sequence[Verdict]]


class ScriptedSender:
    """Answers as a function says, or accepts; remembers what it was sent."""

    def __init__(self, answer: Answering = lambda _: Accepted()) -> None:
        self.answer = answer
        self.batches: list[Batch] = []
        self.open = 0
        self.most_open = 0
        self.gate: asyncio.Event | None = None

    @property
    def sizes(self) -> list[int]:
        return [len(batch) for batch in self.batches]

    @property
    def sent(self) -> list[bytes]:
        return [entry.payload for batch in self.batches for entry in batch.entries]

    async def send(self, batch: Batch) -> list[Verdict]:
        self.batches.append(batch)
        self.open += 1
        self.most_open = max(self.most_open, self.open)
        try:
            if self.gate is not None:
                await self.gate.wait()
            said = self.answer(batch)
        finally:
            self.open -= 1
        return list(said) if isinstance(said, Sequence) else [said] * len(batch)


class Recorder:
    """An observer that keeps what it was told."""

    def __init__(self) -> None:
        self.posts: list[int] = []
        self.answers: list[str] = []
        self.limits: list[int] = []
        self.gone = 0
        self.accepted: list[bytes] = []
        self.retries: list[str] = []
        self.deaths: list[tuple[bytes, str, str]] = []
        self.states: list[tuple[str, str, str]] = []

    def posted(self, destination: str, size: int, seconds: float, answer: str) -> None:
        self.posts.append(size)
        self.answers.append(answer)

    def adapted(self, destination: str, limit: int) -> None:
        self.limits.append(limit)

    def sent(self, destination: str, entries: Sequence[Entry]) -> None:
        self.accepted += [entry.payload for entry in entries]

    def retried(self, entry: Entry, why: str, request_id: str = "") -> None:
        self.retries.append(why)

    def died(self, entry: Entry, reason: str, code: str, request_id: str = "") -> None:
        self.deaths.append((entry.payload, reason, code))

    def evicted(self, count: int) -> None:
        self.gone += count

    def changed(self, destination: str, state: str, reason: str, code: str) -> None:
        self.states.append((destination, state, reason))


def delivered(*ids: int) -> list[Delivered]:
    return [Delivered(row_id) for row_id in ids]


def again(row_id: int, due: float, doubt: float | None = None, *, counted: bool = True) -> Rescheduled:
    return Rescheduled(row_id, due, doubt, counted)


def buried(row_id: int, reason: str = "refused") -> Buried:
    return Buried(row_id, reason, "40002", "data[0].event: …", "req-1")
