"""What mParticle's event types and product actions are called in the standard event."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from router.inputs.picking import part, snake_case, text

_ACTIONS: Final = {
    "checkout": "begin_checkout",
    "click": "select_item",
    "view_detail": "view_item",
    "remove_from_wish_list": "remove_from_wishlist",
}
_PROMOTIONS: Final = {"view": "view_promotion", "click": "select_promotion"}
_TYPES: Final = {"first_run": "install_app"}


def name_of(event: Mapping[str, Any], platform: object) -> tuple[str, str] | None:
    """The standard name and mParticle's own; None when the event does not say what it is.

    `platform` is the device's; a screen of a web page is a page.
    """
    data = part(event, "data")
    kind = text(event.get("event_type"))
    match kind:
        case "commerce_event":
            return _commerce(data)
        case "custom_event":
            name = text(data.get("event_name"))
            return (snake_case(name) or name, name) if name else None
        case "screen_view":
            return ("page_view" if platform in (None, "web") else "screen_view"), kind
        case "application_state_transition":
            return _transition(data)
        case None:
            return None
    return _TYPES.get(kind) or snake_case(kind) or kind, kind


def _commerce(data: Mapping[str, Any]) -> tuple[str, str] | None:
    action = text(part(data, "product_action").get("action"))
    promotion = text(part(data, "promotion_action").get("action"))
    if action:
        return _ACTIONS.get(action) or snake_case(action) or action, action
    if promotion:
        return _PROMOTIONS.get(promotion) or f"promotion_{snake_case(promotion)}", promotion
    return ("view_item_list", "product_impressions") if data.get("product_impressions") else None


def _transition(data: Mapping[str, Any]) -> tuple[str, str]:
    """A start of the app is its launch, the very first one its installation."""
    kind = text(data.get("application_transition_type")) or "application_state_transition"
    if kind != "application_initialized":
        return snake_case(kind) or kind, kind
    return ("install_app" if data.get("is_first_run") is True else "launch_app"), kind
