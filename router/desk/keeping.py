"""An arrival as bytes, and back, for as long as its entry is not delivered."""

from __future__ import annotations

import json

from router.lang.outcome import Arrival


def pack(arrival: Arrival) -> bytes:
    """The whole arrival. Holds personal data in clear: it goes to disk sealed or not at all."""
    # The standard library: it writes whatever numbers and text an event can hold.
    return json.dumps(
        {
            "event": arrival.event,
            "now": arrival.now,
            "cookies": dict(arrival.cookies),
            "headers": dict(arrival.headers),
        }
    ).encode("ascii")


def unpack(kept: bytes) -> Arrival:
    """What `pack` was given."""
    found = json.loads(kept)
    return Arrival(found["event"], found["now"], found["cookies"], found["headers"])
