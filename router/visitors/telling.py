"""What an event tells: whose it is, as hashes, and which click and browser brought it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from router.functions.identity import hash_email, hash_id, hash_phone, stands_for_nothing
from router.functions.web import cookie, query
from router.inputs.picking import part
from router.lang.instants import to_epoch_seconds
from router.lang.library import Context
from router.lang.outcome import Arrival
from router.settings import Visitors
from router.visitors.visitor import NOBODY, Seen, Visitor

Key = tuple[str, str]
"""What kind of key it is, and the SHA-256 of its value: that of payloads, by which people are erased."""

_LONGEST: Final = 1000
"""Characters of a click id (DOC-TTCLID, H); longer it is none."""
_LONGEST_URL: Final = 2000
_LONGEST_NAME: Final = 100
_MACRO: Final = "__CLICKID__"
_MOST_KEYS: Final = 16


def may_be_kept(arrival: Arrival) -> bool:
    """Whether the event says that its visitor agreed to advertising; absent is not granted."""
    return part(arrival.event, "consent").get("advertising") is True


def has_refused(arrival: Arrival) -> bool:
    """Whether it says that the visitor did not. Consent that nobody could read says nothing."""
    consent = part(arrival.event, "consent")
    return consent.get("advertising") is False and consent.get("unread") is not True


def keys_of(arrival: Arrival, wanted: Visitors, country: str | None = None) -> tuple[Key, ...]:
    """The keys of an event's visitor; `country` is that of phone numbers without a country code."""
    found = dict.fromkeys(_keys(arrival, wanted, Context(arrival, {"phone_country": country})))
    return tuple(found)[:_MOST_KEYS]


def _keys(arrival: Arrival, wanted: Visitors, context: Context) -> Iterator[Key]:
    user = part(arrival.event, "user")
    for kind in wanted.keys:
        yield from ((kind, each) for each in _hashes(kind, user, context) if each)
    for name in wanted.cookies:
        if (value := cookie.code(context, name)) and (hashed := hash_id.code(value)):
            yield f"cookie {name}", hashed


def _hashes(kind: str, user: Mapping[str, Any], context: Context) -> list[str | None]:
    ready = part(user, "hashed")
    match kind:
        case "anonymous_id":
            return [hash_id.code(each) for each in _texts(user.get("anonymous_id"))]
        case "user_id":
            return [hash_id.code(each) for each in _texts(ready.get("external_id"), user.get("id"))]
        case "email":
            return [hash_email.code(each) for each in _texts(ready.get("email"), user.get("email"))]
        case _:
            return [hash_phone.code(context, each) for each in _texts(ready.get("phone"), user.get("phone"))]


def told_by(arrival: Arrival, wanted: Visitors) -> Visitor:
    """What an event tells of its visitor, as far as it is to be remembered."""
    ttclid = _click(arrival, wanted) if "ttclid" in wanted.remember else None
    ttp = _browser(arrival) if "ttp" in wanted.remember else None
    return Visitor(ttclid, ttp) if ttclid or ttp else NOBODY


def _click(arrival: Arrival, wanted: Visitors) -> Seen | None:
    """The address of a page has the click that led to it; what a cookie has may be weeks old."""
    url = part(part(arrival.event, "context"), "page").get("url")
    address = url if isinstance(url, str) and len(url) <= _LONGEST_URL and url.isprintable() else ""
    fresh = query.code(address, "ttclid") if "ttclid" in address else None
    told = _id(fresh) or _id(_tiktok(arrival).get("ttclid"))
    value = told or _id(cookie.code(Context(arrival), "ttclid"))
    if value is None:
        return None
    page = address if told and "page_url" in wanted.remember else ""
    return Seen(value, _time(arrival), _name(arrival), page or None, sure=told is not None)


def _browser(arrival: Arrival) -> Seen | None:
    value = _id(_tiktok(arrival).get("ttp")) or _id(cookie.code(Context(arrival), "_ttp"))
    return None if value is None else Seen(value, _time(arrival), _name(arrival))


def _time(arrival: Arrival) -> int:
    """When the event happened, but never after it came."""
    told = to_epoch_seconds(part(arrival.event, "context").get("event_timestamp"))
    return arrival.now if told is None else min(told, arrival.now)


def _name(arrival: Arrival) -> str:
    name = arrival.event.get("event_name")
    return name if isinstance(name, str) and len(name) <= _LONGEST_NAME and name.isprintable() else ""


def _id(value: object) -> str | None:
    usable = isinstance(value, str) and len(value) <= _LONGEST and value != _MACRO and value.isprintable()
    return str(value) if usable and not stands_for_nothing(str(value).strip()) else None


def _tiktok(arrival: Arrival) -> Mapping[str, Any]:
    return part(part(arrival.event, "partners"), "tiktok")


def _texts(*values: object) -> Iterator[str]:
    for value in values:
        for each in value if isinstance(value, list) else [value]:
            if isinstance(each, str) and each.strip():
                yield each
