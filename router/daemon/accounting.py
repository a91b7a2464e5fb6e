"""What a request adds to the books: counts of what came and what was decided, and the outcome log."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple, assert_never

from router.delivery.account import (
    DROP,
    DUPLICATE,
    OFFERED,
    RECEIVED,
    REJECTED,
    ROUTED,
    SKIP,
    UNHANDLED,
    Account,
    Posting,
    Record,
    event_ref,
)
from router.delivery.entry import Entry
from router.lang.outcome import Arrival, Drop, Outcome, Result, Send, Skip, Unhandled

OTHER_EVENT: Final = "(another)"
SEND: Final = "send"
_LONGEST_ID: Final = 1000


class Made(NamedTuple):
    """An entry, the id that it goes by, and the names of what it has to match a person by."""

    entry: Entry
    goes_by: str
    match_keys: tuple[str, ...]


class Decided(NamedTuple):
    """One arrival, what the rules said of it, and the entries it led to."""

    arrival: Arrival
    result: Result
    made: tuple[Made, ...] = ()


class Fate(NamedTuple):
    """What became of an event at a destination; `event` is the name of the event that came in."""

    outcome: str
    reason: str
    destination: str
    event: str | None


def fates(decisions: Sequence[Decided], stored: Sequence[bool]) -> Mapping[Fate, int]:
    """Counted; `stored` tells of each entry whether it was new."""
    counts: defaultdict[Fate, int] = defaultdict(int)
    answers = iter(stored)
    for each in decisions:
        event = each.result.event_name
        for made in each.made:
            counts[Fate(SEND if next(answers) else DUPLICATE, "", made.entry.destination, event)] += 1
        for outcome in each.result.outcomes:
            if not isinstance(outcome, Send):
                counts[Fate(*_told(outcome)[:3], event)] += 1
    return counts


@dataclass(frozen=True, slots=True)
class Scribe:
    """How the decisions of one request are written down.

    Names of events that the rules do not know may be anything, and are not written down. Without `records`
    only counts are kept.
    """

    known_events: frozenset[str]
    rules_version: str
    at: float
    correlation: str = ""
    records: bool = True

    def account(self, decisions: Sequence[Decided], rejected: Mapping[str, int]) -> Account:
        """The books of a request; `rejected` counts the events that were not taken by code."""
        postings: defaultdict[Posting, int] = defaultdict(int)
        postings["", RECEIVED, ""] = len(decisions) + sum(rejected.values())
        for code, count in rejected.items():
            postings["", REJECTED, code] += count
        for result, count in _alike(decisions):
            for posting in _postings(result):
                postings[posting] += count
        records = [line for each in decisions for line in self._records(each)] if self.records else ()
        return Account(dict(postings), records)

    def _records(self, decided: Decided) -> Iterator[Record]:
        """Nothing for an entry that goes by the event's own id: its claim tells everything."""
        event_id = decided.arrival.event.get("id")
        if _tells_itself(decided, event_id):
            return
        if not isinstance(event_id, str) or not 0 < len(event_id) <= _LONGEST_ID:
            return
        ref = event_ref(event_id)
        for outcome in decided.result.outcomes:
            if not isinstance(outcome, Send):
                yield self._record(ref, decided.result, outcome)
        for entry, goes_by, _ in decided.made:
            if goes_by != event_id:
                yield Record(
                    ref, self.at, SEND, "", entry.destination, self._event(decided.result), "",
                    self.rules_version, self.correlation, entry.key,
                )  # fmt: skip

    def _record(self, ref: bytes, result: Result, outcome: Skip | Drop | Unhandled) -> Record:
        kind, reason, destination, place = _told(outcome)
        return Record(
            ref, self.at, kind, reason, destination, self._event(result), place,
            self.rules_version, self.correlation,
        )  # fmt: skip

    def _event(self, result: Result) -> str:
        name = result.event_name
        return name if name in self.known_events else OTHER_EVENT


def _tells_itself(decided: Decided, event_id: object) -> bool:
    """The usual event: sent to one destination, under its own id."""
    made = decided.made
    return len(made) == 1 == len(decided.result.outcomes) and made[0].goes_by == event_id


def _alike(decisions: Sequence[Decided]) -> Iterator[tuple[Result, int]]:
    """Results with how many are as they are, as far as the books go: most events do nothing but be sent."""
    sent: dict[str, tuple[Result, int]] = {}
    for _, result, _ in decisions:
        outcomes = result.outcomes
        if len(outcomes) == 1 and isinstance(outcomes[0], Send):
            destination = outcomes[0].destination
            sent[destination] = (result, sent[destination][1] + 1 if destination in sent else 1)
        else:
            yield result, 1
    yield from sent.values()


def _postings(result: Result) -> Iterator[Posting]:
    """An event is routed when it concerns a destination; else its first outcome is that of the event."""
    offers = [outcome for outcome in result.outcomes if _destination(outcome)]
    if not offers:
        yield "", *_ending(result)
        return
    yield "", ROUTED, ""
    for outcome in offers:
        name = _destination(outcome)
        yield name, OFFERED, ""
        if not isinstance(outcome, Send):
            kind, reason, _, _ = _told(outcome)
            yield name, kind, reason


def _ending(result: Result) -> tuple[str, str]:
    for outcome in result.outcomes:
        if not isinstance(outcome, Send):
            return _told(outcome)[:2]
    return UNHANDLED, ""


def _destination(outcome: Outcome) -> str:
    return outcome.destination or "" if isinstance(outcome, Send | Skip) else ""


def _told(outcome: Skip | Drop | Unhandled) -> tuple[str, str, str, str]:
    """Kind, reason, destination and place."""
    match outcome:
        case Skip(destination, reason, at):
            return SKIP, reason, destination or "", str(at or "")
        case Drop(reason, at):
            return DROP, reason, "", str(at)
        case Unhandled():
            return UNHANDLED, "", "", ""
        case _:
            assert_never(outcome)
