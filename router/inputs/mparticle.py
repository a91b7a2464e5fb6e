"""mParticle's Events API: batches of one person's events, singly or up to a hundred at once."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from router.inputs.consent import purposes
from router.inputs.envelopes import read_enveloped
from router.inputs.mparticle_names import name_of
from router.inputs.picking import first, part, parts, text, trimmed, without
from router.inputs.reading import NOT_AN_OBJECT, Read
from router.inputs.request import BodyProblem, Decoded, Fault, RawRequest
from router.inputs.standard import finish
from router.inputs.wire import Answering, Endpoint, Format, Reply, json_reply
from router.settings import MParticle, Settings

_DEVELOPMENT: Final = Fault(
    "development_event", "events of the development environment need the test profile"
)
_SALE: Final = "ccpa.data_sale"
_NO_NAME: Final = Fault("missing_event_name", "the event has no event_type, event_name or action")
_READ: Final = frozenset({
    "product_action", "custom_flags", "currency_code", "event_id", "source_message_id", "event_name",
    "timestamp_unixtime_ms",
})  # fmt: skip
_PERSONAL: Final = ("firstname", "lastname", "city", "state", "country", "zip", "mobile", "address")
_SEARCHED: Final = ("search_term", "search_string", "query", "term")


def read_mparticle(request: RawRequest, settings: Settings) -> Read | BodyProblem:
    """The events of one batch or of a list of batches."""
    events = read_enveloped(request.body, "events", settings.limits)
    if isinstance(events, BodyProblem):
        return events
    return [_convert(batch, event, request, settings) for batch, event in events]


def _convert(
    batch: Mapping[str, Any], event: Any, request: RawRequest, settings: Settings
) -> dict[str, Any] | Fault:
    if not isinstance(event, dict):
        return event if isinstance(event, Fault) else NOT_AN_OBJECT
    if batch.get("environment") == "development" and settings.profile != "test":
        return _DEVELOPMENT
    named = name_of(event, part(batch, "device_info").get("platform"))
    if named is None:
        return _NO_NAME
    name, original = named
    return finish("mparticle", trimmed(_standard(batch, event, name, settings)), request, original)


def _standard(
    batch: Mapping[str, Any], event: Mapping[str, Any], name: str, settings: Settings
) -> dict[str, Any]:
    data = part(event, "data")
    action, attributes = part(data, "product_action"), part(data, "custom_attributes")
    return {
        "event_name": name,
        "id": first(text(data.get("event_id")), text(event.get("id")), text(data.get("source_message_id"))),
        "value": action.get("total_amount"),
        # The page of mParticle's TikTok integration has the currency in product_action, its schema in data.
        "currency": first(data.get("currency_code"), action.get("currency"), action.get("currency_code")),
        "order_id": text(action.get("transaction_id")),
        "search_term": first(*(text(attributes.get(each)) for each in _SEARCHED))
        if name == "search"
        else None,
        "items": [_item(each) for each in _products(data)],
        "user": _user(batch, settings.mparticle),
        "context": _context(batch, data),
        "consent": _consent(batch, settings),
        "partners": {"tiktok": _tiktok(batch, data)},
        "properties": {**without(data, _READ), "user_attributes": without(_attributes(batch), _PERSONAL)},
    }


def _products(data: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The products of an action, or those that were seen in a list."""
    seen = [
        product for each in parts(data.get("product_impressions")) for product in parts(each.get("products"))
    ]
    return parts(part(data, "product_action").get("products")) or seen


def _item(product: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "id": text(product.get("id")),
        "quantity": product.get("quantity"),
        "product": {
            "name": product.get("name"),
            "price": product.get("price"),
            "brand": product.get("brand"),
            "category_1": product.get("category"),
            "variant": product.get("variant"),
        },
    }


def _user(batch: Mapping[str, Any], settings: MParticle) -> dict[str, Any]:
    known, attribute = part(batch, "user_identities"), _attributes(batch)
    return {
        "id": text(known.get(settings.external_identity)),
        "anonymous_id": first(text(batch.get("mpid")), text(batch.get("mp_deviceid"))),
        "email": known.get(settings.email_identity),
        "phone": first(text(known.get(settings.phone_identity)), text(attribute.get("mobile"))),
        "first_name": attribute.get("firstname"),
        "last_name": attribute.get("lastname"),
        "city": attribute.get("city"),
        "state": attribute.get("state"),
        "country": attribute.get("country"),
        "zip": attribute.get("zip"),
    }


