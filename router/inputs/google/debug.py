"""What Google's validation endpoint of the Measurement Protocol would say of a request, and what we would."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any, Final

import orjson

from router.inputs.picking import part
from router.inputs.request import Decoded, RawRequest
from router.inputs.wire import Reply

_MOST_EVENTS: Final = 25
_MOST_PARAMETERS: Final = 25
_NAME: Final = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,39}")
_RESERVED_STARTS: Final = ("ga_", "google_", "firebase_", "_")
_CONSENT: Final = ("GRANTED", "DENIED")


@dataclass(frozen=True, slots=True)
class Finding:
    """One message in the words of the endpoint's answer."""

    fieldPath: str  # noqa: N815 (the name on the wire)
    description: str
    validationCode: str  # noqa: N815


def report(request: RawRequest, decoded: Decoded) -> Reply:
    """200 with everything that was found; nothing of the request is taken."""
    answer = {"validationMessages": [asdict(each) for each in _findings(request.body, decoded)]}
    return Reply(200, orjson.dumps(answer), "application/json")


def _findings(body: bytes, decoded: Decoded) -> Iterator[Finding]:
    if decoded.problem is not None:
        yield Finding("", f"Unable to parse the payload: {decoded.problem.reason}.", "VALUE_INVALID")
        return
    for each in decoded.rejections:
        yield Finding(f"events[{each.index}]", f"{each.code}: {each.reason}.", "VALUE_INVALID")
    payload = _parsed(body)
    if payload is not None:
        yield from _of_payload(payload)


def _parsed(body: bytes) -> dict[str, Any] | None:
    try:
        payload = orjson.loads(body)
    except orjson.JSONDecodeError:
        return None
    return payload if isinstance(payload, dict) else None


def _of_payload(payload: Mapping[str, Any]) -> Iterator[Finding]:
    if not payload.get("client_id") and not payload.get("app_instance_id"):
        yield Finding("client_id", "Either client_id or app_instance_id is required.", "VALUE_REQUIRED")
    for name, state in part(payload, "consent").items():
        if state not in _CONSENT:
            yield Finding(f"consent.{name}"[:100], "A consent is GRANTED or DENIED.", "VALUE_INVALID")
    events = payload.get("events")
    if not isinstance(events, list) or not events:
        yield Finding("events", "Events must have at least one entry.", "VALUE_REQUIRED")
        return
    if len(events) > _MOST_EVENTS:
        yield Finding("events", f"Events has a maximum size of {_MOST_EVENTS}.", "EXCEEDED_MAX_ENTITIES")
    for index, event in enumerate(events[:_MOST_EVENTS]):
        if isinstance(event, dict):
            yield from _of_event(f"events[{index}]", event)


def _of_event(path: str, event: Mapping[str, Any]) -> Iterator[Finding]:
    name, parameters = event.get("name"), part(event, "params")
    if isinstance(name, str) and name.startswith(_RESERVED_STARTS):
        yield Finding(f"{path}.name", "The event's name has a reserved prefix.", "NAME_RESERVED")
    elif isinstance(name, str) and name.strip() and not _NAME.fullmatch(name):
        reason = "An event's name has 40 letters, digits and underscores at most, and begins with a letter."
        yield Finding(f"{path}.name", reason, "NAME_INVALID")
    if len(parameters) > _MOST_PARAMETERS:
        reason = f"An event has {_MOST_PARAMETERS} parameters at most."
        yield Finding(f"{path}.params", reason, "EXCEEDED_MAX_ENTITIES")
    if parameters.get("value") is not None and not parameters.get("currency"):
        yield Finding(f"{path}.params.currency", "A value needs a currency.", "VALUE_REQUIRED")
