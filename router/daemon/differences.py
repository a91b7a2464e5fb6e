"""How two rule sets differ on live events: counted and exemplified, without a single value of an event."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Collection
from dataclasses import asdict, dataclass, field
from typing import Any, Final, Literal

from router.compare import Change, Compared
from router.compare.values import field_of
from router.tiktok.catalogue import TARGET

_MOST_SORTS: Final = 500
_MOST_EXAMPLES: Final = 20
_OTHER: Final = "other"
_NONE: Final = "-"
_ENVELOPE: Final = frozenset({"event", "event_source", "event_id"})

Kind = Literal["outcome", "event_name", "field"]


@dataclass(frozen=True, slots=True, order=True)
class Difference:
    """`what` is `lost`, `gained` or `reason` of an outcome, and the path of a field."""

    event: str
    destination: str
    kind: Kind
    what: str


@dataclass(frozen=True, slots=True)
class Example:
    """Everything that differed for one event, accepted at `at` (epoch seconds)."""

    at: int
    differences: tuple[Difference, ...]


@dataclass(slots=True)
class Tally:
    """What was found since both rule sets are as they are. `names` are the events that either knows."""

    names: Collection[str]
    compared: int = 0
    different: int = 0
    breaks_dedup: int = 0
    counts: Counter[Difference] = field(default_factory=Counter)
    examples: deque[Example] = field(default_factory=lambda: deque(maxlen=_MOST_EXAMPLES))

    def add(self, at: int, found: Compared, destinations: Collection[str]) -> list[Difference]:
        """Count one event; its differences at these destinations, and those that concern none."""
        changes = [each for each in found.changes if each.destination in (None, *destinations)]
        told = [self._bounded(difference_of(each, self._name(found.event_name))) for each in changes]
        self.compared += 1
        self.different += bool(told)
        self.breaks_dedup += any(each.breaks_dedup for each in changes)
        self.counts.update(told)
        if told:
            self.examples.append(Example(at, tuple(dict.fromkeys(told))))
        return told

    def as_json(self) -> dict[str, Any]:
        """The form of `/status`, the most frequent differences first."""
        return {
            "compared": self.compared,
            "different": self.different,
            "breaks_dedup": self.breaks_dedup,
            "differences": [
                {**asdict(each), "count": count}
                for each, count in sorted(self.counts.items(), key=lambda pair: (-pair[1], pair[0]))
            ],
            "examples": [asdict(each) for each in self.examples],
        }

    def _name(self, name: str | None) -> str:
        return _NONE if name is None else name if name in self.names else _OTHER

    def _bounded(self, found: Difference) -> Difference:
        if found in self.counts or len(self.counts) < _MOST_SORTS:
            return found
        return Difference(_OTHER, _OTHER, found.kind, _OTHER)


def difference_of(change: Change, event: str) -> Difference:
    """A change without its values. Of keys that come from events only those of the catalogue are told."""
    destination = change.destination or _NONE
    match change.kind:
        case "lost" | "gained" | "reason":
            return Difference(event, destination, "outcome", change.kind)
        case "renamed":
            return Difference(event, destination, "event_name", _NONE)
        case "identity" | "value":
            path = field_of(change.path)
            known = path in TARGET.fields or path in _ENVELOPE
            return Difference(event, destination, "field", path if known else _OTHER)
