"""What is told of each batch that is sent: a line of the log and a span, both with the requests behind it."""

from __future__ import annotations

from typing import Final

import structlog

from router.delivery.attempt import class_of
from router.delivery.clock import Clock
from router.delivery.verdict import Batch, Sender, Verdict, request_id_of
from router.tracing import Fact, Tracer

_LOG: Final = structlog.get_logger()
_MOST_NAMED: Final = 20
_FINE: Final = "ok"


class ToldSender:
    """A `Sender` that tells of what another one sends; the log hears of it with `lines` only."""

    def __init__(self, sender: Sender, tracer: Tracer, clock: Clock, *, lines: bool) -> None:
        self._sender = sender
        self._tracer = tracer
        self._clock = clock
        self._lines = lines

    async def send(self, batch: Batch) -> list[Verdict]:
        """What the other sender says."""
        requests = correlations_of(batch)
        with self._tracer.send(batch.destination, requests) as span:
            began = self._clock.monotonic()
            verdicts = await self._sender.send(batch)
            seconds = self._clock.monotonic() - began
            answer, request_id = class_of(verdicts), request_id_of(verdicts)
            span.note(_facts(len(batch), answer, request_id))
            if answer != _FINE:
                span.fail(answer)
        if self._lines:
            _LOG.info(
                "batch",
                destination=batch.destination, events=len(batch), answer=answer,
                request_id=request_id or None, requests=requests[:_MOST_NAMED], ms=round(seconds * 1000, 1),
            )  # fmt: skip
        return verdicts


def correlations_of(batch: Batch) -> list[str]:
    """The requests that brought the events of a batch, each once."""
    return list(dict.fromkeys(entry.correlation for entry in batch.entries if entry.correlation))


def _facts(events: int, answer: str, request_id: str) -> dict[str, Fact]:
    facts: dict[str, Fact] = {"tagwright.events": events, "tagwright.answer": answer}
    return facts | ({"tiktok.request_id": request_id} if request_id else {})
