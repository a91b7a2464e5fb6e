"""One event of Google Analytics 4, from either protocol, to a standard event."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from router.inputs.ga4_items import items_of
from router.inputs.picking import first, part, text, trimmed
from router.inputs.request import Fault, RawRequest
from router.inputs.standard import finish

_NAMES: Final = {"screen_view": "page_view", "file_download": "download"}
_PARAMETERS: Final = {
    "value": "value",
    "currency": "currency",
    "search_term": "search_term",
    "content_type": "content_type",
    "transaction_id": "order_id",
}


@dataclass(frozen=True, slots=True)
class Sent:
    """What surrounds an event's name and parameters, already in the words of the standard event."""

    user: Mapping[str, Any] = field(repr=False)
    device: Mapping[str, Any] = field(repr=False)
    consent: Mapping[str, bool]
    time: object = None
    user_properties: Mapping[str, Any] = field(default_factory=dict, repr=False)
    of_app: bool = False


def convert_parameters(
    format: str,  # noqa: A002
    name: object,
    parameters: Mapping[str, Any],
    sent: Sent,
    request: RawRequest,
) -> dict[str, Any] | Fault:
    """The standard event. The parameters stay as its properties."""
    if not isinstance(name, str):
        name = ""
    standard = trimmed(_standard(name, parameters, sent))
    if parameters:
        standard["properties"] = dict(parameters)
    return finish(format, standard, request, name)


def _standard(name: str, parameters: Mapping[str, Any], sent: Sent) -> dict[str, Any]:
    in_app = sent.of_app or name == "screen_view"
    return {
        "event_name": _NAMES.get(name, name),
        "id": _id(name, parameters),
        "experience_type": "native app" if in_app else None,
        **{ours: parameters.get(theirs) for theirs, ours in _PARAMETERS.items()},
        "items": [trimmed(each) for each in items_of(parameters.get("items"))],
        "user": dict(sent.user),
        "context": {
            "event_timestamp": sent.time,
            "page": {
                "url": parameters.get("page_location"),
                "referrer": parameters.get("page_referrer"),
                "title": parameters.get("page_title"),
            },
            "device": dict(sent.device),
        },
        "consent": dict(sent.consent),
        "partners": {"tiktok": _tiktok(parameters, sent.user_properties)},
    }


def _id(name: str, parameters: Mapping[str, Any]) -> str | None:
    """A refund names the transaction of its purchase, and is another event."""
    transaction = text(parameters.get("transaction_id")) if name == "purchase" else None
    return text(parameters.get("event_id")) or transaction


def _tiktok(parameters: Mapping[str, Any], user_properties: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "ttclid": _either(parameters, user_properties, "ttclid"),
        "ttp": first(*(_either(parameters, user_properties, name) for name in ("ttp", "_ttp"))),
        "ldu": parameters.get("limited_data_use"),
        "shop_id": parameters.get("shop_id"),
        "lead_id": parameters.get("lead_id"),
    }


def _either(parameters: Mapping[str, Any], user_properties: Mapping[str, Any], name: str) -> Any:
    """A parameter, or a user property: `{"value": x}` in the Measurement Protocol."""
    held = user_properties.get(name)
    return first(parameters.get(name), part(user_properties, name).get("value") or _plain(held))


def _plain(value: object) -> object:
    return None if isinstance(value, dict) else value


def granted(states: Mapping[str, Any], word: object) -> Collection[str]:
    """The consent types that have the state which `word` stands for."""
    return {name for name, state in states.items() if state == word}
