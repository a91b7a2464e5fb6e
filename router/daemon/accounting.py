"""What a request adds to the books: counts of what came and what was decided, and the outcome log."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, assert_never

from router.delivery.account import (
    DROP,
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
_LONGEST_ID: Final = 1000


@dataclass(frozen=True, slots=True)
class Decided:
    """One arrival, what the rules said of it, and the entries it led to, each with the id it goes by."""

    arrival: Arrival
    result: Result
    made: tuple[tuple[Entry, str], ...] = ()


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
        postings: Counter[Posting] = Counter()
        postings["", RECEIVED, ""] = len(decisions) + sum(rejected.values())
        for code, count in rejected.items():
            postings["", REJECTED, code] += count
        for each in decisions:
            postings.update(_postings(each.result))
        records = [line for each in decisions for line in self._records(each)] if self.records else ()
        return Account(postings, records)

    def _records(self, decided: Decided) -> Iterator[Record]:
        """Nothing for an entry that goes by the event's own id: its claim tells everything."""
        event_id = decided.arrival.event.get("id")
        if not isinstance(event_id, str) or not 0 < len(event_id) <= _LONGEST_ID:
            return
        ref = event_ref(event_id)
        for outcome in decided.result.outcomes:
            if not isinstance(outcome, Send):
                yield self._record(ref, decided.result, outcome)
        for entry, goes_by in decided.made:
            if goes_by != event_id:
                yield Record(
                    ref, self.at, "send", "", entry.destination, self._event(decided.result), "",
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
