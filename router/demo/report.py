"""The tables at the end of the hour."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

from rich import box
from rich.console import Console
from rich.table import Table

from router.demo.books import Check, Evidence
from router.demo.play import Received
from router.demo.progress import say
from router.demo.traces import Origin, shortened
from router.explain import as_text

_ROOTS: Final = (("event.", "property"), ("cookie(", "cookie"), ("query(", "page URL"))
_MEANINGS: Final = {"0": "taken", "40100": "too many requests: pause", "50000": "TikTok's own failure: again"}
_TRY: Final = '{"event_name": "purchase", "consent": {"advertising": true}}'


def report(console: Console, evidence: Evidence, stats: Mapping[str, Any], retried: int) -> None:
    """What came in and what became of it. `stats` are the mock's, `retried` the events sent again."""
    for make in (_received, _sent, _unsent, _rejected, _origins):
        console.print(make(evidence))
    console.print(_hiccups(stats))
    say(
        console,
        f"{retried} events were sent again after a failure of TikTok's. {stats['merged']} of them it had",
    )
    say(console, "taken all the same, and knew them by their event ids.\n")


def verdict(console: Console, found: Sequence[Check]) -> None:
    """The comparisons, and whether all hold."""
    say(console, "The accounts", "bold")
    for check in found:
        say(
            console,
            f"  {'agree ' if check.holds else 'DIFFER'}  {check.text}",
            None if check.holds else "red",
        )
    if all(check.holds for check in found):
        say(console, "Every event is accounted for.\n", "bold green")
    else:
        say(console, "The accounts do not agree: this is an error of TagWright.\n", "bold red")


def example(console: Console, evidence: Evidence) -> None:
    """One purchase, explained in short; one whose click id came from a cookie, if there is any."""
    found = [
        (evidence.traces.web[key].expression, explanation)
        for key, explanation in evidence.traces.purchases.items()
    ]
    by_cookie = [each for expression, each in found if expression and expression.startswith("cookie(")]
    if chosen := next(iter([*by_cookie, *(each for _, each in found)]), None):
        say(console, "One of the purchases, as `tagwright explain` tells it, shortened", "bold")
        say(console, as_text(shortened(chosen)) + "\n")


def next_steps(console: Console) -> None:
    """What to try now."""
    say(console, "What to try next", "bold")
    say(console, "  tagwright demo --seed 2      another hour")
    say(console, "  tagwright init shop          rules of your own to start from, with tests")
    say(console, f"  echo '{_TRY}' | tagwright explain --rules standard.rules --event -")


# ------------------------------------------------------------------ the tables


def _received(evidence: Evidence) -> Table:
    table = _table("Received", "how", "#requests", "#events", "#accepted", "#rejected", "#refused")
    forms = sorted(evidence.answers.forms.items(), key=lambda each: -each[1].events)
    for name, form in forms:
        table.add_row(name, *_numbers(form))
    table.add_section()
    table.add_row("all", *_numbers(evidence.answers.total()))
    return table


def _numbers(form: Received) -> Iterator[str]:
    return map(str, (form.requests, form.events, form.accepted, form.rejected, form.refused))


def _sent(evidence: Evidence) -> Table:
    table = _table("Sent", "source", "TikTok event", "#sent by the daemon", "#counted by TikTok")
    sent, taken = evidence.sent(), evidence.taken()
    for source, event in sorted(sent.keys() | taken.keys(), key=lambda each: (each[0], -sent[each])):
        table.add_row(source, event, str(sent[source, event]), str(taken[source, event]))
    table.add_section()
    table.add_row("all", "", str(sent.total()), str(taken.total()))
    return table


def _unsent(evidence: Evidence) -> Table:
    table = _table("Accepted and not sent", "outcome", "reason or name", "#events")
    outcomes = evidence.status["outcomes"]
    table.add_row("duplicate", "the same event again", str(sum(outcomes.get("duplicate", {}).values())))
    for outcome in ("drop", "skip"):
        _add_counts(table, outcome, Counter(outcomes.get(outcome, {})))
    _add_counts(table, "unhandled", evidence.traces.unhandled)
    return table


def _rejected(evidence: Evidence) -> Table:
    table = _table("Not accepted", "what", "code", "#times")
    _add_counts(table, "event rejected", evidence.answers.rejected)
    refused = Counter(
        {f"{code} ({status})": count for (status, code), count in evidence.answers.refused.items()}
    )
    _add_counts(table, "body refused", refused)
    _add_counts(table, "no answer", evidence.answers.unanswered)
    return table


def _origins(evidence: Evidence) -> Table:
    table = _table("Where the ttclids of web events came from", "from", "alternative", "line", "#events")
    for origin, count in _counted(evidence.origins()):
        table.add_row(*origin, str(count))
    return table


def _counted(origins: Iterable[Origin]) -> Iterator[tuple[tuple[str, str, str], int]]:
    counts = Counter(
        (_root(each.expression), each.expression or "-", (each.at or "-").removeprefix("rules/"))
        for each in origins
    )
    order = [name for _, name in _ROOTS]
    return iter(
        sorted(counts.items(), key=lambda each: order.index(each[0][0]) if each[0][0] in order else 9)
    )


def _root(expression: str | None) -> str:
    if expression is None:
        return "none"
    return next((name for start, name in _ROOTS if expression.startswith(start)), "other")


def _hiccups(stats: Mapping[str, Any]) -> Table:
    table = _table("What TikTok answered", "code", "meaning", "#requests")
    for code, count in stats["codes"].items():
        table.add_row(code, _MEANINGS.get(code, "-"), str(count))
    return table


def _add_counts(table: Table, what: str, counts: Counter[str]) -> None:
    for name, count in counts.most_common():
        table.add_row(what, name, str(count))


def _table(title: str, *columns: str) -> Table:
    """Columns whose names begin with # hold numbers."""
    table = Table(title=title, title_justify="left", title_style="bold", box=box.SIMPLE_HEAD, pad_edge=False)
    for name in columns:
        table.add_column(name.removeprefix("#"), justify="right" if name.startswith("#") else "left")
    return table
