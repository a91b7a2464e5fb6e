"""Tells a wrong destination from wrong entries: when nearly all are refused alike, the envelope is at fault.

More than half of at least 20 entries lately refused with one code and text hold the destination; so does a
batch whose two halves were refused whole and alike, when nothing of it and nothing before was accepted. A
refusal in a batch is kept back until an entry of that batch is accepted, which tells the guilty apart, so
that a wrong event source id leaves no dead letters of its batches. Entries accepted in company count
like single ones: they prove the envelope right.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field

from router.delivery.verdict import Accepted, Batch, Refused, Spoiled, Verdict

REFUSED_ALIKE = "refused_alike"


@dataclass(frozen=True, slots=True)
class Fault:
    """What a refusal said."""

    code: str
    why: str


def fault_of(verdict: Verdict) -> Fault | None:
    """The fault that an entry, or a batch refused whole, is said to have."""
    return Fault(verdict.code, verdict.why) if isinstance(verdict, Refused | Spoiled) else None


def dominant(seen: Sequence[Fault | None], least: int) -> Fault | None:
    """The fault of more than half of at least `least` entries; None stands for an accepted one."""
    if len(seen) < least:
        return None
    return next((each for each in set(seen) if each is not None and 2 * seen.count(each) > len(seen)), None)


@dataclass(slots=True)
class _Record:
    seen: deque[Fault | None]
    blamed: Fault | None = None


class Guard:
    """What the entries of one destination were answered lately, by source and source id."""

    def __init__(self, least: int = 20) -> None:
        self._least = least
        self._records: dict[tuple[str, str], _Record] = {}

    def judge(self, batch: Batch, verdicts: Sequence[Verdict]) -> Fault | None:
        """Take these answers into account; the fault among them that is the destination's, if any."""
        record = self._record(batch)
        faults = {fault for each in verdicts if (fault := fault_of(each)) is not None}
        for verdict in verdicts:
            _note(record, verdict)
        culprit = record.blamed or dominant(record.seen, self._least)
        if culprit not in faults:
            return None
        record.blamed = culprit
        return culprit

    def blame(self, batch: Batch, fault: Fault) -> None:
        """The destination is at fault until it accepts an entry of this source id."""
        self._record(batch).blamed = fault

    def proven(self, batch: Batch) -> bool:
        """Whether an entry of this source id was accepted lately."""
        return None in self._record(batch).seen

    def _record(self, batch: Batch) -> _Record:
        # Twice the least: after a long good time it takes as many refusals as at the start.
        fresh = _Record(deque(maxlen=2 * self._least))
        return self._records.setdefault((batch.source, batch.source_id), fresh)


def _note(record: _Record, verdict: Verdict) -> None:
    if isinstance(verdict, Accepted):
        if record.blamed is not None:
            record.blamed = None
            record.seen.clear()
        record.seen.append(None)
    elif (fault := fault_of(verdict)) is not None:
        record.seen.append(fault)


@dataclass(frozen=True, slots=True)
class Answered:
    """A part of a batch, its verdicts, and when it was sent."""

    part: Batch
    verdicts: Sequence[Verdict]
    started: float


@dataclass(slots=True)
class Trial:
    """A claimed batch while it is taken apart. `kept` are refusals that nothing has told apart yet."""

    batch: Batch
    kept: list[Answered] = field(default_factory=list)
    accepted: bool = False
    put_back: bool = False
    _halves: tuple[Batch, ...] = ()
    _faults: list[Fault] = field(default_factory=list)

    def divided(self, part: Batch, verdicts: Sequence[Verdict], parts: Sequence[Batch]) -> None:
        """`part` was refused whole, and `parts` take its place."""
        spoiled = next(each for each in verdicts if isinstance(each, Spoiled))
        if part is self.batch and spoiled.suspect is None:
            self._halves = tuple(parts)
        elif any(part is half for half in self._halves):
            self._faults.append(Fault(spoiled.code, spoiled.why))

    def undecided(self, answer: Answered) -> bool:
        """Whether the answer must be kept back: all refused, and nothing of the batch was ever accepted."""
        self.accepted = self.accepted or any(isinstance(each, Accepted) for each in answer.verdicts)
        refused = all(fault_of(each) is not None for each in answer.verdicts)
        return refused and not self.accepted and len(self.batch) > 1

    def common_fault(self) -> Fault | None:
        """The one fault of both halves, each of which had more than one entry, when all were refused."""
        alike = len(self._faults) == 2 and self._faults[0] == self._faults[1]
        return self._faults[0] if alike and not self.accepted else None
