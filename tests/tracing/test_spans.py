"""Spans as a collector gets them, and what happens when there is none."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import Iterator, Sequence
from typing import Any

import pytest
import structlog
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import SpanExporter, SpanExportResult
from sink import Sink

from router.settings import Settings, Traces
from router.tracing import NO_TRACES, Tracer, open_tracer, setup, tracing_problem
from router.tracing.exporting import TellingExporter

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
PARENT = "00f067aa0ba902b7"
SAMPLED = {"traceparent": f"00-{TRACE}-{PARENT}-01"}
UNSAMPLED = {"traceparent": f"00-{TRACE}-{PARENT}-00"}


@pytest.fixture
def sink() -> Iterator[Sink]:
    with Sink() as running:
        yield running


def tracer_of(sink: Sink, sample: float = 1.0) -> Tracer:
    return open_tracer(Settings(traces=Traces(sink.url, sample, "shop-events")))


def closed(tracer: Tracer) -> None:
    asyncio.run(tracer.close(20))


def test_what_a_request_led_to(sink: Sink) -> None:
    tracer = tracer_of(sink)
    with tracer.serve("POST /v1/events", "request-7", SAMPLED) as request:
        with tracer.step("accept"), tracer.step("commit"):
            pass
        request.note({"http.response.status_code": 202})
    with tracer.send("shop", ["request-7", "of-another-process"]) as sent:
        sent.note({"tagwright.answer": "throttle"})
        sent.fail("throttle")
    closed(tracer)
    assert set(sink.paths) == {"/v1/traces"}
    assert sink.resource["service.name"] == "shop-events"
    served, accept, commit, send = map(sink.named, ("POST /v1/events", "accept", "commit", "send"))
    assert (served.trace, served.parent) == (TRACE, PARENT)
    assert served.facts == {"tagwright.correlation": "request-7", "http.response.status_code": 202}
    assert (accept.parent, commit.parent) == (served.id, accept.id)
    assert (send.trace != TRACE, send.parent, send.links) == (True, "", (served.id,))
    assert (send.failed, served.failed) == ("throttle", None)
    assert send.facts == {"tagwright.destination": "shop", "tagwright.answer": "throttle"}


def test_an_exception_is_not_told(sink: Sink) -> None:
    """Its message may quote an event."""
    tracer = tracer_of(sink)
    with (
        pytest.raises(ValueError, match="anna"),
        tracer.serve("POST", "request-8", {}),
        tracer.step("accept"),
    ):
        raise ValueError("anna@example.com")
    closed(tracer)
    assert [(each.events, each.failed) for each in sink.spans] == [(0, None)] * 2
    assert b"anna" not in b"".join(sink.bodies)


@pytest.mark.parametrize(
    ("sample", "headers", "recorded"),
    [(0.0, {}, 0), (0.0, SAMPLED, 2), (1.0, UNSAMPLED, 0), (1.0, {}, 2), (1.0, {"traceparent": "x"}, 2)],
)
def test_who_decides_what_is_recorded(
    sink: Sink, sample: float, headers: dict[str, str], recorded: int
) -> None:
    tracer = tracer_of(sink, sample)
    with tracer.serve("POST", "request-9", headers), tracer.step("accept"):
        pass
    closed(tracer)
    assert len(sink.spans) == recorded


def test_a_request_that_is_recorded_takes_its_sending_along(sink: Sink) -> None:
    tracer = tracer_of(sink, 0.0)
    with tracer.serve("POST", "request-10", SAMPLED):
        pass
    for correlation in ("request-10", "request-11"):
        with tracer.send("shop", [correlation]):
            pass
    closed(tracer)
    assert [each.name for each in sink.spans] == ["POST", "send"]


def test_a_collector_that_is_down_holds_nothing_up() -> None:
    with Sink() as gone:
        tracer = tracer_of(gone)
    with structlog.testing.capture_logs() as lines:
        for number in range(3):
            with tracer.serve("POST", str(number), {}):
                pass
        closed(tracer)
    assert [(each["event"], each["spans"]) for each in lines] == [("traces_not_exported", 3)]


def test_what_is_lost_is_told_once_a_minute() -> None:
    class Broken(SpanExporter):
        def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
            return SpanExportResult.FAILURE

        def shutdown(self) -> None:
            pass

    now = [0.0]
    exporter = TellingExporter(Broken(), lambda: now[0])
    span: Any = object()
    with structlog.testing.capture_logs() as lines:
        for second in (0, 1, 59, 60, 61, 121):
            now[0] = second
            exporter.export([span, span])
    assert [each["spans"] for each in lines] == [2, 6, 4]


def test_without_an_endpoint_nothing_is_imported() -> None:
    assert open_tracer(Settings()) is NO_TRACES
    program = "import router.cli, router.daemon, sys; print('opentelemetry' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"


def test_nothing_is_traced_by_nobody() -> None:
    with NO_TRACES.serve("POST", "request-12", SAMPLED) as span, NO_TRACES.step("accept"):
        span.note({"a": 1})
    with NO_TRACES.send("shop", ["request-12"]) as sent:
        sent.fail("server")
    closed(NO_TRACES)


def test_without_the_libraries_the_remedy_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    wanted = Settings(traces=Traces("http://127.0.0.1:4318"))
    assert tracing_problem(wanted) is None
    monkeypatch.setattr(setup, "find_spec", lambda name: None)
    assert tracing_problem(Settings()) is None
    assert "tagwright[otel]" in str(tracing_problem(wanted))
