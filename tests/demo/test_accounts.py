"""The accounts of the hour: they tell when a side has an event more, or less, or another ttclid."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from io import StringIO
from typing import Any

from rich.console import Console

from router.demo.books import Check, Evidence, checks
from router.demo.play import Answers, Received
from router.demo.run import show_accounts
from router.demo.traces import Origin, Traces

COUNTED: dict[str, Any] = {
    "event": "CompletePayment",
    "event_source": "web",
    "event_id": "e1",
    "payload": {"user": {"ttclid": "E.C.P.1"}},
}
STATUS: dict[str, Any] = {
    "destinations": [{"destination": "tiktok_web", "sources": {"web": "C1"}}],
    "sent": {"tiktok_web": {"CompletePayment": 1}},
    "outcomes": {"send": {"-": 1}, "duplicate": {"-": 1}, "unhandled": {"-": 1}},
    "spool": {"pending": 0, "in_flight": 0, "dead_letters": {}},
}
TRACES = Traces(
    {("CompletePayment", "e1"): Origin('cookie("ttclid")', "standard.rules:110", "E.C.P.1")},
    Counter({"newsletter_read": 1}),
    {},
)


def answers(**outcomes: int) -> Answers:
    told = Answers(outcomes=Counter({"send": 1, "duplicate": 1, "unhandled": 1} | outcomes))
    told.forms["/v1/events, array"] = Received(requests=2, events=5, accepted=3, rejected=1, refused=1)
    return told


GOOD = Evidence(5, answers(), STATUS, [COUNTED], TRACES)


def differing(evidence: Evidence) -> list[int]:
    found: list[Check] = list(checks(evidence))
    return [number for number, check in enumerate(found) if not check.holds]


def test_all_sides_agree() -> None:
    assert differing(GOOD) == []


def test_accounts_that_differ_are_told_and_fail() -> None:
    out = StringIO()
    status = show_accounts(
        Console(file=out, width=120), replace(GOOD, posted=6), {"codes": {"0": 1}, "merged": 0}, 0
    )
    assert status == 1
    assert "DIFFER  6 events posted = 3 accepted + 1 rejected + 1 in bodies" in out.getvalue()
    assert "The accounts do not agree" in out.getvalue()


def test_an_event_without_an_answer() -> None:
    assert differing(replace(GOOD, posted=6)) == [0]


def test_an_accepted_event_without_an_outcome() -> None:
    assert differing(replace(GOOD, answers=answers(duplicate=0))) == [1]


def test_the_daemon_counts_otherwise_than_it_answers() -> None:
    status = STATUS | {"outcomes": {"send": {"-": 1}, "skip": {"x": 1}, "unhandled": {"-": 1}}}
    assert differing(replace(GOOD, status=status)) == [1]


def test_an_event_that_still_waits() -> None:
    status = STATUS | {"spool": STATUS["spool"] | {"pending": 1}}
    assert differing(replace(GOOD, status=status)) == [2]


def test_a_dead_letter() -> None:
    status = STATUS | {"spool": STATUS["spool"] | {"dead_letters": {"refused": 1}}}
    assert differing(replace(GOOD, status=status)) == [2]


def test_an_event_that_tiktok_counts_twice() -> None:
    assert differing(replace(GOOD, counted=[COUNTED, COUNTED])) == [3]


def test_the_same_number_of_another_event() -> None:
    other = COUNTED | {"event": "AddToCart"}
    assert differing(replace(GOOD, counted=[other])) == [3, 4]


def test_another_ttclid_than_explained() -> None:
    other = COUNTED | {"payload": {}}
    assert differing(replace(GOOD, counted=[other])) == [4]


def test_an_unhandled_event_that_is_not_explained() -> None:
    assert differing(replace(GOOD, traces=replace(TRACES, unhandled=Counter()))) == [5]
