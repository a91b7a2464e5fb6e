"""Events that say something of consent in words that no setting maps: each of them grants nothing."""

from __future__ import annotations

from collections import Counter

from router.inputs import FORMATS
from router.inputs.consent import UNREAD
from router.lang.outcome import Arrival


class ConsentWatch:
    """Counts them by format, since the start."""

    def __init__(self) -> None:
        self.unread: Counter[str] = Counter()

    def note(self, arrival: Arrival) -> str | None:
        """The format of an event whose consent could not be read; None for all others."""
        consent, meta = arrival.event.get("consent"), arrival.event.get("meta")
        if not (isinstance(consent, dict) and consent.get(UNREAD) is True and isinstance(meta, dict)):
            return None
        name = meta.get("format")
        name = name if isinstance(name, str) and name in FORMATS else "raw"
        self.unread[name] += 1
        return name
