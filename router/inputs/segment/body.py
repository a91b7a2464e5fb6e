"""Requests of Segment's specification to its events: single ones, batches, and pixels."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from router.inputs.bodies import read_body
from router.inputs.envelopes import read_enveloped
from router.inputs.picking import part
from router.inputs.queries import pixel_event
from router.inputs.reading import NOT_AN_OBJECT, Read, Reader
from router.inputs.request import BodyProblem, Fault, RawRequest
from router.inputs.segment.event import Dialect, convert_message
from router.settings import Limits, Settings

_BATCHES: Final = frozenset({"batch", "b", "import"})
_LIST: Final = "batch"
_SHARED: Final = ("context", "integrations")

Messages = list[Any] | BodyProblem


def spoken(dialect: Callable[[dict[str, Any], Settings], Dialect]) -> Reader:
    """A reader of requests; `dialect` says whose event an object is."""

    def convert(message: Any, request: RawRequest, settings: Settings) -> dict[str, Any] | Fault:
        if isinstance(message, Fault):
            return message
        if not isinstance(message, dict):
            return NOT_AN_OBJECT
        return convert_message(message, dialect(message, settings), request)

    def read(request: RawRequest, settings: Settings) -> Read | BodyProblem:
        messages = messages_of(request, settings.limits)
        if isinstance(messages, BodyProblem):
            return messages
        return [convert(each, request, settings) for each in messages]

    return read


def messages_of(request: RawRequest, limits: Limits) -> Messages:
    """The events of a request, with what their batch says of all of them; a `Fault` for what is none.

    Without a path, as in a recorded file, an object with a list under `batch` is a batch.
    """
    if request.method == "GET":
        return [pixel_event(request.query, limits)]
    batch = request.path.rpartition("/")[2] in _BATCHES
    if batch or (not request.path and b'"batch"' in request.body):
        found = _batched(request.body, limits)
        if batch or isinstance(found, BodyProblem) or not _without_list(found):
            return found
    return read_body(request.body, lines=False, batch_key=None, limits=limits)


def _without_list(found: list[Any]) -> bool:
    return all(isinstance(each, Fault) and each.code == "missing_events" for each in found)


def _batched(body: bytes, limits: Limits) -> Messages:
    enveloped = read_enveloped(body, _LIST, limits)
    if isinstance(enveloped, BodyProblem):
        return enveloped
    return [_merged(event, outer) if isinstance(event, dict) else event for outer, event in enveloped]


def _merged(event: dict[str, Any], outer: dict[str, Any]) -> dict[str, Any]:
    """What the event says goes before what its batch does."""
    merged = dict(event)
    for name in _SHARED:
        if shared := part(outer, name):
            merged[name] = {**shared, **part(event, name)}
    if outer.get("sentAt") is not None:
        merged.setdefault("sentAt", outer["sentAt"])
    return merged
