"""The accounts of the hour: what was posted, answered, sent and counted must be the same events."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from router.demo.play import Answers
from router.demo.traces import Key, Origin, Traces

Sent = Counter[tuple[str, str]]
"""Events by (event source, TikTok event)."""


@dataclass(frozen=True, slots=True)
class Check:
    """One comparison of two sides of the accounts."""

    text: str
    holds: bool


@dataclass(frozen=True, slots=True)
class Evidence:
    """All sides: the plan, the answers, the daemon's `/status`, TikTok's ledger, the explanations."""

    posted: int
    answers: Answers
    status: Mapping[str, Any] = field(repr=False)
    counted: Sequence[Mapping[str, Any]] = field(repr=False)
    traces: Traces = field(repr=False)

    def sent(self) -> Sent:
        """What the daemon says that TikTok took."""
        sources = {each["destination"]: next(iter(each["sources"])) for each in self.status["destinations"]}
        return Counter({
            (sources[destination], event): count
            for destination, events in self.status["sent"].items()
            for event, count in events.items()
        })  # fmt: skip

    def taken(self) -> Sent:
        """What TikTok counted."""
        return Counter((each["event_source"], each["event"]) for each in self.counted)

    def outcomes(self) -> Counter[str]:
        """What the daemon says became of the events, without the reasons."""
        return Counter({name: sum(why.values()) for name, why in self.status["outcomes"].items()})

    def origins(self) -> Iterator[Origin]:
        """Where the click id of each web event that TikTok counted came from, as far as it is explained."""
        for event in self._web():
            if (origin := self.traces.web.get(_key(event))) is not None:
                yield origin

    def misexplained(self) -> int:
        """Counted web events whose click id is not the one that the explanation gives."""
        return sum(1 for event in self._web() if not _agrees(event, self.traces.web.get(_key(event))))

    def _web(self) -> Iterator[Mapping[str, Any]]:
        return (each for each in self.counted if each["event_source"] == "web")


def checks(evidence: Evidence) -> Iterator[Check]:
    """Every comparison, in the order of an event's way."""
    received, outcomes = evidence.answers.total(), evidence.outcomes()
    answered = received.accepted + received.rejected + received.refused
    yield Check(
        f"{evidence.posted} events posted = {received.accepted} accepted + {received.rejected} rejected "
        f"+ {received.refused} in bodies that were refused",
        evidence.posted == answered,
    )
    parts = " + ".join(f"{count} {name}" for name, count in sorted(evidence.answers.outcomes.items()))
    yield Check(
        f"{received.accepted} accepted = {parts}",
        received.accepted == evidence.answers.outcomes.total() and +evidence.answers.outcomes == +outcomes,
    )
    yield from _delivered(evidence, outcomes["send"])
    yield from _explained(evidence, outcomes["unhandled"])


def _delivered(evidence: Evidence, to_send: int) -> Iterator[Check]:
    sent, taken, spool = evidence.sent(), evidence.taken(), evidence.status["spool"]
    left, dead = spool["pending"] + spool["in_flight"], sum(spool["dead_letters"].values())
    yield Check(
        f"{to_send} to send = {sent.total()} sent, {left} still waiting, {dead} dead letters",
        to_send == sent.total() and not left and not dead,
    )
    yield Check(
        f"{sent.total()} sent by the daemon = {taken.total()} counted by TikTok, event by event",
        sent == taken,
    )


def _explained(evidence: Evidence, unhandled: int) -> Iterator[Check]:
    wrong, web = evidence.misexplained(), sum(1 for _ in evidence.origins())
    yield Check(
        f"the explanations of {web} web events give the ttclids that TikTok got, {wrong} do not", not wrong
    )
    explained = evidence.traces.unhandled.total()
    yield Check(
        f"{explained} events are unhandled by explanation = {unhandled} by count", explained == unhandled
    )


def _key(event: Mapping[str, Any]) -> Key:
    return event["event"], event["event_id"]


def _agrees(event: Mapping[str, Any], origin: Origin | None) -> bool:
    return origin is not None and event["payload"].get("user", {}).get("ttclid") == origin.value
