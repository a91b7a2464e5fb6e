"""Commanders Act's HTTP tracking format, versions 2.0 and 1.0."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from router.inputs.request import Fault, RawRequest
from router.inputs.standard import finish
from router.settings import Consent

_USER_NAMES = (
    ("firstname", "first_name"),
    ("lastname", "last_name"),
    ("consistent_anonymous_id", "anonymous_id"),
)


def convert_commanders_act(
    event: dict[str, Any], request: RawRequest, consent: Consent
) -> dict[str, Any] | Fault:
    """A Commanders Act event in the standard shape, which is its own but for consent and a few names."""
    event = _unwrapped(event)
    user = event.get("user")
    if isinstance(user, dict):
        _rename_user(user)
        _read_consent(event, user, consent.commanders_act)
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


def _read_consent(event: dict[str, Any], user: dict[str, Any], purposes: Iterable[tuple[str, str]]) -> None:
    """A purpose is granted when one of its categories is listed; a `consent` of the event itself wins."""
    listed = user.get("consent_categories")
    if not isinstance(listed, list) or event.get("consent") is not None:
        return
    given = {str(each) for each in listed if isinstance(each, str | int)}
    consent: dict[str, bool] = {}
    for category, purpose in purposes:
        consent[purpose] = consent.get(purpose, False) or category in given
    if consent:
        event["consent"] = consent
