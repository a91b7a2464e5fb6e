"""Traces by OpenTelemetry: spans are kept in memory and handed to a collector by a thread of their own."""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Final
from urllib.parse import urlsplit

import requests
from cachetools import LRUCache
from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace import Link, SpanContext, SpanKind, Status, StatusCode
from opentelemetry.trace import Span as Recorded
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from router import __version__
from router.tracing.exporting import ByParentOrLink, TellingExporter
from router.tracing.tracer import Fact, Span

_MOST_REMEMBERED: Final = 10_000
_MOST_LINKS: Final = 128
_QUEUE: Final = 8192
_EXPORT_SECONDS: Final = 3.0
_DELAY_MILLIS: Final = 1000.0
_PARENTS: Final = TraceContextTextMapPropagator()
# They tell of every attempt that fails, and at length; `TellingExporter` tells once a minute.
_TALKATIVE: Final = ("opentelemetry", "urllib3")


class _OtelSpan:
    def __init__(self, recorded: Recorded) -> None:
        self._recorded = recorded

    def note(self, facts: Mapping[str, Fact]) -> None:
        self._recorded.set_attributes(dict(facts))

    def fail(self, why: str) -> None:
        self._recorded.set_status(Status(StatusCode.ERROR, why))


class OtelTracer:
    """A `Tracer`. `sample` is the part of traces that is recorded, of those whose sender has not decided."""

    def __init__(self, endpoint: str, service: str, sample: float) -> None:
        for name in _TALKATIVE:
            logging.getLogger(name).setLevel(logging.CRITICAL)
        self._session = requests.Session()
        self._session.trust_env = False
        exporter = OTLPSpanExporter(_url_of(endpoint), timeout=_EXPORT_SECONDS, session=self._session)
        self._exporter = TellingExporter(exporter)
        self._provider = TracerProvider(
            sampler=ByParentOrLink(sample),
            resource=Resource.create({"service.name": service, "service.version": __version__}),
            shutdown_on_exit=False,
        )
        self._provider.add_span_processor(
            BatchSpanProcessor(self._exporter, max_queue_size=_QUEUE, schedule_delay_millis=_DELAY_MILLIS)
        )
        self._tracer = self._provider.get_tracer("tagwright", __version__)
        self._served: LRUCache[str, SpanContext] = LRUCache(_MOST_REMEMBERED)

    @contextmanager
    def serve(self, name: str, correlation: str, headers: Mapping[str, str]) -> Iterator[Span]:
        parent = _PARENTS.extract(headers, context=Context())
        facts = {"tagwright.correlation": correlation}
        with self._span(name, SpanKind.SERVER, facts, parent) as recorded:
            told = recorded.get_span_context()
            if told.trace_flags.sampled:
                self._served[correlation] = told
            yield _OtelSpan(recorded)

    @contextmanager
    def step(self, name: str) -> Iterator[Span]:
        with self._span(name, SpanKind.INTERNAL) as recorded:
            yield _OtelSpan(recorded)

    @contextmanager
    def send(self, destination: str, correlations: Iterable[str]) -> Iterator[Span]:
        """What is not remembered, as after a restart, is not linked."""
        known = (self._served.get(each) for each in correlations)
        links = [Link(each) for each in known if each is not None][:_MOST_LINKS]
        facts = {"tagwright.destination": destination}
        with self._span("send", SpanKind.CLIENT, facts, Context(), links) as recorded:
            yield _OtelSpan(recorded)

    @contextmanager
    def _span(
        self,
        name: str,
        kind: SpanKind,
        facts: Mapping[str, Fact] | None = None,
        parent: Context | None = None,
        links: list[Link] | None = None,
    ) -> Iterator[Recorded]:
        """Exceptions are not recorded: their messages may quote an event."""
        with self._tracer.start_as_current_span(
            name, parent, kind, facts, links, record_exception=False, set_status_on_exception=False
        ) as recorded:
            yield recorded

    async def close(self, seconds: float) -> None:
        """A thread of its own, which the end of the process does not wait for."""
        loop, done = asyncio.get_running_loop(), asyncio.Event()

        def finish() -> None:
            self._provider.shutdown()
            self._session.close()
            with suppress(RuntimeError):
                loop.call_soon_threadsafe(done.set)

        threading.Thread(target=finish, name="traces", daemon=True).start()
        with suppress(TimeoutError):
            await asyncio.wait_for(done.wait(), seconds)
        self._exporter.shutdown()


def _url_of(endpoint: str) -> str:
    """The address that spans are posted to; collectors are often named by host and port alone."""
    return endpoint if urlsplit(endpoint).path.strip("/") else endpoint.rstrip("/") + "/v1/traces"
