"""Everything but the send: events are judged instead of posted, and their data stands apart."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from router.delivery.clock import Clock
from router.delivery.spool import SpoolUnusable
from router.delivery.sqlite import FILE as SPOOL
from router.delivery.verdict import Accepted, Batch, Parked, Refused, Verdict
from router.tiktok.client import Credentials, body_of
from router.tiktok.finding import Finding
from router.tiktok.judge import judge
from router.web.rollout_metrics import RolloutMetrics

FOLDER: Final = "dry-run"
_MARK: Final = "nothing-here-is-sent"
_MEMBER: Final = re.compile(r"data\[(\d+)\]\.?")
_MOST_FINDINGS: Final = 200
_OTHER: Final = "other"


class JudgingSender:
    """A `Sender` that posts nothing. What the judge finds no error in counts as delivered.

    An event with an error becomes a dead letter, and an error of the request holds the destination, as they
    would be in earnest.
    """

    def __init__(self, metrics: RolloutMetrics, clock: Clock) -> None:
        self._metrics = metrics
        self._clock = clock
        self._requests = 0
        self._events: Counter[str] = Counter()
        self._findings: Counter[tuple[str, str, str, str]] = Counter()
        metrics.dry_run()

    async def send(self, batch: Batch) -> list[Verdict]:
        found = judge(body_of(batch, Credentials("")), int(self._clock.now()))
        for each in found:
            self._count(batch.destination, each)
        errors = [each for each in found if each.severity == "error"]
        verdicts = _verdicts(errors, len(batch))
        self._requests += 1
        self._events.update("clean" if isinstance(each, Accepted) else "refused" for each in verdicts)
        return verdicts

    def status(self) -> dict[str, Any]:
        """The form of `/status`: events that were judged, and what was found, the most frequent first."""
        found = sorted(self._findings.items(), key=lambda pair: (-pair[1], pair[0]))
        names = ("destination", "severity", "code", "path")
        return {
            "requests": self._requests,
            "events": {each: self._events[each] for each in ("clean", "refused")},
            "findings": [dict(zip(names, key, strict=True)) | {"count": count} for key, count in found],
        }

    def _count(self, destination: str, finding: Finding) -> None:
        self._metrics.finding(destination, finding.severity, finding.code)
        key = destination, finding.severity, finding.code, _MEMBER.sub("", finding.path, count=1)
        if key not in self._findings and len(self._findings) >= _MOST_FINDINGS:
            key = destination, finding.severity, finding.code, _OTHER
        self._findings[key] += 1


def _verdicts(errors: Sequence[Finding], size: int) -> list[Verdict]:
    told: list[Verdict] = [Accepted()] * size
    for each in reversed(errors):
        member = _MEMBER.match(each.path)
        if member is None:
            return [Parked(each.code, "envelope")] * size
        told[int(member[1])] = Refused(each.code, str(each))
    return told


def own_directory(data: Path) -> Path:
    """Where a dry run keeps its data. Raises SpoolUnusable.

    What waits in earnest must not be taken for delivered; what was only judged must not be sent later, nor
    make later events repeats.
    """
    folder = data / FOLDER
    try:
        data.mkdir(mode=0o700, parents=True, exist_ok=True)
        folder.mkdir(mode=0o700, exist_ok=True)
        if (folder / SPOOL).exists() and not (folder / _MARK).exists():
            raise SpoolUnusable(f"{folder} holds events that are to be sent; a dry run leaves them alone")
        (folder / _MARK).touch(mode=0o600)
    except OSError as problem:
        raise SpoolUnusable(f"the data directory {folder} cannot be used: {problem.strerror}") from problem
    return folder


def real_directory(data: Path) -> Path:
    """The directory, unless a dry run has it: what it was only given to judge is not sent later. Raises
    SpoolUnusable.
    """
    if (data / _MARK).exists():
        raise SpoolUnusable(f"{data} holds the events of a dry run, which are never sent; choose another")
    return data
