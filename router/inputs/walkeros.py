"""walkerOS: `entity action` events, singly, in an array, in a batch, or as a pixel's query."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from router.inputs.bracketed import bracketed
from router.inputs.consent import purposes
from router.inputs.picking import first, part, parts, snake_case, text, trimmed, without
from router.inputs.reading import Read, one_by_one
from router.inputs.request import BodyProblem, Decoded, Fault, RawRequest
from router.inputs.standard import finish
from router.inputs.wire import GIF, WRITE_KEY, Answering, Endpoint, Format, Reply, json_reply
from router.settings import Settings

_NAMES: Final = {
    "page view": "page_view",
    "product view": "view_item",
    "product add": "add_to_cart",
    "product remove": "remove_from_cart",
    "cart view": "view_cart",
    "order start": "begin_checkout",
    "order checkout": "begin_checkout",
    "order complete": "purchase",
    "session signup": "sign_up",
    "session start": "session_start",
}
_PRODUCTS: Final = frozenset({"product", "item"})
_CLICK: Final = ("ttclid", "ttp")
_KEPT: Final = frozenset({"data", "context", "globals", "custom", "trigger", "entity", "action", "timing"})
_OF_SOURCE: Final = frozenset({"type", "platform", "tool"})
_NO_NAME: Final = Fault("missing_event_name", "the event has no name, or no entity and action")


def convert_walkeros(
    event: dict[str, Any], request: RawRequest, settings: Settings
) -> dict[str, Any] | Fault:
    """A walkerOS event, of version 2 to 4, as a standard event."""
    name = _name(event)
    if not name:
        return _NO_NAME
    return finish("walkeros", trimmed(_standard(name, event, settings)), request, name)


def _name(event: Mapping[str, Any]) -> str:
    parted = (text(event.get("entity")), text(event.get("action")))
    return text(event.get("name")) or " ".join(each for each in parted if each)


_read_posted: Final = one_by_one(convert_walkeros, "batch")


def read_walkeros(request: RawRequest, settings: Settings) -> Read | BodyProblem:
    """The events of a body; without a body the query is one event, `data[id]=…` a member of an object."""
    if request.query and not request.body.strip():
        return [convert_walkeros(bracketed(without(request.query, (WRITE_KEY,))), request, settings)]
    return _read_posted(request, settings)


def _standard(name: str, event: Mapping[str, Any], settings: Settings) -> dict[str, Any]:
    data, user, shared = part(event, "data"), part(event, "user"), part(event, "globals")
    standard = _NAMES.get(name.lower()) or snake_case(name) or name
    return {
        "event_name": standard,
        "id": text(event.get("id")),
        "value": first(data.get("value"), data.get("total"), data.get("revenue")),
        "currency": first(data.get("currency"), shared.get("currency")),
        "order_id": _order_id(standard, data),
        "search_term": _search_term(standard, data),
        "items": _items(event),
        "user": _user(user),
        "context": _context(event, data, user),
        "consent": _consent(event, settings),
        "partners": {"tiktok": _tiktok(event)},
        "properties": _rest(event),
    }


def _tiktok(event: Mapping[str, Any]) -> dict[str, Any]:
    owners = [part(event, each) for each in ("custom", "globals", "data")]
    return {name: first(*(each.get(name) for each in owners)) for name in _CLICK}


def _rest(event: Mapping[str, Any]) -> dict[str, Any]:
    source = {name: each for name, each in part(event, "source").items() if name in _OF_SOURCE}
    return {**{name: each for name, each in event.items() if name in _KEPT}, "source": source}


def _search_term(name: str, data: Mapping[str, Any]) -> Any:
    """`query` and `term` say what was searched for in a search only."""
    names = ("search_term", "term", "query") if name == "search" else ("search_term",)
    return first(*(data.get(each) for each in names))


def _order_id(name: str, data: Mapping[str, Any]) -> str | None:
    """What an order's events call id; `id` of other entities names a product or a page."""
    of_order = text(data.get("id")) if name in ("purchase", "refund", "begin_checkout") else None
    return text(data.get("order_id")) or of_order


