"""A write key of the settings: its value, and what may be posted with it."""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass, field
from typing import Literal

from router.keyring import Grant, Sender

Scheme = Literal["standard", "shopify", "stripe"]
"""How a webhook is signed: Standard Webhooks, Shopify's way, Stripe's way."""

_STANDARD_PREFIX = "whsec_"


@dataclass(frozen=True, slots=True)
class WriteKey:
    """What a sender must show, or with `signature` the secret it signs with; see `Grant` for what it may."""

    name: str
    value: str = field(repr=False)
    sender: Sender = "auto"
    rate: float | None = None
    sources: tuple[str, ...] = ()
    events: tuple[str, ...] = ()
    origins: tuple[str, ...] = ()
    signature: Scheme | None = None

    @property
    def grant(self) -> Grant:
        return Grant(self.name, self.sender, self.sources, self.events, self.origins, self.rate)


def signing_secret(scheme: Scheme, value: str) -> bytes | None:
    """The bytes of a signing secret; None when a Standard Webhooks secret (`whsec_…`) is not Base64."""
    if scheme != "standard":
        return value.encode()
    try:
        return base64.b64decode(value.removeprefix(_STANDARD_PREFIX), validate=True) or None
    except (binascii.Error, ValueError):
        return None
