"""What became of the rows of one run."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

from router.daemon.acceptor import INTERNAL_ERROR
from router.delivery.account import DROP, DUPLICATE, SKIP, UNHANDLED, Books
from router.lang.outcome import BAD_EVENT_NAME, MISSING_REQUIRED
from router.sending.feeding import Rejected
from router.sending.rows import Unit
from router.web.metrics import Metrics

Ending = Literal["done", "stopped", "held", "unreadable", "no_room"]
_FAULTS: Final = (MISSING_REQUIRED, BAD_EVENT_NAME, INTERNAL_ERROR)
_LEFT_OUT: Final = "tagwright_fields_left_out"


@dataclass(frozen=True, slots=True)
class Decisions:
    """What the rules made of the rows: events by reason, for each destination that they concern."""

    skipped: Mapping[str, int]
    dropped: Mapping[str, int]
    unhandled: int
    duplicates: int


@dataclass(frozen=True, slots=True)
class Report:
    """One run. `ending` says how it ended and `why` in which words; `dead` counts by reason and code.

    `sent` and `dead` may be of rows that an earlier run took, `waiting` is all that is left for the next one.
    `left_out` counts fields by path and reason, `findings` are the judge's, of a dry run.
    """

    ending: Ending
    why: str
    unit: Unit
    earlier: int
    rows: int
    rejected: Mapping[str, Rejected]
    decisions: Decisions
    sent: int
    dead: Mapping[str, int]
    waiting: Mapping[str, int]
    left_out: Mapping[tuple[str, str], int]
    seconds: float
    findings: tuple[Mapping[str, Any], ...] | None = None

    @property
    def clean(self) -> bool:
        """Whether all was sent that the rules meant to send."""
        faulty = any(reason in _FAULTS for reason in self.decisions.skipped)
        lost = self.rejected or self.dead or self.waiting or self.decisions.unhandled
        return self.ending == "done" and not faulty and not lost


def decisions_between(before: Books, after: Books) -> Decisions:
    """What was decided between two looks into the books."""
    counts = {key: count - before.postings.get(key, 0) for key, count in after.postings.items()}
    by_kind: dict[str, Counter[str]] = {kind: Counter() for kind in (SKIP, DROP, UNHANDLED, DUPLICATE)}
    for (_, what, why), count in counts.items():
        if count and what in by_kind:
            by_kind[what][why] += count
    return Decisions(by_kind[SKIP], by_kind[DROP], by_kind[UNHANDLED].total(), by_kind[DUPLICATE].total())


def left_out(metrics: Metrics) -> dict[tuple[str, str], int]:
    """Fields that could not be sent, by path and reason, the most frequent first."""
    counts: Counter[tuple[str, str]] = Counter()
    for family in metrics.registry.collect():
        if family.name == _LEFT_OUT:
            for sample in family.samples:
                if sample.name.endswith("_total"):
                    counts[sample.labels["path"], sample.labels["reason"]] += int(sample.value)
    return dict(counts.most_common())


def as_plain(report: Report) -> dict[str, Any]:
    """The report for `--json`."""
    decided = report.decisions
    return {
        "ending": report.ending,
        "why": report.why,
        "clean": report.clean,
        "rows": report.rows,
        "rows_of_earlier_runs": report.earlier,
        "rejected": [
            {"code": code, "reason": each.reason, "count": each.count, f"first_{report.unit}s": each.first}
            for code, each in report.rejected.items()
        ],
        "skipped": dict(decided.skipped),
        "dropped": dict(decided.dropped),
        "unhandled": decided.unhandled,
        "duplicates": decided.duplicates,
        "sent": report.sent,
        "dead": dict(report.dead),
        "waiting": dict(report.waiting),
        "fields_left_out": [
            {"path": path, "reason": reason, "count": count}
            for (path, reason), count in report.left_out.items()
        ],
        "findings": None if report.findings is None else [dict(each) for each in report.findings],
        "seconds": round(report.seconds, 1),
    }
