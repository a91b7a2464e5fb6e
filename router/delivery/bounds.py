"""How much may wait in a spool before it refuses more."""

from __future__ import annotations

import random
from dataclasses import dataclass, field

from router.delivery.spool import SpoolFull


@dataclass(frozen=True, slots=True)
class Bounds:
    """Undelivered rows and payload bytes, and rows that wait for a commit.

    A full spool takes entries again when it is down to `resume` of its bounds, so that it does not flap.
    """

    rows: int = 2_000_000
    payload_bytes: int = 2 * 1024**3
    queue: int = 5_000
    resume: float = 0.8


@dataclass(slots=True)
class Gate:
    """Open until a bound is reached, then shut until there is room worth speaking of."""

    bounds: Bounds
    rng: random.Random = field(default_factory=random.SystemRandom)
    shut: bool = False

    def admit(self, rows: int, payload_bytes: int) -> None:
        """Raises `SpoolFull` when `rows` and `payload_bytes`, held and coming, are too many."""
        share = self.bounds.resume if self.shut else 1.0
        fits = rows <= self.bounds.rows * share and payload_bytes <= self.bounds.payload_bytes * share
        self.shut = not fits
        if self.shut:
            raise self.full("too many undelivered entries")

    def full(self, reason: str) -> SpoolFull:
        """Jittered, so that the refused do not come back all at once."""
        return SpoolFull(self.rng.uniform(5, 15), reason)
