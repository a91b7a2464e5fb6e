"""What the holder of a write key may do, and the hashes by which a key is recognised."""

from __future__ import annotations

import hashlib
import re
import secrets
from dataclasses import dataclass, field
from typing import Final, Literal, get_args

Sender = Literal["auto", "visitor", "server", "browser"]
SENDERS: Final[tuple[Sender, ...]] = get_args(Sender)
SOURCES: Final = ("web", "app", "offline", "crm")
"""TikTok's event sources, to which a key may be bound."""
NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
"""Names of keys; they are shown in `event.meta.source`, in logs and in lists."""

# With a prefix a key is found by those who search repositories for lost secrets, and never begins with "-".
_PREFIX = "tw_"
_BYTES = 32


@dataclass(frozen=True, slots=True)
class Grant:
    """What may be posted with a key, and by whom.

    The events of a `server` speak of other people's devices, those of a `visitor` of the one that sends them;
    `auto` takes a request for a visitor's when a browser made it. A `browser` key stands in a page for
    everybody to read: it needs one of `origins`, and does not say which device it is.
    Without `sources` or `events` all of them may be posted; `events` are names, with `*` and `?` for any
    text. `rate` is requests a second, None without limit.
    """

    name: str
    sender: Sender = "auto"
    sources: tuple[str, ...] = ()
    events: tuple[str, ...] = ()
    origins: tuple[str, ...] = ()
    rate: float | None = None


@dataclass(frozen=True, slots=True)
class KeyValue:
    """One value of a key, by its SHA-256. Times are epoch seconds; `ends` is None for one that does not."""

    digest: bytes = field(repr=False)
    created: int
    ends: int | None = None

    def is_valid(self, now: float) -> bool:
        return self.ends is None or now < self.ends


@dataclass(frozen=True, slots=True)
class StoredKey:
    """A key of the file. While it is rotated it has several values. Times are epoch seconds."""

    grant: Grant
    values: tuple[KeyValue, ...]
    created: int
    expires: int | None = None
    rotated: int | None = None

    def is_expired(self, now: float) -> bool:
        return self.expires is not None and now >= self.expires

    def valid_values(self, now: float) -> tuple[KeyValue, ...]:
        """The values that are taken now."""
        return () if self.is_expired(now) else tuple(each for each in self.values if each.is_valid(now))


def new_value() -> str:
    """A key of 256 random bits."""
    return _PREFIX + secrets.token_urlsafe(_BYTES)


def digest(value: str) -> bytes:
    """The SHA-256 of a key: as it has 256 random bits, nothing slower is needed."""
    return hashlib.sha256(value.encode("utf-8", "surrogateescape")).digest()
