"""Shopify webhooks: what a shop's server tells of its orders, checkouts, carts, refunds and customers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from router.inputs.consent import UNREAD, purposes
from router.inputs.picking import first, part, snake_case, text, trimmed, without
from router.inputs.reading import one_by_one
from router.inputs.request import Fault, RawRequest
from router.inputs.shopify_order import READ, amounts, event_id, items, order_id, person
from router.inputs.standard import finish
from router.inputs.wire import Answering, Endpoint, Format, Reply
from router.settings import Settings

_TOPIC: Final = "x-shopify-topic"
_NAMES: Final = {
    "checkouts/create": "begin_checkout",
    "carts/create": "add_to_cart",
    "refunds/create": "refund",
    "customers/create": "sign_up",
}
_ONCE: Final = frozenset({"checkouts/create", "carts/create"})
_NO_TOPIC: Final = Fault("missing_topic", "the header X-Shopify-Topic is missing")
_TEST: Final = Fault("test_order", "Shopify says that this is a test")
_EXCLUDED: Final = Fault("excluded_source", "shopify.excluded_sources has the source_name of this order")


@dataclass(frozen=True, slots=True)
class _Webhook:
    """A notification: `facts` are the headers about it, with lower-case names."""

    topic: str
    facts: Mapping[str, Any]
    body: dict[str, Any]
    notes: Mapping[str, str]


def convert_shopify(event: dict[str, Any], request: RawRequest, settings: Settings) -> dict[str, Any] | Fault:
    """A notification as a standard event.

    A file may hold notifications as `{"metadata": {"X-Shopify-Topic": …}, "payload": {…}}`, as Amazon
    EventBridge delivers them; over HTTP the topic is a header.
    """
    webhook = _webhook(event, request)
    if webhook is None:
        return _NO_TOPIC
    fault = _excluded(webhook, settings)
    if fault is not None:
        return fault
    standard = trimmed(_standard(webhook, settings))
    # The request is Shopify's, whatever the key says of its holder.
    return finish("shopify", standard, request._replace(from_visitor=False), webhook.topic)


def _webhook(event: dict[str, Any], request: RawRequest) -> _Webhook | None:
    facts: Mapping[str, Any] = request.headers
    body = event
    if _TOPIC not in facts and isinstance(event.get("payload"), dict):
        body = event["payload"]
        facts = {name.lower(): each for name, each in part(event, "metadata").items()}
    topic = text(facts.get(_TOPIC))
    return _Webhook(topic.strip().lower(), facts, body, _notes(body)) if topic else None


def _notes(body: Mapping[str, Any]) -> dict[str, str]:
    """The attributes that a shop's theme wrote into the cart: a list of pairs, or an object."""
    notes = body.get("note_attributes", body.get("attributes"))
    pairs = list(notes.items()) if isinstance(notes, dict) else []
    if isinstance(notes, list):
        pairs = [(each.get("name"), each.get("value")) for each in notes if isinstance(each, dict)]
    return {name: value for name, value in pairs if isinstance(name, str) and isinstance(value, str)}


def _excluded(webhook: _Webhook, settings: Settings) -> Fault | None:
    if webhook.body.get("test") is True or str(webhook.facts.get("x-shopify-test")).lower() == "true":
        return _TEST
    source = str(webhook.body.get("source_name")).lower()
    return _EXCLUDED if source in map(str.lower, settings.shopify.excluded_sources) else None


def _standard(webhook: _Webhook, settings: Settings) -> dict[str, Any]:
    body, notes = webhook.body, webhook.notes
    name = _name(webhook, settings)
    return {
        "event_name": name,
        "id": _id(webhook, name, settings),
        **amounts(body, settings.shopify),
        "order_id": order_id(body, name, settings.shopify),
        "items": items(body, settings.shopify),
        "user": person(body, webhook.topic),
        "context": _context(webhook),
        "consent": _consent(webhook, settings),
        "partners": {
            "tiktok": {
                "event_source": "offline" if body.get("source_name") == "pos" else None,
                "ttclid": first(notes.get("ttclid"), notes.get("_ttclid")),
                "ttp": first(notes.get("_ttp"), notes.get("ttp")),
            }
        },
        "properties": {**without(body, READ), "shop_domain": webhook.facts.get("x-shopify-shop-domain")},
    }


def _name(webhook: _Webhook, settings: Settings) -> str:
    """Of the two webhooks of an order one is the purchase; a cart without anything in it is no addition."""
    if webhook.topic == settings.shopify.purchase_topic:
        return "purchase"
    if webhook.topic == "carts/create" and not webhook.body.get("line_items"):
        return snake_case(webhook.topic)
    return _NAMES.get(webhook.topic) or snake_case(webhook.topic)


def _id(webhook: _Webhook, name: str, settings: Settings) -> str | None:
    """Shopify repeats a notification with the same event id; what happens once has an id of its own."""
    own: str | None = webhook.notes.get("event_id") if name in ("purchase", "begin_checkout") else None
    if own is None and name == "purchase":
        own = event_id(webhook.body, settings.shopify)
    elif own is None and webhook.topic in _ONCE:
        own = text(webhook.body.get("token"))
    return own or text(webhook.facts.get("x-shopify-event-id"))


def _context(webhook: _Webhook) -> dict[str, Any]:
    body = webhook.body
    client = part(body, "client_details")
    accepted = text(client.get("accept_language")) or text(body.get("customer_locale")) or ""
    return {
        "event_timestamp": first(
            body.get("processed_at"), body.get("created_at"), webhook.facts.get("x-shopify-triggered-at")
        ),
        "page": {"url": _landing_page(webhook), "referrer": body.get("referring_site")},
        "device": {
            "ip": first(body.get("browser_ip"), client.get("browser_ip")),
            "user_agent": client.get("user_agent"),
            "language": accepted.partition(",")[0].partition(";")[0].strip(),
        },
    }


def _landing_page(webhook: _Webhook) -> str | None:
    """Shopify keeps the path and the query of the first page only; the query has the ttclid."""
    landing = text(webhook.body.get("landing_site"))
    shop = text(webhook.facts.get("x-shopify-shop-domain"))
    if landing and landing.startswith("/") and not landing.startswith("//"):
        return f"https://{shop}{landing}" if shop else None
    return landing


def _consent(webhook: _Webhook, settings: Settings) -> dict[str, bool]:
    """What a webhook without a word of consent says of it, too: no purpose is granted."""
    granted = _granted(webhook)
    read = purposes(granted, settings.consent.shopify)
    return read if granted else {name: each for name, each in read.items() if name != UNREAD}


def _granted(webhook: _Webhook) -> set[str]:
    customer = part(webhook.body, "customer") or webhook.body
    words = (word.strip() for word in webhook.notes.get("consent", "").split(","))
    granted = {word for word in words if word}
    if first(webhook.body.get("buyer_accepts_marketing"), customer.get("accepts_marketing")) is True:
        granted.add("buyer_accepts_marketing")
    for name in ("email_marketing", "sms_marketing"):
        if part(customer, f"{name}_consent").get("state") == "subscribed":
            granted.add(name)
    return granted


# Shopify repeats what is not answered with 2xx, and removes a webhook that fails for hours: what can never be
# taken is counted, and answered as if it were. 401, 429 and 503 stay failures, which a later try may mend.
_HEARD: Final = Reply(200)
SHOPIFY: Final = Format(
    "shopify",
    one_by_one(convert_shopify),
    (
        Endpoint(
            "/shopify",
            answering=Answering(_HEARD, refused=dict.fromkeys((400, 413, 415), _HEARD)),
            sender="server",
        ),
    ),
)
