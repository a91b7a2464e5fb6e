"""One event for one destination, as it waits to be sent."""

from __future__ import annotations

from dataclasses import dataclass, field
from hashlib import blake2b

HOUR = 3600
KEY_BYTES = 16
CLAIM_SECONDS = 48 * HOUR
RESEND_SECONDS = 47 * HOUR


def dedup_key(source: str, source_id: str, event_name: str, event_id: str) -> bytes:
    """The 16 bytes that tell two events apart: BLAKE2b-128 over the parts, each with its length in front.

    `event_name` is the event's current name, so that an event and its renamed self are one. The hash hides
    order ids at rest and gives every id the same size.
    """
    digest = blake2b(digest_size=KEY_BYTES)
    for part in (source, source_id, event_name, event_id):
        raw = part.encode("utf-8", "surrogatepass")
        digest.update(len(raw).to_bytes(8, "big") + raw)
    return digest.digest()


@dataclass(frozen=True, slots=True)
class Entry:
    """A finished payload and all that delivering it needs. Times are epoch seconds.

    `payload` is one finished JSON object. The dedup claim lives `claim_seconds` after the confirmed send,
    or until `claim_until` where that is set (an id derived without a timestamp), sent or not.
    `resend_seconds` is how long after the first attempt with an unknown outcome the destination still
    recognises a resend as a repeat. `correlation` names the request that brought the event, and `kept` is the
    event as it came, where that is to be kept for as long as the entry is.
    """

    key: bytes
    destination: str
    source: str
    source_id: str
    event: str
    payload: bytes = field(repr=False)
    event_time: int
    accepted_at: float
    rules_version: str
    claim_seconds: int = CLAIM_SECONDS
    claim_until: float | None = None
    resend_seconds: int = RESEND_SECONDS
    correlation: str = ""
    kept: bytes | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        if len(self.key) != KEY_BYTES:
            raise ValueError(f"a dedup key has {KEY_BYTES} bytes, not {len(self.key)}")

    def claim_expiry(self, sent_at: float) -> float:
        """When the claim of an entry that was sent at `sent_at` ends."""
        return sent_at + self.claim_seconds if self.claim_until is None else self.claim_until


@dataclass(frozen=True, slots=True)
class Queued:
    """An entry in the spool. `attempts` counts the one that a claim has just recorded.

    `first_ambiguous_at` is when the first attempt began that may have arrived without our knowing.
    `crashes` counts the batches with it that our process did not survive, `why` says what the latest attempt
    came to.
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
