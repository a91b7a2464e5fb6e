"""The tracer that the settings ask for."""

from __future__ import annotations

from importlib.util import find_spec
from typing import Final

from router.settings import SettingProblem, Settings
from router.tracing.tracer import NO_TRACES, Tracer

_NEEDED: Final = ("opentelemetry.sdk", "opentelemetry.exporter.otlp.proto.http")


def tracing_problem(settings: Settings) -> SettingProblem | None:
    """Why there can be no traces though the settings ask for them."""
    if settings.traces.endpoint is None or all(map(_is_there, _NEEDED)):
        return None
    return SettingProblem(
        "traces.endpoint",
        "traces need the OpenTelemetry libraries",
        "pip install 'tagwright[otel]', or take traces.endpoint out",
    )


def open_tracer(settings: Settings) -> Tracer:
    """A tracer that exports, or one that does nothing; only the former imports OpenTelemetry."""
    traces = settings.traces
    if traces.endpoint is None:
        return NO_TRACES
    from router.tracing.otel import OtelTracer  # an extra

    return OtelTracer(traces.endpoint, traces.service, traces.sample)


def _is_there(module: str) -> bool:
    try:
        return find_spec(module) is not None
    except ModuleNotFoundError:
        return False
