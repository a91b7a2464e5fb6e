"""The formats, and the one way from a raw request to events."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from router.inputs.bodies import read_body
from router.inputs.commanders_act import convert_commanders_act
from router.inputs.raw import convert_raw
from router.inputs.request import BodyProblem, Decoded, Fault, RawRequest, Rejection
from router.inputs.standard import convert_standard
from router.lang.outcome import Arrival
from router.settings import Consent, Settings

_JSON: Final = ("application/json", "text/plain", "")
_LINES: Final = ("application/x-ndjson", "application/ndjson", "application/jsonl")
# Rules see the request's headers, and need neither the sender's keys nor a second copy of the cookies.
_PRIVATE_HEADERS: Final = frozenset({"authorization", "proxy-authorization", "x-write-key", "cookie"})
_NOT_AN_OBJECT: Final = Fault("not_an_object", "an event is a JSON object")


@dataclass(frozen=True, slots=True)
class Format:
    """A wire format: where it is posted, which content types it has, and how one event becomes standard.

    `batch_key` names the list of an object that stands for many events, `key_parameter` the query parameter
    that may hold the write key.
    """

    name: str
    convert: Callable[[dict[str, Any], RawRequest, Consent], dict[str, Any] | Fault]
    routes: tuple[str, ...] = ()
    content_types: tuple[str, ...] = _JSON
    batch_key: str | None = None
    key_parameter: str | None = None


FORMATS: Final[Mapping[str, Format]] = {
    each.name: each
    for each in (
        Format("standard", convert_standard, ("/v1/events",), (*_JSON, *_LINES)),
        Format(
            "commanders_act", convert_commanders_act, ("/events",), batch_key="batch", key_parameter="token"
        ),
        Format("raw", convert_raw, content_types=(*_JSON, *_LINES)),
    )
}
_DEFAULTS: Final = Settings()


def decode(format: str, request: RawRequest, settings: Settings = _DEFAULTS) -> Decoded:  # noqa: A002
    """The events of a request in a format of `FORMATS`; one way for daemon and files. Never raises."""
    chosen = FORMATS[format]
    events = read_body(
        request.body,
        lines=content_type(request.headers.get("content-type", "")) in _LINES,
        batch_key=chosen.batch_key,
        limits=settings.limits,
    )
    if isinstance(events, BodyProblem):
        return Decoded(problem=events)
    return _convert_all(chosen, events, request, settings.consent)


def content_type(header: str) -> str:
    """The type of a `Content-Type` header without its parameters."""
    return header.partition(";")[0].strip().lower()


def _convert_all(chosen: Format, events: list[Any], request: RawRequest, consent: Consent) -> Decoded:
    arrivals: list[Arrival] = []
    rejections: list[Rejection] = []
    now = int(request.received_at)
    headers = {name: value for name, value in request.headers.items() if name not in _PRIVATE_HEADERS}
    for index, event in enumerate(events):
        result = _convert(chosen, event, request, consent)
        if isinstance(result, Fault):
            rejections.append(Rejection(index, result.code, result.reason))
        else:
            arrivals.append(Arrival(result, now, request.cookies, headers))
    return Decoded(tuple(arrivals), tuple(rejections))


def _convert(chosen: Format, event: Any, request: RawRequest, consent: Consent) -> dict[str, Any] | Fault:
    if isinstance(event, Fault):
        return event
    return chosen.convert(event, request, consent) if isinstance(event, dict) else _NOT_AN_OBJECT
