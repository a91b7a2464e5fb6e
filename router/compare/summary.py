"""What changed over many events: counted by what it is, with a few examples of each."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from router.compare.events import Change, Compared, Kind
from router.compare.values import field_of

MOST_GROUPS = 1000
"""Names and reasons can come from events, so that their number has no bound of its own."""


@dataclass(frozen=True, slots=True)
class Example:
    """An event that shows a change; `number` counts from 1 in the order of the file."""

    number: int
    event_name: str | None
    change: Change


@dataclass(slots=True)
class Group:
    """Changes of one sort: `title` says which, `count` how often, `examples` are the first ones."""

    kind: Kind
    title: str
    how: str = ""
    count: int = 0
    breaks_dedup: bool = False
    examples: list[Example] = field(default_factory=list)

    def as_json(self) -> dict[str, Any]:
        return {"kind": self.kind, "what": self.title, "how": self.how or None, "count": self.count}


@dataclass(slots=True)
class Summary:
    """Counts of one comparison. `most_examples` are kept for each group."""

    most_examples: int = 3
    events: int = 0
    changed: int = 0
    unreadable: int = 0
    kinds: Counter[Kind] = field(default_factory=Counter)
    breaks: int = 0
    beyond: int = 0
    """Changes of further groups than are kept apart."""
    _groups: dict[tuple[Kind, str, str], Group] = field(default_factory=dict)

    def add(self, number: int, compared: Compared) -> None:
        """Count one event."""
        self.events += 1
        self.changed += bool(compared.changes)
        self.breaks += any(change.breaks_dedup for change in compared.changes)
        for change in compared.changes:
            self.kinds[change.kind] += 1
            self._put(Example(number, compared.event_name, change))

    def groups(self, kind: Kind) -> list[Group]:
        """The changes of a kind, the most frequent first."""
        found = [each for each in self._groups.values() if each.kind == kind]
        return sorted(found, key=lambda each: (-each.count, each.title, each.how))

    def as_json(self) -> dict[str, Any]:
        """The last line of `diff --json`."""
        groups = [each.as_json() for kind in KINDS for each in self.groups(kind)]
        return {
            "events": self.events,
            "unchanged": self.events - self.changed,
            "changed": self.changed,
            "unreadable": self.unreadable,
            "breaks_dedup": self.breaks,
            "kinds": {kind: self.kinds[kind] for kind in KINDS},
            "groups": groups,
            "beyond": self.beyond,
        }

    def _put(self, example: Example) -> None:
        change = example.change
        title, how = _title(change), _how(change)
        group = self._groups.get((change.kind, title, how))
        if group is None:
            if len(self._groups) >= MOST_GROUPS:
                self.beyond += 1
                return
            group = self._groups[change.kind, title, how] = Group(change.kind, title, how)
        group.count += 1
        group.breaks_dedup |= change.breaks_dedup
        if len(group.examples) < self.most_examples:
            group.examples.append(example)


KINDS: tuple[Kind, ...] = ("identity", "renamed", "lost", "gained", "reason", "value")
"""In the order of a report: what costs most first."""


def _title(change: Change) -> str:
    where = f" to {change.destination}" if change.destination else ""
    match change.kind:
        case "lost" | "gained":
            return f"{change.event}{where}"
        case "renamed":
            return f"{change.before} is now {change.after}{where}"
        case "reason":
            place = f"{change.destination}: " if change.destination else ""
            return f"{place}{change.before} is now {change.after}"
        case "identity" | "value":
            return field_of(change.path)


def _how(change: Change) -> str:
    if change.kind not in ("value", "identity"):
        return ""
    return "gained" if change.before is None else "lost" if change.after is None else "changed"