def _items(event: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The products inside the entity, or the entity itself when it is one."""
    inside = [
        part(each, "data")
        for each in parts(event.get("nested"))
        if (text(each.get("entity")) or text(each.get("type"))) in _PRODUCTS
    ]
    entity = text(event.get("entity")) or str(event.get("name")).partition(" ")[0]
    itself = [part(event, "data")] if entity in _PRODUCTS else []
    return [_item(each) for each in inside or itself]


def _item(data: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "id": text(first(data.get("id"), data.get("sku"))),
        "quantity": data.get("quantity"),
        "content_type": data.get("content_type"),
        "product": {
            "name": first(data.get("name"), data.get("title")),
            "price": data.get("price"),
            "brand": data.get("brand"),
            "category_1": data.get("category"),
            "variant": first(data.get("variant"), data.get("size"), data.get("color")),
        },
    }


def _user(user: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "id": text(user.get("id")),
        "anonymous_id": first(text(user.get("device")), text(user.get("session"))),
        "email": user.get("email"),
        "phone": user.get("phone"),
        "first_name": first(user.get("first_name"), user.get("firstName")),
        "last_name": first(user.get("last_name"), user.get("lastName")),
        "city": user.get("city"),
        "state": user.get("region"),
        "country": user.get("country"),
        "zip": user.get("zip"),
    }


def _context(event: Mapping[str, Any], data: Mapping[str, Any], user: Mapping[str, Any]) -> dict[str, Any]:
    source = part(event, "source")
    page = data if str(event.get("name")).lower() == "page view" else {}
    return {
        "event_timestamp": event.get("timestamp"),
        "page": {
            "url": _address(source.get("url"), source.get("id"), page.get("url")),
            "referrer": _address(source.get("referrer"), source.get("previous_id")),
            "title": page.get("title"),
        },
        "device": {
            "ip": user.get("ip"),
            "user_agent": user.get("userAgent"),
            "language": user.get("language"),
            "type": user.get("deviceType"),
        },
    }


def _address(*candidates: object) -> str | None:
    """`source.id` is an address in the browser only; elsewhere it names a process."""
    found = (text(each) for each in candidates)
    return next((each for each in found if each and each.lower().startswith(("http://", "https://"))), None)


def _consent(event: Mapping[str, Any], settings: Settings) -> dict[str, bool] | None:
    """None when the event has no consent state at all. A query's `true` is text."""
    state = event.get("consent")
    if not isinstance(state, dict):
        return None
    granted = {name for name, each in state.items() if each is True or each == "true"}
    return purposes(granted, settings.consent.walkeros, state)


def _report(_request: RawRequest, decoded: Decoded) -> Reply | None:
    """Which events were not taken: 207 for some, 400 for all."""
    if decoded.problem is not None:
        return None
    ids = [each.event["id"] for each in decoded.arrivals if each.event.get("id")]
    answer: dict[str, Any] = {"success": not decoded.rejections, "processed": len(decoded.arrivals)}
    if not decoded.rejections:
        return json_reply(200, {**answer, "ids": ids})
    errors = [{"index": each.index, "error": each.reason} for each in decoded.rejections]
    answer |= {"failed": len(errors), "errors": errors, "ids": ids}
    return json_reply(207 if decoded.arrivals else 400, answer)


def _failure(status: int, error: str) -> Reply:
    return json_reply(status, {"success": False, "error": error})


_PATH: Final = "/collect"
WALKEROS: Final = Format(
    "walkeros",
    read_walkeros,
    (
        Endpoint(
            _PATH,
            answering=Answering(
                json_reply(200, {"success": True}),
                refused={
                    400: _failure(400, "the body is not JSON"),
                    401: _failure(401, "the write key is not known"),
                    413: _failure(413, "the body is too large"),
                    415: _failure(415, "Content-Type may be application/json or text/plain"),
                },
                report=_report,
            ),
        ),
        Endpoint(_PATH, ("GET",), Answering(GIF, refused=dict.fromkeys((400, 401), GIF))),
    ),
    key_parameter=WRITE_KEY,
)
