"""One event of Segment's specification to a standard event. RudderStack and Jitsu speak it as well."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from router.inputs.clocks import corrected
from router.inputs.consent import purposes
from router.inputs.picking import first, part, parts, text, texts, trimmed
from router.inputs.request import Fault, RawRequest
from router.inputs.segment.commerce import commerce
from router.inputs.segment.device import app_of, device_of
from router.inputs.segment.names import TYPES, neutral_name
from router.inputs.standard import finish

_UNKNOWN_TYPE: Final = Fault("unknown_type", "type is none of track, page, screen, identify, group, alias")
_NO_NAME: Final = Fault("missing_event_name", "event is missing or not a text")
_OFF: Final = Fault("integrations_off", "integrations switch TikTok off for this event")
_TIKTOK_EXTERNAL_ID: Final = "tiktokExternalId"
_HASH: Final = re.compile("[0-9a-fA-F]{64}")


@dataclass(frozen=True, slots=True)
class Dialect:
    """Whose events: the format's name, its consent setting, and what its `timestamp` means.

    A final timestamp is not corrected; the others are the device's unless `receivedAt` says that a server
    has been there.
    """

    format: str
    consent: tuple[tuple[str, str], ...]
    final_timestamp: bool = False


def convert_message(message: dict[str, Any], dialect: Dialect, request: RawRequest) -> dict[str, Any] | Fault:
    """The standard event, or why there is none. A type that the event lacks is that of the request's path."""
    kind = _type_of(message, request.path)
    if kind is None:
        return _UNKNOWN_TYPE
    name = message.get("event") if kind == "track" else kind
    if not isinstance(name, str) or not name.strip():
        return _NO_NAME
    if _switched_off(part(message, "integrations")):
        return _OFF
    standard = trimmed(_standard(message, kind, name, dialect, request))
    if properties := part(message, "properties"):
        standard["properties"] = properties
    event = finish(dialect.format, standard, request, name)
    if not isinstance(event, Fault):
        event["meta"].update(trimmed({"sent_at": _sent_at(message, request)}))
    return event


def _type_of(message: Mapping[str, Any], path: str) -> str | None:
    said = message.get("type")
    if isinstance(said, str) and said.lower() in TYPES:
        return TYPES[said.lower()]
    if said not in (None, ""):
        return None
    return TYPES.get(path.rpartition("/")[2]) or ("track" if message.get("event") else None)


def _standard(
    message: Mapping[str, Any], kind: str, name: str, dialect: Dialect, request: RawRequest
) -> dict[str, Any]:
    properties, context = part(message, "properties"), part(message, "context")
    on_screen = {"experience_type": "native app"} if kind == "screen" else {}
    return {
        "event_name": _event_name(kind, name),
        "id": _id(message),
        **on_screen,
        **commerce(properties),
        "user": _user(message),
        "context": {
            "event_timestamp": _time(message, dialect, request),
            "page": _page(context, properties if kind == "page" else {}),
            "device": device_of(message),
            "app": app_of(message),
        },
        "consent": _consent(context, dialect),
        "partners": {"tiktok": _tiktok(message)},
    }


def _event_name(kind: str, name: str) -> str:
    match kind:
        case "track":
            return neutral_name(name)
        case "page" | "screen":
            return "page_view"
        case _:
            return kind


def _id(message: Mapping[str, Any]) -> str | None:
    properties = part(message, "properties")
    own = text(properties.get("event_id")) or text(properties.get("eventId"))
    return own or text(message.get("messageId"))


def _time(message: Mapping[str, Any], dialect: Dialect, request: RawRequest) -> object:
    """By our clock, unless a server has done that, the event comes from a file, or it has no id.

    When a file's events were received is not known. An event without id is known by its content, which must
    not change with the moment it arrives.
    """
    given, original = message.get("timestamp"), message.get("originalTimestamp")
    if given is not None and (dialect.final_timestamp or message.get("receivedAt") is not None):
        return given
    if not request.path or _id(message) is None:
        return first(original, given)
    return corrected(first(original, given), _sent_at(message, request), request.received_at)


def _sent_at(message: Mapping[str, Any], request: RawRequest) -> object:
    return first(message.get("sentAt"), request.headers.get("sentat"))


def _page(context: Mapping[str, Any], properties: Mapping[str, Any]) -> dict[str, Any]:
    page = part(context, "page")
    return {name: first(page.get(name), properties.get(name)) for name in ("url", "referrer", "title")}


def _user(message: Mapping[str, Any]) -> dict[str, Any]:
    sources = (part(message, "traits"), part(part(message, "context"), "traits"), part(message, "properties"))
    people, address = sources[:2], [part(each, "address") for each in sources]
    external = _external_id(part(message, "context"))
    is_hash = external is not None and _HASH.fullmatch(external) is not None
    return {
        "id": (None if is_hash else external) or message.get("userId"),
        "anonymous_id": message.get("anonymousId"),
        "email": _found(sources, "email"),
        "phone": _found(sources, "phone"),
        "first_name": _found(people, "firstName", "first_name", "firstname"),
        "last_name": _found(people, "lastName", "last_name", "lastname"),
        **{name: _found((*address, *people), name) for name in ("city", "state", "country")},
        "zip": _found((*address, *people), "postalCode", "postal_code", "zip"),
        "hashed": {"external_id": external if is_hash else None},
    }


def _found(owners: tuple[Mapping[str, Any], ...], *names: str) -> Any:
    return first(*(owner.get(name) for owner in owners for name in names))


def _external_id(context: Mapping[str, Any]) -> str | None:
    """The id that is meant for TikTok, of Segment's `externalIds` or RudderStack's `externalId`."""
    listed = [*parts(context.get("externalIds")), *parts(context.get("externalId"))]
    return next((text(each.get("id")) for each in listed if each.get("type") == _TIKTOK_EXTERNAL_ID), None)


def _tiktok(message: Mapping[str, Any]) -> dict[str, Any]:
    properties = part(message, "properties")
    own = [each for each in _of_tiktok(part(message, "integrations")) if isinstance(each, dict)]
    sources = (properties, *own, part(part(message, "context"), "campaign"))
    return {
        "ttclid": _found(sources, "ttclid"),
        "ttp": _found(sources, "ttp", "_ttp"),
        "ldu": properties.get("limited_data_use"),
        "shop_id": properties.get("shop_id"),
        "lead_id": properties.get("lead_id"),
    }


def _of_tiktok(integrations: Mapping[str, Any]) -> list[Any]:
    """What is said of TikTok, by whichever of its names: TikTok Conversions, TikTok Pixel, TIKTOK_ADS."""
    return [value for name, value in integrations.items() if name.lower().startswith("tiktok")]


def _switched_off(integrations: Mapping[str, Any]) -> bool:
    said = _of_tiktok(integrations)
    if said:
        return all(each is False for each in said)
    return integrations.get("All", integrations.get("all")) is False


def _consent(context: Mapping[str, Any], dialect: Dialect) -> dict[str, bool]:
    """Empty where the event says nothing of consent.

    Segment and Jitsu tell each category's state, RudderStack lists those allowed.
    """
    preferences = part(context, "consent").get("categoryPreferences")
    if isinstance(preferences, dict):
        granted = {name for name, given in preferences.items() if given is True}
        return purposes(granted, dialect.consent, preferences)
    managed = part(context, "consentManagement").get("allowedConsentIds")
    return purposes(texts(managed), dialect.consent) if isinstance(managed, list) else {}
