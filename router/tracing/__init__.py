"""Traces: what a request led to, for collectors that speak OpenTelemetry. Off, they cost nothing."""

from router.tracing.parent import trace_id_of
from router.tracing.setup import open_tracer, tracing_problem
from router.tracing.tracer import NO_TRACES, Fact, Span, Tracer

__all__ = ["NO_TRACES", "Fact", "Span", "Tracer", "open_tracer", "trace_id_of", "tracing_problem"]
