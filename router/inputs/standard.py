"""The router's own format: the vendor-neutral event as it is."""

from __future__ import annotations

import ipaddress
from functools import lru_cache
from typing import Any

from router.inputs.request import Fault, RawRequest
from router.settings import Settings

_OWN_NETWORKS = tuple(
    ipaddress.ip_network(each)
    for each in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "fc00::/7")
)


def convert_standard(
    event: dict[str, Any], request: RawRequest, _settings: Settings
) -> dict[str, Any] | Fault:
    """A standard event as it is, with what only the router knows of it."""
    return finish("standard", event, request)


def finish(
    format: str,  # noqa: A002
    event: dict[str, Any],
    request: RawRequest,
    original_name: str | None = None,
) -> dict[str, Any] | Fault:
    """Set what a sender never sets: `meta`, ids as text, and the facts of the visitor's own request.

    A fact that the event has stays as it is. `original_name` is what the format calls the event, where it
    calls it differently.
    """
    name = event.get("event_name")
    if not isinstance(name, str) or not name.strip():
        return Fault("missing_event_name", "event_name is missing or not a text")
    _ids_to_text(event)
    event["meta"] = _meta(format, event, request, original_name or name)
    if not request.names_device:
        _forget_device(event)
    if request.from_visitor:
        _add_device(event, request)
    return event


def _meta(
    format: str,  # noqa: A002
    event: dict[str, Any],
    request: RawRequest,
    original_name: str,
) -> dict[str, Any]:
    meta: dict[str, Any] = {
        "format": format,
        "received_at": int(request.received_at),
        "id_origin": "sender" if event.get("id") else "none",
        "original_name": original_name,
    }
    if request.source is not None:
        meta["source"] = request.source
    if (sent_at := event.get("sent_at")) is not None:
        meta["sent_at"] = sent_at
    return meta


def _ids_to_text(event: dict[str, Any]) -> None:
    _to_text(event, "id", "order_id")
    user, items = event.get("user"), event.get("items")
    if isinstance(user, dict):
        _to_text(user, "id", "anonymous_id")
    if isinstance(items, list):
        for item in items:
            if isinstance(item, dict) and type(item.get("id")) is int:
                _to_text(item, "id")


def _to_text(owner: dict[str, Any], *names: str) -> None:
    for name in names:
        if type(value := owner.get(name)) is int:
            owner[name] = str(value)


def _forget_device(event: dict[str, Any]) -> None:
    context = event.get("context")
    device = context.get("device") if isinstance(context, dict) else None
    if isinstance(device, dict):
        device.pop("ip", None)
        device.pop("user_agent", None)


def _add_device(event: dict[str, Any], request: RawRequest) -> None:
    facts = _facts(request)
    context = event.setdefault("context", {}) if facts else None
    device = context.setdefault("device", {}) if isinstance(context, dict) else None
    if isinstance(device, dict):
        for name, value in facts.items():
            if device.get(name) is None:
                device[name] = value


def _facts(request: RawRequest) -> dict[str, str]:
    facts = {}
    if request.client_ip and _is_public(request.client_ip):
        facts["ip"] = request.client_ip
    if agent := request.headers.get("user-agent"):
        facts["user_agent"] = agent
    language = request.headers.get("accept-language", "").partition(",")[0].partition(";")[0].strip()
    if language and language != "*":
        facts["language"] = language
    return facts


@lru_cache(maxsize=4096)
def _is_public(address: str) -> bool:
    """Whether an address tells of a visitor: those of one's own network and machine do not."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return False
    local = parsed.is_loopback or parsed.is_link_local or parsed.is_unspecified
    return not local and not any(parsed in network for network in _OWN_NETWORKS)
