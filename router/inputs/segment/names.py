"""What Segment's commerce specification calls an event, and what the standard event does."""

from __future__ import annotations

from typing import Final

from router.inputs.picking import snake_case

_NAMES: Final = {
    "order completed": "purchase",
    "order refunded": "refund",
    "product viewed": "view_item",
    "product list viewed": "view_item_list",
    "product clicked": "select_item",
    "product added": "add_to_cart",
    "product removed": "remove_from_cart",
    "product added to wishlist": "add_to_wishlist",
    "cart viewed": "view_cart",
    "checkout started": "begin_checkout",
    "payment info entered": "add_payment_info",
    "products searched": "search",
    "signed up": "sign_up",
    "signed in": "login",
    "subscription created": "subscribe",
    "form submitted": "submit_form",
    "callback started": "contact",
    "download link clicked": "download",
    "trial started": "start_trial",
    "application installed": "install_app",
    "application opened": "launch_app",
}

TYPES: Final = {
    "t": "track",
    "p": "page",
    "s": "screen",
    "i": "identify",
    "g": "group",
    "a": "alias",
    "track": "track",
    "page": "page",
    "screen": "screen",
    "identify": "identify",
    "group": "group",
    "alias": "alias",
    "merge": "merge",
}
"""Types of events by what the path or the event calls them; the browser's library posts to single letters."""


def neutral_name(name: str) -> str:
    """The standard event's name; of a name that the specification lacks its snake_case.

    A name that has no Latin letter or digit in it stays as it is.
    """
    return _NAMES.get(" ".join(name.lower().split())) or snake_case(name) or name.strip()
