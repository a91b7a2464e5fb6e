"""Match keys counted over recorded events, and why those that are missing are."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, Final

from router.account.matching.keys import KEYS, Key
from router.explain import Explained, explain
from router.lang.outcome import Arrival
from router.lang.program import Program
from router.lang.trace import Line

NOT_ASSIGNED: Final = "no rule assigns it"
NOT_IN_EVENT: Final = "not in the event"
_NOTHING_THERE: Final = frozenset({"absent", "not found", "missing", "no arm matches"})


@dataclass(slots=True)
class Row:
    """Events of one name and source: how many were sent, how many of them had each key, why others had not.

    `event` is TikTok's name, None for all together. Of keys in `at_most` no more than that many had them.
    """

    event: str | None
    source: str
    events: int = 0
    found: Counter[str] = field(default_factory=Counter)
    missing: dict[str, Counter[str]] = field(default_factory=dict)
    at_most: frozenset[str] = frozenset()

    def share(self, key: Key) -> float | None:
        """The part of the events that had a key, 0 to 1; None where TikTok takes none for the source."""
        return self.found[key.name] / self.events if self.events and key.is_for(self.source) else None

    def as_json(self) -> dict[str, Any]:
        """A row of `coverage --json`."""
        return {
            "event": self.event,
            "source": self.source,
            "events": self.events,
            "keys": {each.name: self._key_json(each) for each in KEYS if each.is_for(self.source)},
        }

    def _key_json(self, key: Key) -> dict[str, Any]:
        share = self.share(key)
        return {
            "events": self.found[key.name],
            "share": None if share is None else round(share, 4),
            "at_most": key.name in self.at_most,
            "missing": dict(self.missing.get(key.name, Counter()).most_common()),
        }


@dataclass(slots=True)
class Report:
    """Rows by source and event, the events that were not sent by reason, and fields that were left out.

    `left_out` is there where nobody knows of which events they were.
    """

    rows: list[Row] = field(default_factory=list)
    not_sent: Counter[str] = field(default_factory=Counter)
    left_out: Counter[tuple[str, str]] = field(default_factory=Counter)

    def as_json(self) -> dict[str, Any]:
        """What `coverage --json` prints."""
        return {
            "rows": [row.as_json() for row in self.rows],
            "not_sent": dict(self.not_sent.most_common()),
            "left_out": [
                {"path": path, "reason": reason, "count": count}
                for (path, reason), count in self.left_out.most_common()
            ],
        }


def of_recorded(program: Program, arrivals: Iterable[Arrival]) -> Report:
    """Send every event through the rules, with every destination active, and count."""
    rows: dict[tuple[str, str], Row] = {}
    report = Report()
    for arrival in arrivals:
        explanation = explain(program, arrival)
        for each in explanation.outcomes:
            if each.payload is None:
                report.not_sent[each.reason or each.outcome] += 1
                continue
            name, source = each.event or "-", explanation.source or "-"
            _count(rows.setdefault((source, name), Row(name, source)), each)
    report.rows = [rows[place] for place in sorted(rows)]
    return report


def _count(row: Row, sent: Explained) -> None:
    row.events += 1
    user = (sent.payload or {}).get("user") or {}
    for key in KEYS:
        if all(user.get(name) for name in key.fields):
            row.found[key.name] += 1
        elif key.is_for(row.source):
            row.missing.setdefault(key.name, Counter()).update(_reasons(key, user, sent))


def _reasons(key: Key, user: dict[str, Any], sent: Explained) -> Iterator[str]:
    """One for each field that is missing."""
    for name in key.fields:
        if not user.get(name):
            reason = _reason(f"user.{name}", sent)
            yield reason if len(key.fields) == 1 else f"{name.replace('_', ' ')}: {reason}"


def _reason(path: str, sent: Explained) -> str:
    for left, why in sent.left_out:
        if left.partition("[")[0] == path:
            return f"left out: {why.replace('_', ' ')}"
    lines = [line for line in sent.lines if line.path == path]
    return _of_line(lines[-1]) if lines else NOT_ASSIGNED


def _of_line(line: Line) -> str:
    """Of the alternatives of a fallback, one that found something useless says most."""
    whys = [each.why for each in line.tried] or [line.why]
    useless = [why for why in whys if why.rpartition(": ")[2] not in _NOTHING_THERE]
    return f"not usable: {useless[0].rpartition(': ')[2]}" if useless else NOT_IN_EVENT
