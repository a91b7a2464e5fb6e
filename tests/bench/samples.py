"""Standard events to measure with: purchases with three items and page views, no two alike."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any, Final

COUNT: Final = 256
NOW: Final = 1_795_253_230
_WORDS: Final = [
    "alpine",
    "birch",
    "cedar",
    "dune",
    "ember",
    "fjord",
    "glacier",
    "harbor",
    "indigo",
    "juniper",
]
_AGENT: Final = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) "
    "Version/17.5 Mobile/15E148 Safari/604.1"
)
_CATEGORIES: Final = ["Apparel > Men > Jackets", "Home > Kitchen > Coffee", "Outdoor > Camping > Tents"]


def lines(kind: str, folder: Path | None = None) -> list[bytes]:
    """The events as JSON texts: made here, or from `KIND.jsonl` in a folder."""
    if folder is not None:
        return (folder / f"{kind}.jsonl").read_bytes().splitlines()
    chance = random.Random(kind)  # noqa: S311 - to be repeated
    make = {"purchase": _purchase, "page_view": _page_view}[kind]
    return [json.dumps(make(chance), separators=(",", ":")).encode() for _ in range(COUNT)]


def _hex(chance: random.Random, digits: int) -> str:
    return f"{chance.getrandbits(4 * digits):0{digits}x}"


def _event(chance: random.Random, name: str, path: str) -> dict[str, Any]:
    ttclid = f"E.C.P.{_hex(chance, 60)}"
    first, second = chance.sample(_WORDS, 2)
    query = (
        f"order=A-{chance.randrange(10**6)}&utm_source=tiktok&utm_medium=cpc&utm_campaign={first}-{second}-26"
    )
    return {
        "event_name": name,
        "id": f"{name[:3]}-{_hex(chance, 8)}-{_hex(chance, 4)}-{_hex(chance, 12)}",
        "user": {
            "id": f"u_{chance.randrange(10**9)}",
            "anonymous_id": f"{_hex(chance, 8)}-{_hex(chance, 4)}-{_hex(chance, 12)}",
            "email": f" {first.title()}.{second.title()}{chance.randrange(10**4)}@Example.com ",
            "phone": f"+1 (415) 555-{chance.randrange(10**4):04}",
        },
        "context": {
            "event_timestamp": (NOW - chance.randrange(3600)) * 1000 + chance.randrange(1000),
            "page": {
                "url": f"https://shop.example.com/{path}?{query}&ttclid={ttclid}",
                "referrer": "https://shop.example.com/checkout/payment",
                "title": "Example Shop",
            },
            "device": {
                "ip": f"203.0.113.{chance.randrange(256)}",
                "user_agent": _AGENT,
                "language": "en-US",
                "type": "iOS",
                "cookie": {
                    "_ttp": _hex(chance, 27),
                    "ttclid": ttclid,
                    "_ga": f"GA1.1.{chance.randrange(10**9)}.1",
                },
            },
        },
        "consent": {"advertising": True, "analytics": True},
    }


def _page_view(chance: random.Random) -> dict[str, Any]:
    return _event(chance, "page_view", f"products/{chance.choice(_WORDS)}")


def _purchase(chance: random.Random) -> dict[str, Any]:
    items = [_item(chance) for _ in range(3)]
    total = sum(item["quantity"] * item["product"]["price"] for item in items)
    return {
        **_event(chance, "purchase", "checkout/thank-you"),
        "value": round(total, 2),
        "currency": "USD",
        "order_id": f"A-{chance.randrange(10**7)}",
        "content_type": "product",
        "items": items,
    }


def _item(chance: random.Random) -> dict[str, Any]:
    return {
        "id": f"SKU-{chance.randrange(10**5):05}-{_hex(chance, 4)}",
        "quantity": chance.randint(1, 4),
        "content_type": "product",
        "product": {
            "name": " ".join(chance.sample(_WORDS, 3)).capitalize(),
            "price": round(chance.uniform(10, 250), 2),
            "brand": chance.choice(_WORDS).title(),
            "category_1": chance.choice(_CATEGORIES),
        },
    }
