"""Stape's Data Tag: flat events named as in GA4, posted as JSON or written into a pixel's query."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from router.inputs.bodies import read_body
from router.inputs.consent import purposes
from router.inputs.ga4_items import items_of
from router.inputs.picking import first, part, parts, text, texts, trimmed, without
from router.inputs.reading import Read, one_by_one
from router.inputs.request import BodyProblem, Decoded, Fault, RawRequest
from router.inputs.standard import finish
from router.inputs.wire import GIF, WRITE_KEY, Answering, Endpoint, Format, Reply, json_reply
from router.settings import Limits, Settings

_CUSTOM: Final = "data_tag_custom_data"
_IN_QUERY: Final = "dtcd"
_NO_NAME: Final = Fault("missing_event_name", "the event has no event_name")
_READ: Final = frozenset({
    "event_name", "eventName", "event", "event_id", "eventId", "items", "user_data", "user_id", "userId",
    "common_cookie", "consent_state", "ip_override", "ip", "ipOverride", "user_agent", "userAgent", "value",
    "currency", "page_location", "page_referrer", "page_title", "userEmail", "email_address", "email", "mail",
    "userPhoneNumber", "phone_number", "phoneNumber", "phone", "client_id", _CUSTOM, WRITE_KEY,
})  # fmt: skip
_FIRST_NAME: Final = ("userFirstName", "first_name", "firstName")
_LAST_NAME: Final = ("userLastName", "last_name", "lastName", "surname", "family_name", "familyName")


def convert_stape_data_tag(
    event: dict[str, Any], request: RawRequest, settings: Settings
) -> dict[str, Any] | Fault:
    """An event of the Data Tag; what stands in the query of its request holds for it, too."""
    shared = without(request.query, (WRITE_KEY, _IN_QUERY))
    custom = [(text(each.get("name")), each.get("value")) for each in parts(event.get(_CUSTOM))]
    named = {name: value for name, value in custom if name}
    event = {**shared, **event, **named}
    name = text(_any(event, "event_name", "eventName", "event"))
    if name is None:
        return _NO_NAME
    return finish("stape_data_tag", trimmed(_standard(name, event, settings)), request)


_read_posted: Final = one_by_one(convert_stape_data_tag)


def read_stape_data_tag(request: RawRequest, settings: Settings) -> Read | BodyProblem:
    """The events of a body; without a body the query is one event, with more of it as JSON in `dtcd`."""
    if not request.query or request.body.strip():
        return _read_posted(request, settings)
    event = _of_query(request.query, settings.limits)
    return event if isinstance(event, BodyProblem) else [convert_stape_data_tag(event, request, settings)]


def _of_query(query: Mapping[str, str], limits: Limits) -> dict[str, Any] | BodyProblem:
    if _IN_QUERY not in query:
        return {}
    events = read_body(query[_IN_QUERY].encode(errors="replace"), lines=False, batch_key=None, limits=limits)
    if isinstance(events, BodyProblem):
        return events
    event = events[0] if len(events) == 1 else None
    return event if isinstance(event, dict) else BodyProblem("not_json", "dtcd is not a JSON object")


def _any(event: Mapping[str, Any], *names: str) -> Any:
    return first(*(event.get(each) for each in names))


def _standard(name: str, event: Mapping[str, Any], settings: Settings) -> dict[str, Any]:
    order = text(event.get("transaction_id"))
    return {
        "event_name": name,
        "id": text(_any(event, "event_id", "eventId")) or (order if name == "purchase" else None),
        "value": event.get("value"),
        "currency": event.get("currency"),
        "order_id": order,
        "search_term": event.get("search_term"),
        "content_type": event.get("content_type"),
        "items": items_of(event.get("items")),
        "user": _user(event),
        "context": _context(event),
        "consent": _consent(event, settings),
        "partners": {"tiktok": {"ttclid": event.get("ttclid"), "ttp": _any(event, "ttp", "_ttp")}},
        "properties": without(event, _READ),
    }


def _user(event: Mapping[str, Any]) -> dict[str, Any]:
    known = part(event, "user_data")
    address = known.get("address")
    address = next(iter(parts(address)), {}) if isinstance(address, list) else part(known, "address")
    return {
        "id": text(_any(event, "user_id", "userId")),
        "anonymous_id": text(_any(event, "client_id", "data_client_id")),
        "email": first(known.get("email_address"), known.get("email"))
        or _any(event, "userEmail", "email_address", "email", "mail"),
        "phone": first(known.get("phone_number"), known.get("phone"))
        or _any(event, "userPhoneNumber", "phone_number", "phoneNumber", "phone"),
        "first_name": address.get("first_name") or _any(event, *_FIRST_NAME),
        "last_name": address.get("last_name") or _any(event, *_LAST_NAME),
        "city": address.get("city") or event.get("city"),
        "state": address.get("region") or _any(event, "region", "state"),
        "country": address.get("country") or event.get("country"),
        "zip": address.get("postal_code") or _any(event, "postal_code", "postalCode", "zip"),
        "hashed": {
            "email": texts(known.get("sha256_email_address")),
            "phone": texts(known.get("sha256_phone_number")),
        },
    }


def _context(event: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "event_timestamp": _any(event, "event_timestamp", "timestamp"),
        "page": {
            "url": _any(event, "page_location", "pageLocation", "url", "href"),
            "referrer": _any(event, "page_referrer", "pageReferrer", "referrer"),
            "title": _any(event, "page_title", "pageTitle"),
        },
        "device": {
            "ip": _any(event, "ip_override", "ip", "ipOverride"),
            "user_agent": _any(event, "user_agent", "userAgent"),
            "language": event.get("language"),
            "cookie": {name: _cookie(each) for name, each in part(event, "common_cookie").items()},
        },
    }


def _cookie(value: object) -> object:
    """Of several cookies with one name the first counts."""
    return (value[0] if value else None) if isinstance(value, list) else value


def _consent(event: Mapping[str, Any], settings: Settings) -> dict[str, bool] | None:
    """None when the event has no consent state at all."""
    state = event.get("consent_state")
    if not isinstance(state, dict):
        return None
    granted = {
        name for name, each in state.items() if each is True or str(each).lower() in ("granted", "true")
    }
    return purposes(granted, settings.consent.stape_data_tag, state)


def _report(request: RawRequest, decoded: Decoded) -> Reply | None:
    """The tag only logs what fails, and has nobody to correct it: it hears success whatever was taken."""
    return None if decoded.problem else json_reply(200, {"timestamp": int(request.received_at)})


_PATH: Final = "/data"
STAPE_DATA_TAG: Final = Format(
    "stape_data_tag",
    read_stape_data_tag,
    (
        Endpoint(_PATH, answering=Answering(Reply(200), report=_report)),
        Endpoint(_PATH, ("GET",), Answering(GIF, refused=dict.fromkeys((400, 401), GIF))),
    ),
    key_parameter=WRITE_KEY,
)
