"""Google Analytics 4's Measurement Protocol."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from router.inputs.consent import purposes
from router.inputs.envelopes import read_enveloped
from router.inputs.google.debug import report
from router.inputs.google.event import Sent, convert_parameters, granted
from router.inputs.picking import first, part, parts
from router.inputs.reading import NOT_AN_OBJECT, Read
from router.inputs.request import BodyProblem, Fault, RawRequest
from router.inputs.wire import ANY_TYPE, NO_CONTENT, Answering, Endpoint, Format
from router.settings import Settings

# The service says 204 to anything, so senders are not made for another answer.
ALWAYS_204: Final = Answering(NO_CONTENT, refused=dict.fromkeys((400, 401, 403, 413, 415), NO_CONTENT))
_DEBUG: Final = Answering(NO_CONTENT, report=report)


def _read(request: RawRequest, settings: Settings) -> Read | BodyProblem:
    enveloped = read_enveloped(request.body, "events", settings.limits)
    if isinstance(enveloped, BodyProblem):
        return enveloped
    return [_converted(outer, event, request, settings) for outer, event in enveloped]


def _converted(
    outer: dict[str, Any], event: Any, request: RawRequest, settings: Settings
) -> dict[str, Any] | Fault:
    if isinstance(event, Fault):
        return event
    if not isinstance(event, dict):
        return NOT_AN_OBJECT
    return convert_parameters(
        "ga4", event.get("name"), part(event, "params"), _sent(outer, event, request, settings), request
    )


def _sent(outer: dict[str, Any], event: Mapping[str, Any], request: RawRequest, settings: Settings) -> Sent:
    firebase = first(request.query.get("firebase_app_id"), outer.get("firebase_app_id"))
    consent = part(outer, "consent")
    return Sent(
        user=_user(outer),
        device=_device(outer, firebase),
        consent=purposes(granted(consent, "GRANTED"), settings.consent.ga4, consent) if consent else {},
        time=first(event.get("timestamp_micros"), outer.get("timestamp_micros")),
        user_properties=part(outer, "user_properties"),
        of_app=firebase is not None or outer.get("app_instance_id") is not None,
    )


def _user(outer: Mapping[str, Any]) -> dict[str, Any]:
    data, place = part(outer, "user_data"), part(outer, "user_location")
    address = _address(data)
    return {
        "id": outer.get("user_id"),
        "anonymous_id": first(outer.get("client_id"), outer.get("app_instance_id")),
        "first_name": address.get("sha256_first_name"),
        "last_name": address.get("sha256_last_name"),
        "city": first(address.get("city"), place.get("city")),
        "state": first(address.get("region"), _subdivision(place.get("region_id"))),
        "country": first(address.get("country"), place.get("country_id")),
        "zip": address.get("postal_code"),
        "hashed": {
            "email": data.get("sha256_email_address"),
            "phone": data.get("sha256_phone_number"),
        },
    }


def _address(data: Mapping[str, Any]) -> Mapping[str, Any]:
    """The first of the addresses; a single one may stand without a list."""
    addresses = parts(data.get("address"))
    return addresses[0] if addresses else part(data, "address")


def _subdivision(region_id: object) -> str | None:
    """CA of US-CA."""
    return region_id.rpartition("-")[2] if isinstance(region_id, str) else None


def _device(outer: Mapping[str, Any], firebase: object) -> dict[str, Any]:
    device = part(outer, "device")
    return {
        "ip": outer.get("ip_override"),
        "user_agent": outer.get("user_agent"),
        "language": device.get("language"),
        "type": first(_platform(firebase), device.get("operating_system")),
    }


def _platform(firebase: object) -> str | None:
    """The third part of a Firebase app id, as in 1:1234567890:android:321abc."""
    named = firebase.split(":")[2:3] if isinstance(firebase, str) else []
    return named[0] if named and named[0] in ("android", "ios") else None


GA4: Final = Format(
    "ga4",
    _read,
    (
        Endpoint("/mp/collect", answering=ALWAYS_204),
        Endpoint("/debug/mp/collect", answering=_DEBUG, dry=True),
    ),
    content_types=ANY_TYPE,
    key_parameter="api_secret",
    sent_headers=("content-type",),
)
