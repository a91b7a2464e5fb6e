"""One event through two rule sets: the changes, destination by destination."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, Literal, assert_never

import orjson

from router.compare.values import differences, shown
from router.lang.outcome import Arrival, Drop, Outcome, Place, Result, Send, Skip, Unhandled
from router.lang.program import Program
from router.lang.route import route
from router.tiktok.payload import Finished, finish

Kind = Literal["identity", "gained", "lost", "renamed", "reason", "value"]
_HEAD = frozenset({"event", "event_id"})


@dataclass(frozen=True, slots=True)
class Change:
    """One difference. `event` is TikTok's event, `path` the payload field where there is one.

    `before` and `after` are the values as they may be shown, event names, or what happened instead of a send.
    `breaks_dedup`: the browser pixel, and retries that are under way, know the event under its old identity.
    """

    kind: Kind
    destination: str | None
    event: str | None
    path: str
    before: Any
    after: Any
    at: tuple[Place | None, Place | None] = (None, None)
    breaks_dedup: bool = False

    def as_json(self) -> dict[str, Any]:
        """The form of `diff --json`."""
        return {
            "kind": self.kind,
            "destination": self.destination,
            "event": self.event,
            "path": self.path or None,
            "before": self.before,
            "after": self.after,
            "at": [str(each) if each else None for each in self.at],
            "breaks_dedup": self.breaks_dedup,
        }


@dataclass(frozen=True, slots=True)
class Compared:
    """An event with everything that changed for it."""

    event_name: str | None
    changes: tuple[Change, ...]


@dataclass(frozen=True, slots=True)
class _Sent:
    send: Send
    done: Finished
    payload: dict[str, Any] = field(repr=False)


@dataclass(frozen=True, slots=True)
class _Side:
    """What one rule set makes of the event."""

    result: Result
    sent: tuple[_Sent, ...]
    known: frozenset[str]

    def to(self, destination: str | None) -> list[_Sent]:
        return [each for each in self.sent if each.send.destination == destination]

    def silent(self, destination: str | None) -> list[Outcome]:
        """The outcomes that kept something from a destination; those of the whole event where it has none."""
        skips = (each for each in self.result.outcomes if isinstance(each, Skip))
        named: list[Outcome] = [each for each in skips if destination and each.destination == destination]
        everywhere = [each for each in self.result.outcomes if _concerns_all(each)]
        return named or everywhere

    def why_not(self, destination: str | None, event: str | None = None) -> tuple[str, Place | None]:
        """Why a destination gets nothing, or nothing under the name `event`, and where that is said."""
        reasons = self.silent(destination)
        about = [each for each in reasons if isinstance(each, Skip) and each.event == event]
        for each in about or reasons:
            return _told(each), None if isinstance(each, Unhandled | Send) else each.at
        known = destination is None or destination in self.known
        return ("not sent" if known else "no such destination"), None


def compare(old: Program, new: Program, arrival: Arrival) -> Compared:
    """Everything that differs when `new` handles the event in place of `old`, in a fixed order."""
    before, after = _side(old, arrival), _side(new, arrival)
    names = dict.fromkeys([*_destinations(before.result), *_destinations(after.result)])
    changes: list[Change] = []
    for destination in names or (None,):
        changes += _at(destination, before, after)
    return Compared(after.result.event_name or before.result.event_name, tuple(changes))


def _side(program: Program, arrival: Arrival) -> _Side:
    result = route(program, arrival)
    sent = []
    for outcome in result.outcomes:
        if isinstance(outcome, Send):
            done = finish(outcome, arrival.event, arrival.now, program.settings)
            sent.append(_Sent(outcome, done, orjson.loads(done.payload)))
    return _Side(result, tuple(sent), frozenset(program.destinations))


def _destinations(result: Result) -> list[str]:
    named = (each.destination for each in result.outcomes if isinstance(each, Send | Skip))
    return [name for name in named if name is not None]


def _concerns_all(outcome: Outcome) -> bool:
    return isinstance(outcome, Drop | Unhandled) or (
        isinstance(outcome, Skip) and outcome.destination is None
    )


def _told(outcome: Outcome) -> str:
    match outcome:
        case Skip():
            return f'skipped, "{outcome.reason}"'
        case Drop():
            return f'dropped, "{outcome.reason}"'
        case Unhandled():
            return "unhandled"
        case Send():
            return "sent"
        case _:
            assert_never(outcome)


# ------------------------------------------------------------------ one destination


def _at(destination: str | None, before: _Side, after: _Side) -> Iterator[Change]:
    pairs, lost, gained = _paired(before.to(destination), after.to(destination))
    for one, other in pairs:
        yield from _changed(destination, one, other)
    for each in lost:
        why, place = after.why_not(destination, each.send.event)
        yield Change("lost", destination, each.done.event, "", each.done.event, why, (each.send.at, place))
    for each in gained:
        why, place = before.why_not(destination, each.send.event)
        yield Change("gained", destination, each.done.event, "", why, each.done.event, (place, each.send.at))
    if not lost and not gained:
        yield from _reasons(destination, before, after)


_SAME: tuple[Callable[[_Sent, _Sent], bool], ...] = (
    lambda one, other: one.done.event == other.done.event,
    lambda one, other: one.done.key_event == other.done.key_event,
    lambda one, other: True,
)


def _paired(
    before: list[_Sent], after: list[_Sent]
) -> tuple[list[tuple[_Sent, _Sent]], list[_Sent], list[_Sent]]:
    """Sends that replace each other: of one name, of one name by TikTok's count, then in their order."""
    pairs: list[tuple[_Sent, _Sent]] = []
    for alike in _SAME:
        for one in list(before):
            other = next((each for each in after if alike(one, each)), None)
            if other is not None:
                pairs.append((one, other))
                before.remove(one)
                after.remove(other)
    return pairs, before, after


def _changed(destination: str | None, before: _Sent, after: _Sent) -> Iterator[Change]:
    event, at = after.done.event, (before.send.at, after.send.at)
    for path, one, other in (
        ("event_source", before.send.source, after.send.source),
        ("event_id", before.done.event_id, after.done.event_id),
    ):
        if one != other:
            left, right = shown(path, one), shown(path, other)
            yield Change("identity", destination, event, path, left, right, at, breaks_dedup=True)
    if before.done.event != event:
        breaks = before.done.key_event != after.done.key_event
        yield Change("renamed", destination, event, "event", before.done.event, event, at, breaks)
    for path, one, other in differences(_body(before), _body(after)):
        left, right = shown(path, one), shown(path, other)
        if left == right:
            right = f"{right} (differs in the part that is not shown)"
        yield Change("value", destination, event, path, left, right, at)


def _body(sent: _Sent) -> dict[str, Any]:
    return {key: value for key, value in sent.payload.items() if key not in _HEAD}


def _reasons(destination: str | None, before: _Side, after: _Side) -> Iterator[Change]:
    one, other = before.silent(destination), after.silent(destination)
    if _counted(one) == _counted(other):
        return
    left, right = _listed(before, destination, one), _listed(after, destination, other)
    yield Change(
        "reason",
        destination,
        None,
        "",
        left,
        right,
        (_place(before, destination), _place(after, destination)),
    )


def _counted(outcomes: Iterable[Outcome]) -> Counter[str]:
    return Counter(map(_told, outcomes))


def _listed(side: _Side, destination: str | None, outcomes: list[Outcome]) -> str:
    return "; ".join(dict.fromkeys(map(_told, outcomes))) or side.why_not(destination)[0]


def _place(side: _Side, destination: str | None) -> Place | None:
    return side.why_not(destination)[1]
