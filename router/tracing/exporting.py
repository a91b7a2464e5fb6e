"""Which spans are exported, and what is told when that fails."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Final

import structlog
from opentelemetry.context import Context
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import SpanExporter, SpanExportResult
from opentelemetry.sdk.trace.sampling import (
    ALWAYS_ON,
    ParentBased,
    Sampler,
    SamplingResult,
    TraceIdRatioBased,
)
from opentelemetry.trace import Link, SpanKind
from opentelemetry.trace.span import TraceState
from opentelemetry.util.types import Attributes

_LOG = structlog.get_logger()
_TOLD_SECONDS: Final = 60.0


class ByParentOrLink(Sampler):
    """A span is recorded when the one that it belongs or is linked to is; of all others, a share is."""

    def __init__(self, share: float) -> None:
        self._share = share
        self._others = ParentBased(TraceIdRatioBased(share))

    def should_sample(
        self,
        parent_context: Context | None,
        trace_id: int,
        name: str,
        kind: SpanKind | None = None,
        attributes: Attributes = None,
        links: Sequence[Link] | None = None,
        trace_state: TraceState | None = None,
    ) -> SamplingResult:
        sampler = ALWAYS_ON if links else self._others
        return sampler.should_sample(parent_context, trace_id, name, kind, attributes, links, trace_state)

    def get_description(self) -> str:
        return f"ByParentOrLink{{{self._share}}}"


class TellingExporter(SpanExporter):
    """An exporter that logs what its collector did not take, at most once a minute."""

    def __init__(self, exporter: SpanExporter, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._exporter = exporter
        self._monotonic = monotonic
        self._told_at: float | None = None
        self._lost = 0
        self._closed = False

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        result = self._exporter.export(spans)
        if result is not SpanExportResult.SUCCESS:
            self._lost += len(spans)
            self._tell()
        return result

    def shutdown(self) -> None:
        if not self._closed:
            self._closed = True
            self._exporter.shutdown()

    def force_flush(self, timeout_millis: int = 30_000) -> bool:
        return self._exporter.force_flush(timeout_millis)

    def _tell(self) -> None:
        now = self._monotonic()
        if self._told_at is None or now - self._told_at >= _TOLD_SECONDS:
            _LOG.warning("traces_not_exported", spans=self._lost)
            self._told_at, self._lost = now, 0
