"""The device and the app in the context of Segment's specification."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from router.inputs.picking import first, part

_MOBILE: Final = frozenset({"ios", "android", "ipados"})
# RudderStack's SDKs tell Apple's status as Apple's number.
_ATT: Final = {0: "not_determined", 1: "restricted", 2: "denied", 3: "authorized"}
# RudderStack's browser SDK names itself where an app would stand.
_NO_APPS: Final = frozenset({"com.rudderlabs.javascript"})


def device_of(message: Mapping[str, Any]) -> dict[str, Any]:
    """The visitor's device. An advertising id that its owner does not share is left out."""
    context = part(message, "context")
    device = part(context, "device")
    shared = device.get("adTrackingEnabled") is not False
    system = _system(context)
    return {
        "ip": first(context.get("ip"), message.get("request_ip"), message.get("requestIp")),
        "user_agent": context.get("userAgent"),
        "language": context.get("locale"),
        "type": first(system, device.get("type")),
        "advertising_id": device.get("advertisingId") if shared else None,
        "idfv": device.get("id") if system == "ios" else None,
        "att_status": _att_status(device),
    }


def _system(context: Mapping[str, Any]) -> str | None:
    """`ios` or `android`, by the type of the device or the name of its system."""
    named = (part(context, "device").get("type"), part(context, "os").get("name"))
    found = next((each.lower() for each in named if isinstance(each, str) and each.lower() in _MOBILE), None)
    return "ios" if found == "ipados" else found


def _att_status(device: Mapping[str, Any]) -> Any:
    status = first(device.get("trackingStatus"), device.get("attTrackingStatus"))
    return _ATT.get(status) if type(status) is int else status


def app_of(message: Mapping[str, Any]) -> dict[str, Any]:
    """The app that sent the event; nothing for a web page."""
    app = part(part(message, "context"), "app")
    if message.get("channel") == "web" or app.get("namespace") in _NO_APPS:
        return {}
    return {name: app.get(name) for name in ("namespace", "name", "version")}
