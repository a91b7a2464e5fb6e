"""Commanders Act's HTTP tracking format, versions 2.0 and 1.0."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from router.inputs.consent import purposes
from router.inputs.picking import part
from router.inputs.reading import one_by_one
from router.inputs.request import Fault, RawRequest
from router.inputs.standard import finish
from router.inputs.wire import Answering, Endpoint, Format, json_reply
from router.settings import Settings

_USER_NAMES = (
    ("firstname", "first_name"),
    ("lastname", "last_name"),
    ("zipcode", "zip"),
    ("consistent_anonymous_id", "anonymous_id"),
)


def convert_commanders_act(
    event: dict[str, Any], request: RawRequest, settings: Settings
) -> dict[str, Any] | Fault:
    """A Commanders Act event in the standard shape, which is its own but for consent and a few names."""
    event = _unwrapped(event)
    event_id = part(event, "context").get("event_id")
    if event_id and not event.get("id"):
        event["id"] = event_id
    user = event.get("user")
    if isinstance(user, dict):
        _rename_user(user)
        _read_consent(event, user, settings.consent.commanders_act)
    return finish("commanders_act", event, request)


def _unwrapped(event: dict[str, Any]) -> dict[str, Any]:
    """Version 1.0 keeps the properties in an object of their own and the context beside it."""
    properties = event.get("properties")
    if not isinstance(properties, dict):
        return event
    root = {name: value for name, value in event.items() if name != "properties"}
    return {**properties, **root}


def _rename_user(user: dict[str, Any]) -> None:
    for theirs, ours in _USER_NAMES:
        if theirs in user:
            user.setdefault(ours, user.pop(theirs))


def _read_consent(event: dict[str, Any], user: dict[str, Any], table: Iterable[tuple[str, str]]) -> None:
    """A purpose is granted when one of its categories is listed; a `consent` of the event itself wins."""
    listed = user.get("consent_categories")
    if not isinstance(listed, list) or event.get("consent") is not None:
        return
    given = {str(each) for each in listed if isinstance(each, str | int)}
    event["consent"] = purposes(given, table)


# Its senders hear 200 whatever becomes of events, and 400 of a body that cannot be read at all.
_TOO_LARGE: Final = json_reply(400, {"error": {"code": "body_too_large", "reason": "the body is too large"}})
COMMANDERS_ACT: Final = Format(
    "commanders_act",
    one_by_one(convert_commanders_act, "batch"),
    (Endpoint("/events", answering=Answering(None, refused={413: _TOO_LARGE}, own_status=200)),),
    key_parameter="token",
)
