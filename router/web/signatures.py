"""Signatures of webhooks, over the bytes of the body as they came. Nothing here raises on any input."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Callable, Iterator, Mapping
from typing import Final

from router.settings import Scheme

TOLERANCE_SECONDS: Final = 300
"""How far a signed time may lie from ours, either way (Standard Webhooks and Stripe use the same)."""
_HEADERS: Final[Mapping[str, Scheme]] = {
    "webhook-signature": "standard",
    "x-shopify-hmac-sha256": "shopify",
    "stripe-signature": "stripe",
}
_LONGEST_TIME = 12

Headers = Mapping[str, str]


def scheme_of(headers: Headers) -> Scheme | None:
    """How a request is signed; None when it is not. Header names are lower-case."""
    return next((scheme for name, scheme in _HEADERS.items() if name in headers), None)


def is_signed(scheme: Scheme, secret: bytes, headers: Headers, body: bytes, now: float) -> bool:
    """Whether a signature of the request was made with the secret, in time.

    `body` is as it came, still compressed. Repeats within the tolerance verify again: they are the business
    of deduplication. All signatures are compared, each in constant time.
    """
    return _VERIFIERS[scheme](secret, headers, body, now)


def _standard(secret: bytes, headers: Headers, body: bytes, now: float) -> bool:
    """Standard Webhooks: `webhook-signature: v1,BASE64 v1,BASE64` over `id.timestamp.body`."""
    sent_at = headers.get("webhook-timestamp", "").strip()
    signed = _bytes(f"{headers.get('webhook-id', '').strip()}.{sent_at}.") + body
    given = (part.strip(",") for part in headers.get("webhook-signature", "").split())
    values = (part[3:] for part in given if part.startswith("v1,"))
    return _any_is(_base64(secret, signed), values) and _is_timely(sent_at, now)


def _shopify(secret: bytes, headers: Headers, body: bytes, _now: float) -> bool:
    """Shopify: `X-Shopify-Hmac-Sha256: BASE64` over the body; there is no time in it."""
    return _any_is(_base64(secret, body), iter([headers.get("x-shopify-hmac-sha256", "").strip()]))


def _stripe(secret: bytes, headers: Headers, body: bytes, now: float) -> bool:
    """Stripe: `Stripe-Signature: t=SECONDS,v1=HEX,v1=HEX` over `SECONDS.body`."""
    parts = [part.strip().partition("=") for part in headers.get("stripe-signature", "").split(",")]
    sent_at = next((value for name, _, value in parts if name == "t"), "")
    expected = hmac.digest(secret, _bytes(f"{sent_at}.") + body, "sha256").hex().encode()
    return _any_is(expected, (value for name, _, value in parts if name == "v1")) and _is_timely(sent_at, now)


_VERIFIERS: Final[Mapping[Scheme, Callable[[bytes, Headers, bytes, float], bool]]] = {
    "standard": _standard,
    "shopify": _shopify,
    "stripe": _stripe,
}


def _base64(secret: bytes, signed: bytes) -> bytes:
    return base64.b64encode(hmac.new(secret, signed, hashlib.sha256).digest())


def _any_is(expected: bytes, given: Iterator[str]) -> bool:
    found = False
    for each in given:
        found |= hmac.compare_digest(expected, _bytes(each))
    return found


def _is_timely(text: str, now: float) -> bool:
    if not (text.isascii() and text.isdigit() and len(text) <= _LONGEST_TIME):
        return False
    return abs(now - int(text)) <= TOLERANCE_SECONDS


def _bytes(text: str) -> bytes:
    """The bytes that a header had: it was read as Latin-1, which has nothing beyond them."""
    return text.encode("latin-1", "replace")
