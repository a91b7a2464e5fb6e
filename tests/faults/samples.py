"""The events that are sent, and the bytes that TikTok must get for each, made without the router's code."""

from __future__ import annotations

import re
from dataclasses import dataclass
from hashlib import sha256
from typing import Any
from zlib import crc32

import orjson
from daemons import PIXEL, TOKEN

POISON = "poison"
"""An event with this in its id is one that a strict TikTok refuses."""

CLEAR = re.compile(rb"clear[.-]person|clear[.-]user|1511555\d{6}", re.IGNORECASE)
"""Of the people of `Sample`, what must not be seen outside the process."""

SECRET = re.compile(re.escape(TOKEN.encode()))
HEAD = b'{"event_source":"web","event_source_id":"' + PIXEL.encode() + b'","data":['


@dataclass(frozen=True, slots=True)
class Sample:
    """One purchase; everything about it follows from its id and its time (epoch seconds)."""

    id: str
    time: int

    @property
    def number(self) -> int:
        return crc32(self.id.encode()) % 1_000_000

    def event(self) -> dict[str, Any]:
        """As a shop posts it."""
        number = self.number
        return {
            "event_name": "purchase",
            "id": self.id,
            "user": {
                "email": f" Clear.Person.{number}@Example.com ",
                "phone": f"+49 1511 555{number:06}",
                "id": f"clear-user-{number}",
            },
            "context": {
                "event_timestamp": self.time,
                "page": {"url": f"https://shop.example/thanks?order={number}"},
            },
            "value": number + 0.5,
            "currency": "EUR",
        }

    def payload(self) -> bytes:
        """As TikTok must get it, byte for byte."""
        number = self.number
        return orjson.dumps(
            {
                "event": "CompletePayment",
                "event_time": self.time,
                "event_id": self.id,
                "user": {
                    "email": _hash(f"clear.person.{number}@example.com"),
                    "phone": _hash(f"+491511555{number:06}"),
                    "external_id": _hash(f"clear-user-{number}"),
                },
                "properties": {"value": number + 0.5, "currency": "EUR"},
                "page": {"url": f"https://shop.example/thanks?order={number}"},
            }
        )


def _hash(text: str) -> str:
    return sha256(text.encode()).hexdigest()
