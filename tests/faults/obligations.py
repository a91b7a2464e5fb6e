"""What the daemon has promised: every id that it answered 202, and how."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from .samples import Sample


@dataclass(slots=True)
class Obligations:
    """Times are of the monotonic clock, in seconds."""

    posted: dict[str, Sample] = field(default_factory=dict)
    accepted: dict[str, float] = field(default_factory=dict)
    """Every id that was answered 202, whatever the outcome, and when first."""
    sends: Counter[str] = field(default_factory=Counter)
    """How often an id was answered as new."""
    duplicates: Counter[str] = field(default_factory=Counter)
    late: list[str] = field(default_factory=list)
    """Ids that were answered as new although TikTok had them when they were posted."""
    refusals: Counter[int] = field(default_factory=Counter)
    """Answers by status, but for 202; 0 is a connection that broke."""

    def expected(self, event_id: str) -> bytes | None:
        sample = self.posted.get(event_id)
        return None if sample is None else sample.payload()

    def posting(self, samples: Sequence[Sample]) -> None:
        self.posted.update((each.id, each) for each in samples)

    def answered(self, samples: Sequence[Sample], outcomes: dict[str, int], known: set[str]) -> None:
        """A body was answered 202; `known` are those of its ids that TikTok had when it was posted."""
        now = time.monotonic()
        for each in samples:
            self.accepted.setdefault(each.id, now)
        # Outcomes are told for the whole body: of several events they say nothing of one, unless all agree.
        if outcomes.get("duplicate") == len(samples):
            self.duplicates.update(each.id for each in samples)
        elif outcomes.get("send") == len(samples):
            self.sends.update(each.id for each in samples)
            self.late.extend(each.id for each in samples if each.id in known)
