"""What is told of a request once it is answered: counters, a line of the log, facts of its span."""

from __future__ import annotations

from typing import Final

import structlog

from router.tracing import Fact, Span
from router.web.metrics import Metrics
from router.web.visit import Told, Visit

_LOG: Final = structlog.get_logger()


class Traffic:
    """Tells of requests, and nothing of events; with `lines` the log hears of each, with `spans` a trace."""

    def __init__(self, metrics: Metrics, *, lines: bool, spans: bool) -> None:
        self._metrics = metrics
        self._lines = lines
        self._spans = spans

    def answered(self, visit: Visit, told: Told, seconds: float, span: Span) -> None:
        """The answer is about to be sent, so long after the request's head."""
        status, name = told.answer.status, visit.match.format.name if visit.match else None
        self._metrics.answered(status)
        self._metrics.answered_in(name, status, seconds)
        if told.code:
            self._metrics.refused(name, told.code)
        if self._spans:
            span.note(_facts(visit, told))
            if status >= 500:
                span.fail(told.code)
        if self._lines:
            _LOG.info(
                "request",
                id=visit.correlation, format=name, status=status, accepted=told.accepted,
                rejected=dict(told.rejected), refused=told.code or None, ms=round(seconds * 1000, 1),
            )  # fmt: skip


def span_name(visit: Visit) -> str:
    """The name of a request's span. Paths that take no events may be anything, and are not in it."""
    return f"{visit.request.method} {visit.match.endpoint.path}" if visit.match else visit.request.method


def _facts(visit: Visit, told: Told) -> dict[str, Fact]:
    facts: dict[str, Fact] = {
        "http.request.method": visit.request.method,
        "http.response.status_code": told.answer.status,
        "tagwright.events.accepted": told.accepted,
        "tagwright.events.rejected": sum(told.rejected.values()),
    }
    if visit.match is not None:
        facts |= {"http.route": visit.match.endpoint.path, "tagwright.format": visit.match.format.name}
    if told.code:
        facts["error.type"] = told.code
    return facts
