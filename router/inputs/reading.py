"""How a format with one event an object is read: a single one, an array, a line each, or a named list."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from router.inputs.bodies import read_body
from router.inputs.request import BodyProblem, Fault, RawRequest, content_type
from router.settings import Settings

Read = list[dict[str, Any] | Fault]
"""The standard events of a body in its order, with a `Fault` in the place of each that cannot be taken."""
Reader = Callable[[RawRequest, Settings], Read | BodyProblem]
Converter = Callable[[dict[str, Any], RawRequest, Settings], dict[str, Any] | Fault]

LINES: Final = ("application/x-ndjson", "application/ndjson", "application/jsonl")
NOT_AN_OBJECT: Final = Fault("not_an_object", "an event is a JSON object")


def one_by_one(convert: Converter, batch_key: str | None = None) -> Reader:
    """A reader that converts each event for itself.

    `batch_key` names the list of an object that stands for many events.
    """

    def read(request: RawRequest, settings: Settings) -> Read | BodyProblem:
        lines = content_type(request.headers.get("content-type", "")) in LINES
        events = read_body(request.body, lines=lines, batch_key=batch_key, limits=settings.limits)
        if isinstance(events, BodyProblem):
            return events
        return [
            convert(event, request, settings) if isinstance(event, dict) else _fault(event)
            for event in events
        ]

    return read


def _fault(event: Any) -> Fault:
    return event if isinstance(event, Fault) else NOT_AN_OBJECT
