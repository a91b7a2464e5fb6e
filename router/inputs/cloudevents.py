"""CloudEvents 1.0 over HTTP: what is around an event, in one of three modes, and the event inside."""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any, Final
from urllib.parse import unquote

from router.inputs.bodies import read_body
from router.inputs.picking import part, snake_case, text, without
from router.inputs.reading import LINES, NOT_AN_OBJECT, Read, Reader
from router.inputs.request import BodyProblem, Decoded, Fault, RawRequest, content_type
from router.inputs.standard import finish
from router.inputs.wire import JSON, Answering, Endpoint, Format, Reply, json_reply
from router.settings import Limits, Settings

STRUCTURED: Final = "application/cloudevents+json"
BATCH: Final = "application/cloudevents-batch+json"
_PREFIX: Final = "ce-"
_REQUIRED: Final = ("id", "source", "type", "specversion")
_PARTS_OF_TYPE: Final = re.compile(r"[./:]")
_VERSION: Final = re.compile(r"v?\d+")
_INCOMPLETE: Final = Fault("not_a_cloudevent", "id, source, type or specversion is missing")
_UNKNOWN_VERSION: Final = Fault("unknown_specversion", "CloudEvents 1.0 is understood")
_NO_OBJECT: Final = Fault("not_an_object", "the data of the event is not a JSON object")
_NOT_JSON: Final = Fault("unknown_data_type", "datacontenttype is not JSON")


@dataclass(frozen=True, slots=True)
class _CloudEvent:
    attributes: Mapping[str, Any]
    data: Any


def cloudevents(formats: Iterable[Format]) -> Format:
    """The format of CloudEvents; `formats` are those that `dataschema` may name."""
    return Format(
        "cloudevents",
        _reader({each.name: each.read for each in formats}),
        (Endpoint("/cloudevents", answering=Answering(Reply(202), report=_report), webhook=True),),
        (STRUCTURED, BATCH, *JSON, *LINES),
    )


def _report(_request: RawRequest, decoded: Decoded) -> Reply | None:
    """Who sends CloudEvents repeats what fails for a while: only what was taken in no part is refused."""
    if decoded.arrivals or not decoded.rejections:
        return None
    return json_reply(400, {"rejected": [asdict(each) for each in decoded.rejections]})


def _reader(readers: Mapping[str, Reader]) -> Reader:

    def read(request: RawRequest, settings: Settings) -> Read | BodyProblem:
        events = _unwrap(request, settings.limits)
        if isinstance(events, BodyProblem):
            return events
        return [each for event in events for each in _events_in(event, request, settings, readers)]

    return read


def _unwrap(request: RawRequest, limits: Limits) -> list[_CloudEvent | Fault] | BodyProblem:
    kind = content_type(request.headers.get("content-type", ""))
    if kind not in (STRUCTURED, BATCH) and any(name.startswith(_PREFIX) for name in request.headers):
        return _binary(request, limits)
    values = read_body(request.body, lines=kind in LINES, batch_key=None, limits=limits)
    return values if isinstance(values, BodyProblem) else [_structured(each, limits) for each in values]


def _binary(request: RawRequest, limits: Limits) -> list[_CloudEvent | Fault] | BodyProblem:
    """The attributes are headers, percent-encoded where they are not ASCII; the body is the data."""
    attributes: dict[str, Any] = {
        name.removeprefix(_PREFIX): unquote(value)
        for name, value in request.headers.items()
        if name.startswith(_PREFIX)
    }
    if kind := request.headers.get("content-type"):
        attributes["datacontenttype"] = kind
    data = _parsed(request.body, limits) if request.body.strip() else {}
    return data if isinstance(data, BodyProblem) else [_checked(attributes, data)]


def _parsed(body: bytes, limits: Limits) -> Any:
    values = read_body(body, lines=False, batch_key=None, limits=limits)
    return values[0] if isinstance(values, list) and len(values) == 1 else values


def _structured(value: Any, limits: Limits) -> _CloudEvent | Fault:
    if not isinstance(value, dict):
        return value if isinstance(value, Fault) else NOT_AN_OBJECT
    attributes = without(value, ("data", "data_base64"))
    encoded = value.get("data_base64")
    if encoded is None:
        return _checked(attributes, value.get("data", {}))
    data = _parsed(_decoded(encoded), limits)
    return _checked(attributes, None if isinstance(data, BodyProblem) else data)


def _decoded(encoded: object) -> bytes:
    try:
        return base64.b64decode(encoded, validate=True) if isinstance(encoded, str) else b""
    except (binascii.Error, ValueError):
        return b""


def _checked(attributes: Mapping[str, Any], data: Any) -> _CloudEvent | Fault:
    required = {name: text(attributes.get(name)) for name in _REQUIRED}
    if None in required.values():
        return _INCOMPLETE
    if required["specversion"] != "1.0":
        return _UNKNOWN_VERSION
    kind = content_type(text(attributes.get("datacontenttype")) or "")
    if kind and not kind.endswith(("/json", "+json")):
        return _NOT_JSON
    if not isinstance(data, dict):
        return data if isinstance(data, Fault) else _NO_OBJECT
    return _CloudEvent({**attributes, **required}, data)


def _events_in(
    event: _CloudEvent | Fault, request: RawRequest, settings: Settings, readers: Mapping[str, Reader]
) -> Read:
    if isinstance(event, Fault):
        return [event]
    reader = readers.get(_last_part(text(event.attributes.get("dataschema")) or ""))
    if reader is None:
        return [_neutral(event, request, settings)]
    return _foreign(event, reader, request, settings)


def _foreign(event: _CloudEvent, reader: Reader, request: RawRequest, settings: Settings) -> Read:
    """Data in another format, which gives no, one or several events; those without an id get one."""
    headers = {**request.headers, "content-type": "application/json"}
    found = reader(request._replace(body=json.dumps(event.data).encode(), headers=headers), settings)
    if isinstance(found, BodyProblem):
        return [Fault(found.code, found.reason)]
    for number, each in enumerate(found):
        if isinstance(each, dict) and not each.get("id"):
            each["id"] = _id(event) + (f" {number}" if number else "")
            each.setdefault("meta", {})["id_origin"] = "sender"
    return found


def _neutral(event: _CloudEvent, request: RawRequest, settings: Settings) -> dict[str, Any] | Fault:
    """Data with the fields of the standard event; the attributes give what it lacks."""
    data, kind = event.data, str(event.attributes["type"])
    standard = {
        **data,
        "event_name": text(data.get("event_name")) or _name(kind, settings),
        "id": text(data.get("id")) or _id(event),
        "properties": {**part(data, "properties"), "cloudevent": event.attributes},
    }
    context = data.get("context", {})
    if isinstance(context, dict) and context.get("event_timestamp") is None and "time" in event.attributes:
        standard["context"] = {**context, "event_timestamp": event.attributes["time"]}
    return finish("cloudevents", standard, request, kind)


def _id(event: _CloudEvent) -> str:
    """The two that name an event together; a source has no space in it."""
    return f"{event.attributes['source']} {event.attributes['id']}"


def _name(kind: str, settings: Settings) -> str:
    named = dict(settings.cloudevents.names).get(kind)
    return named or snake_case(_last_part(kind)) or kind


def _last_part(name: str) -> str:
    """The last part of a dotted name or an address that is no version number."""
    found = [each for each in _PARTS_OF_TYPE.split(name) if each and not _VERSION.fullmatch(each)]
    return found[-1] if found else name