def _attributes(batch: Mapping[str, Any]) -> dict[str, Any]:
    """The attributes of the person; mParticle's own have a dollar sign and capitals."""
    return {name.lstrip("$").lower(): each for name, each in part(batch, "user_attributes").items()}


def _context(batch: Mapping[str, Any], data: Mapping[str, Any]) -> dict[str, Any]:
    device, app = part(batch, "device_info"), part(batch, "application_info")
    in_app = device.get("platform") not in (None, "web", "out_of_band")
    return {
        "event_timestamp": first(data.get("timestamp_unixtime_ms"), batch.get("timestamp_unixtime_ms")),
        "page": {
            "url": _flag(data, "url"),
            "referrer": _flag(data, "referrer"),
            "title": data.get("screen_name"),
        },
        "device": {
            "ip": batch.get("ip"),
            "user_agent": device.get("http_header_user_agent"),
            "language": _language(device),
            "type": device.get("platform"),
            "advertising_id": _advertising_id(device),
            "idfv": device.get("ios_idfv"),
            "att_status": device.get("att_authorization_status"),
        },
        "app": {
            "namespace": app.get("package"),
            "name": app.get("application_name"),
            "version": app.get("application_version"),
        }
        if in_app
        else None,
    }


def _advertising_id(device: Mapping[str, Any]) -> object:
    """None when the person limits ad tracking."""
    if device.get("limit_ad_tracking") is True:
        return None
    return first(device.get("ios_advertising_id"), device.get("android_advertising_id"))


def _language(device: Mapping[str, Any]) -> str | None:
    language, country = text(device.get("locale_language")), text(device.get("locale_country"))
    return f"{language}-{country}" if language and country and "-" not in language else language


def _flag(data: Mapping[str, Any], name: str) -> str | None:
    """A custom flag such as `TikTok.URL` of mParticle's integration; `TikTok.TTP` is an addition."""
    for flag, value in part(data, "custom_flags").items():
        if flag.lower().replace(".", "_") == f"tiktok_{name}":
            return text(value[0] if isinstance(value, list) and value else value)
    return None


def _tiktok(batch: Mapping[str, Any], data: Mapping[str, Any]) -> dict[str, Any]:
    opted_out = part(part(part(batch, "consent_state"), "ccpa"), "data_sale_opt_out").get("consented")
    clicked, browser = _flag(data, "callback"), _flag(data, "ttp")
    return {"ttclid": clicked, "ttp": browser, "ldu": True if opted_out is True else None}


def _consent(batch: Mapping[str, Any], settings: Settings) -> dict[str, bool] | None:
    """None when the batch has no consent state at all."""
    state = part(batch, "consent_state")
    gdpr, opted_out = part(state, "gdpr"), _consented(part(state, "ccpa").get("data_sale_opt_out"))
    granted = {name for name, each in gdpr.items() if _consented(each) is True}
    if opted_out is False:
        granted.add(_SALE)
    named = {*gdpr, *([_SALE] if opted_out is not None else [])}
    return purposes(granted, settings.consent.mparticle, named) if state else None


def _consented(each: object) -> object:
    return each.get("consented") if isinstance(each, dict) else None


def _errors(status: int, *messages: str) -> Reply:
    code = _CODES.get(status, "BAD_REQUEST")
    return json_reply(status, {"errors": [{"code": code, "message": message} for message in messages]})


def _report(_request: RawRequest, decoded: Decoded) -> Reply | None:
    """Nothing is wrong with a batch of the development environment, though nothing of it is sent."""
    if decoded.arrivals or not decoded.rejections:
        return None
    wrong = dict.fromkeys(each.reason for each in decoded.rejections if each.code != _DEVELOPMENT.code)
    return _errors(400, *wrong) if wrong else None


_CODES: Final = {401: "UNAUTHORIZED", 413: "PAYLOAD_TOO_LARGE"}
_ANSWERING: Final = Answering(
    Reply(202),
    refused={
        400: _errors(400, "the body is not JSON"),
        401: _errors(401, "the key is not known"),
        413: _errors(413, "the body is too large"),
    },
    report=_report,
)
MPARTICLE: Final = Format(
    "mparticle",
    read_mparticle,
    tuple(Endpoint(path, answering=_ANSWERING, sender="server") for path in ("/v2/events", "/v2/bulkevents")),
)
