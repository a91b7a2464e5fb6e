"""What rules assigned to the JSON that TikTok takes: one member of `data[]`, made once."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from math import isfinite
from typing import Any, NamedTuple

import orjson

from router.functions.identity import stands_for_nothing
from router.functions.text import as_text
from router.lang import instants
from router.lang.outcome import Send
from router.tiktok import event_id as ids
from router.tiktok.catalogue import FIELD_ORDER, TARGET, current_name, wire_name
from router.tiktok.event_id import EventId
from router.tiktok.identity import FITS, Fit, Unfit
from router.tiktok.match_keys import match_keys_of, order_of

LeftOut = tuple[str, str]

DEEPEST = 32
_LAST = len(FIELD_ORDER)
WRITTEN_FOR_NOTHING = frozenset({"null", "undefined"})
_NOT_PLAIN = WRITTEN_FOR_NOTHING | {""}


class Finished(NamedTuple):
    """A payload ready to be stored and sent.

    `event` is the name on the wire, `key_event` TikTok's current name for it; the dedup key is made of that
    and `dedup_id`. `event_time` is in epoch seconds. `left_out` has the fields that could not be sent, each
    with its reason, `fields` what was made into the payload. For `claim_seconds`, `claim_until` and
    `resend_seconds` see `EventId`.

    A tuple, because one is made for every event and a frozen dataclass takes five times as long.
    """

    payload: bytes
    event: str
    key_event: str
    event_id: str | None
    dedup_id: str
    event_time: int
    left_out: tuple[LeftOut, ...]
    claim_seconds: int
    claim_until: int | None
    resend_seconds: int
    fields: Mapping[str, Any]

    @property
    def match_keys(self) -> tuple[str, ...]:
        """Those fields of `user` that tell a person."""
        return match_keys_of(self.fields)

    @property
    def order(self) -> str | None:
        """The order that the payload speaks of."""
        return order_of(self.fields)

    def __repr__(self) -> str:
        return f"Finished(event={self.event!r}, event_time={self.event_time!r}, left_out={self.left_out!r})"


@dataclass(frozen=True, slots=True)
class Slot:
    """A place in the payload: its rank in the catalogue, what values go through, and the places below it."""

    path: str
    rank: int
    fit: Fit | None = None
    many: bool = False
    below: dict[str, Slot] = field(default_factory=dict)


def finish(send: Send, event: Mapping[str, Any], arrival_now: int, settings: Mapping[str, Any]) -> Finished:
    """Turn a send into the payload. `arrival_now` is the time of acceptance in epoch seconds.

    Settings: `event_names` is "as_written" or "current"; `missing_event_id` is "derive" or "omit".
    Whatever the event holds, there is a payload: a value that cannot be sent is named in `left_out` instead.
    """
    left_out: list[LeftOut] = []
    name = event_name(send.event, settings, left_out)
    event_time = event_time_of(send.payload.get("event_time"), arrival_now, left_out)
    found = own_id(send.payload.get("event_id"), left_out)
    known = identified(found, event, event_time, arrival_now, settings)
    head = {"event": name, "event_time": event_time}
    if known.sent is not None:
        head["event_id"] = known.sent
    rest = {key: value for key, value in send.payload.items() if key not in HEAD}
    payload, fields = _encoded(head, _object(rest, ROOT, left_out, DEEPEST) or {}, left_out)
    return Finished(
        payload=payload,
        event=name,
        key_event=current_name(name),
        event_id=known.sent,
        dedup_id=known.dedup,
        event_time=event_time,
        left_out=tuple(sorted(left_out)),
        claim_seconds=known.claim_seconds,
        claim_until=known.claim_until,
        resend_seconds=known.resend_seconds,
        fields=fields,
    )


def event_name(written: str, settings: Mapping[str, Any], left_out: list[LeftOut]) -> str:
    name = current_name(written) if settings.get("event_names") == "current" else wire_name(written)
    if _is_unicode(name):
        return name
    left_out.append(("event", "not_unicode"))
    return name.encode(errors="replace").decode()


def event_time_of(value: object, arrival_now: int, left_out: list[LeftOut]) -> int:
    seconds = instants.to_epoch_seconds(value)
    if seconds is None and value is not None:
        left_out.append(("event_time", "not_a_time"))
    return arrival_now if seconds is None else seconds


def own_id(value: object, left_out: list[LeftOut]) -> str | None:
    if value is None or value == "":
        return None
    written = None if isinstance(value, bool) else as_text(value)
    if written is None:
        problem = "not_text"
    elif not _is_unicode(written):
        problem = "not_unicode"
    elif stands_for_nothing(written.strip()):
        problem = "stands_for_nothing"
    else:
        return written
    left_out.append(("event_id", problem))
    return None


def identified(
    found: str | None,
    event: Mapping[str, Any],
    event_time: int,
    arrival_now: int,
    settings: Mapping[str, Any],
) -> EventId:
    if found is not None:
        return ids.own(found)
    make = ids.omitted if settings.get("missing_event_id") == "omit" else ids.derived
    return make(event, event_time, arrival_now)


def clean(value: object, slot: Slot, left_out: list[LeftOut], depth: int) -> Any:
    return _CLEANERS.get(value.__class__, _not_json)(value, slot, left_out, depth)


def _text(value: str, slot: Slot, left_out: list[LeftOut], _: int) -> str | None:
    fitted = _fitted(value, slot)
    if isinstance(fitted, Unfit):
        left_out.append((slot.path, fitted.reason))
        return None
    return fitted or None


def _fitted(value: str, slot: Slot) -> str | Unfit:
    if value in WRITTEN_FOR_NOTHING:
        return Unfit("stands_for_nothing")
    return slot.fit(value) if slot.fit and value else value


def _as_it_is(value: Any, _: Slot, __: list[LeftOut], ___: int) -> Any:
    return value


def _double(value: float, slot: Slot, left_out: list[LeftOut], _: int) -> float | None:
    return value if isfinite(value) else _without(slot, "not_finite", left_out)


def _not_json(_: object, slot: Slot, left_out: list[LeftOut], __: int) -> None:
    _without(slot, "not_json", left_out)


def _object(value: dict[str, Any], slot: Slot, left_out: list[LeftOut], depth: int) -> dict[str, Any] | None:
    if depth == 0:
        _without(slot, "too_deep", left_out)
        return None
    cleaned: dict[str, Any] = {}
    below, ordered, before = slot.below, True, -1
    # The hottest loop of a payload: most values are plain texts and whole numbers, which are spared the call.
    for key, each in value.items():
        place = below.get(key) or unlisted(slot, key)
        kind = each.__class__
        if kind is not int and (kind is not str or place.fit or each in _NOT_PLAIN):
            each = clean(each, place, left_out, depth - 1)
            if each is None:
                continue
        cleaned[key] = each
        rank = place.rank
        if rank < before:
            ordered = False
        before = rank
    return (cleaned if ordered else _in_order(cleaned, slot)) or None


def _in_order(cleaned: dict[str, Any], slot: Slot) -> dict[str, Any]:
    return {key: cleaned[key] for key in slot.below if key in cleaned} | cleaned


def _list(value: list[Any], slot: Slot, left_out: list[LeftOut], depth: int) -> Any:
    if depth == 0:
        return _without(slot, "too_deep", left_out)
    items = [found for each in value if (found := clean(each, slot, left_out, depth - 1)) is not None]
    return items[0] if slot.many and len(items) == 1 else items or None


_CLEANERS: Mapping[type, Callable[[Any, Slot, list[LeftOut], int], Any]] = {
    str: _text,
    bool: _as_it_is,
    int: _as_it_is,
    float: _double,
    dict: _object,
    list: _list,
    type(None): _as_it_is,
}


def _without(slot: Slot, reason: str, left_out: list[LeftOut]) -> Any:
    left_out.append((slot.path, reason))
    return None


def unlisted(slot: Slot, key: str) -> Slot:
    # Rules name the first two levels; names below come from events and must not become names of counters.
    known = slot.path.count(".") == 0 and isinstance(key, str) and _is_unicode(key)
    return Slot(f"{slot.path}.{key}".lstrip(".") if known else slot.path, _LAST)


def _encoded(
    head: dict[str, Any], body: dict[str, Any], left_out: list[LeftOut]
) -> tuple[bytes, dict[str, Any]]:
    """The payload, and what is in it."""
    fields = head | body
    try:
        return orjson.dumps(fields), fields
    except TypeError:
        # What was taken out may leave a list with one element, or nothing.
        rest = _encodable(body, ROOT, left_out) or {}
        fields = head | (_object(rest, ROOT, left_out, DEEPEST) or {})
        return orjson.dumps(fields), fields


def _encodable(value: Any, slot: Slot, left_out: list[LeftOut]) -> Any:
    """The value without what JSON in UTF-8 cannot say: half surrogate pairs, integers beyond 64 bits."""
    match value:
        case str() if not _is_unicode(value):
            return _without(slot, "not_unicode", left_out)
        case int() if not -(2**63) <= value < 2**64:
            return _without(slot, "too_large", left_out)
        case list():
            return [
                found for each in value if (found := _encodable(each, slot, left_out)) is not None
            ] or None
        case dict():
            return {
                key: found
                for key, each in value.items()
                if (found := _encodable_member(key, each, slot, left_out)) is not None
            } or None
    return value


def _encodable_member(key: object, value: Any, slot: Slot, left_out: list[LeftOut]) -> Any:
    if not isinstance(key, str) or not _is_unicode(key):
        return _without(slot, "not_unicode", left_out)
    return _encodable(value, slot.below.get(key) or unlisted(slot, key), left_out)


def _is_unicode(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def web_address(value: str) -> str | Unfit:
    return value if value[:8].lower().startswith(("http://", "https://")) else Unfit("not_http")


def currency(value: str) -> str | Unfit:
    return value.strip().upper()


def _fit(path: str) -> Fit | None:
    known = TARGET.fields.get(path)
    if known is not None and known.kind.base == "url":
        return web_address
    return _FITS.get(path)


def _tree(paths: Iterable[str]) -> Slot:
    root = Slot("", _LAST)
    for rank, path in enumerate(paths):
        place = root
        *parents, name = path.replace("[]", "").split(".")
        for step in parents:
            place = place.below[step]
        known = TARGET.fields.get(path)
        place.below[name] = Slot(path, rank, _fit(path), known is not None and known.many)
    return root


_FITS: dict[str, Fit] = {**FITS, "properties.currency": currency}
HEAD = frozenset({"event", "event_time", "event_id"})
ROOT = _tree(FIELD_ORDER)
