"""The flat events of Jitsu's first tracker, in the words of Segment's specification."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from router.inputs.picking import first, part, text, without

_PAGES: Final = frozenset({"page", "pageview", "page_view"})
_IDENTIFIES: Final = frozenset({"user_identify", "identify"})
_READ: Final = (
    "api_key", "src", "event_type", "event_id", "eventn_ctx", "eventn_ctx_event_id", "user", "ids",
    "utc_time", "_timestamp", "local_tz_offset", "source_ip", "user_agent", "user_language", "url", "referer",
    "page_title",
)  # fmt: skip


def as_message(event: Mapping[str, Any]) -> dict[str, Any]:
    """The event as an event of the specification; its older form has the context in `eventn_ctx`."""
    flat = {**without(event, ("eventn_ctx",)), **part(event, "eventn_ctx")}
    user, name = part(flat, "user"), flat.get("event_type")
    return {
        **_kind(name),
        "messageId": first(text(flat.get("event_id")), text(flat.get("eventn_ctx_event_id"))),
        "timestamp": flat.get("utc_time"),
        "userId": first(user.get("id"), user.get("internal_id")),
        "anonymousId": user.get("anonymous_id"),
        "context": _context(flat, user),
        "properties": _properties(flat),
    }


def _kind(name: object) -> dict[str, Any]:
    if isinstance(name, str) and name.lower() in _PAGES:
        return {"type": "page"}
    if isinstance(name, str) and name.lower() in _IDENTIFIES:
        return {"type": "identify"}
    return {"type": "track", "event": name}


def _context(flat: Mapping[str, Any], user: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "ip": flat.get("source_ip"),
        "userAgent": flat.get("user_agent"),
        "locale": flat.get("user_language"),
        "page": {"url": flat.get("url"), "referrer": flat.get("referer"), "title": flat.get("page_title")},
        "traits": user,
        "consent": part(flat, "consent"),
    }


def _properties(flat: Mapping[str, Any]) -> dict[str, Any]:
    """What is left, and the cookies that the tracker was told to send along, named without leading `_`."""
    cookies = {name: part(flat, "ids").get(name) for name in ("ttp", "ttclid")}
    known = {name: value for name, value in cookies.items() if value is not None}
    return {**known, **without(flat, _READ)}
