"""One event for one destination, as it waits to be sent."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from hashlib import blake2b
from typing import NamedTuple

HOUR = 3600
KEY_BYTES = 16
CLAIM_SECONDS = 48 * HOUR
RESEND_SECONDS = 47 * HOUR


def dedup_key(source: str, source_id: str, event_name: str, event_id: str) -> bytes:
    """The 16 bytes that tell two events apart: BLAKE2b-128 over the parts, each with its length in front.

    `event_name` is the event's current name, so that an event and its renamed self are one. The hash hides
    order ids at rest and gives every id the same size.
    """
    digest = _begun(source, source_id, event_name).copy()
    digest.update(_measured(event_id))
    return digest.digest()


@lru_cache(maxsize=1024)
def _begun(*parts: str) -> blake2b:
    """What the keys of many events have in common."""
    return blake2b(b"".join(map(_measured, parts)), digest_size=KEY_BYTES)


def _measured(part: str) -> bytes:
    raw = part.encode("utf-8", "surrogatepass")
    return len(raw).to_bytes(8, "big") + raw


class Entry(NamedTuple):
    """A finished payload and all that delivering it needs. Times are epoch seconds.

    `payload` is one finished JSON object. The dedup claim lives `claim_seconds` after the confirmed send,
    or until `claim_until` where that is set (an id derived without a timestamp), sent or not.
    `resend_seconds` is how long after the first attempt with an unknown outcome the destination still
    recognises a resend as a repeat. `correlation` names the request that brought the event, and `kept` is the
    event as it came, where that is to be kept for as long as the entry is.

    A tuple, because one is made for every event and a frozen dataclass takes five times as long.
    """

    key: bytes
    destination: str
    source: str
    source_id: str
    event: str
    payload: bytes
    event_time: int
    accepted_at: float
    rules_version: str
    claim_seconds: int = CLAIM_SECONDS
    claim_until: float | None = None
    resend_seconds: int = RESEND_SECONDS
    correlation: str = ""
    kept: bytes | None = None

    def __repr__(self) -> str:
        """Without what the event says of anybody."""
        return f"Entry(key={self.key.hex()}, destination={self.destination!r}, event={self.event!r})"

    def claim_expiry(self, sent_at: float) -> float:
        """When the claim of an entry that was sent at `sent_at` ends."""
        return sent_at + self.claim_seconds if self.claim_until is None else self.claim_until


class Queued(NamedTuple):
    """An entry in the spool. `attempts` counts the one that a claim has just recorded.

    `first_ambiguous_at` is when the first attempt began that may have arrived without our knowing.
    `crashes` counts the batches with it that our process did not survive, `why` says what the latest attempt
    came to. A tuple, as an entry is.
    """

    id: int
    entry: Entry
    attempts: int
    due: float
    first_ambiguous_at: float | None = None
    crashes: int = 0
    why: str = ""


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """An entry that will not be sent again, and why. `message` is the destination's, redacted."""

    id: int
    entry: Entry
    attempts: int
    first_ambiguous_at: float | None
    reason: str
    code: str
    message: str
    request_id: str
    died_at: float

    def waiting_again(self, entry: Entry, now: float) -> Queued:
        """What it would be among what waits, its payload exchanged for that of `entry`."""
        return Queued(self.id, entry, 0, now, None)
