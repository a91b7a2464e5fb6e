"""What is traced, whoever collects it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import AbstractContextManager
from types import TracebackType
from typing import Final, Protocol

Fact = str | int | float | bool


class Span(Protocol):
    """Something that takes time. Facts about it are names, codes and counts, never values of events."""

    def note(self, facts: Mapping[str, Fact]) -> None:
        """Facts that are known now."""

    def fail(self, why: str) -> None:
        """It came to nothing, for a reason that is a code."""


class Tracer(Protocol):
    """Makes spans; each lasts as long as its `with` block."""

    def serve(self, name: str, correlation: str, headers: Mapping[str, str]) -> AbstractContextManager[Span]:
        """A request that came in; its headers (lower-case names) may tell the trace it belongs to."""

    def step(self, name: str) -> AbstractContextManager[Span]:
        """A part of what is being done."""

    def send(self, destination: str, correlations: Iterable[str]) -> AbstractContextManager[Span]:
        """A request to a destination, linked to the requests that its events came in."""

    async def close(self, seconds: float) -> None:
        """Hand over what is not yet handed over, for at most so long. Spans that come later are lost."""


class _NoSpan:
    """A span of nobody, and its own context manager."""

    def note(self, facts: Mapping[str, Fact]) -> None:
        pass

    def fail(self, why: str) -> None:
        pass

    def __enter__(self) -> Span:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        pass


_NO_SPAN: Final = _NoSpan()


class _NoTraces:
    def serve(self, name: str, correlation: str, headers: Mapping[str, str]) -> _NoSpan:
        return _NO_SPAN

    def step(self, name: str) -> _NoSpan:
        return _NO_SPAN

    def send(self, destination: str, correlations: Iterable[str]) -> _NoSpan:
        return _NO_SPAN

    async def close(self, seconds: float) -> None:
        pass


NO_TRACES: Final[Tracer] = _NoTraces()
"""Traces nothing."""
