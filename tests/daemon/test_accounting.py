"""What a request adds to the books: every decision counted once, and nothing of the event written down."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from router.daemon.acceptor import INTERNAL_ERROR, RuleAcceptor
from router.daemon.accounting import OTHER_EVENT, Decided, Made, Scribe
from router.daemon.deployment import Deployment, deploy
from router.delivery.account import Account, Record, balances, event_ref
from router.delivery.bounds import Bounds
from router.delivery.entry import Entry, dedup_key
from router.delivery.memory import MemorySpool
from router.lang.outcome import Arrival, Drop, Outcome, Place, Result, Send, Skip, Unhandled
from router.rulebook import load
from router.settings import EnvironmentVariables, Settings
from router.web.acceptance import Busy
from router.web.metrics import Metrics

NOW = 1_795_219_200
AT = Place("shop.rules", 7)
MARKER = "indigo5688"
RULES = """language 1
use "schemas/standard.rules"

source = event.partners.tiktok.event_source ?? "web"

destination shop {
  type = "tiktok"
  source = "web"
  pixel = env("PIXEL")
  token = secret("TOKEN")
}
destination strict {
  type = "tiktok"
  source = "web"
  pixel = env("PIXEL_2")
  token = secret("TOKEN")
  requires event.consent.advertising reason "no consent"
}
destination idle {
  type = "tiktok"
  source = "web"
  pixel = env("NOT_SET")
  token = secret("TOKEN")
}

mapping base {
  event_time          = event.context.event_timestamp
  event_id            = event.id
  user.email          = hash_email(event.user.email)
  page.url            = event.context.page.url
  properties.value    = event.value
  properties.currency = event.currency
}

drop when event.context.page.title == "internal" reason "internal"

events with base {
  event     | web
  purchase  | CompletePayment
  page_view | ViewContent when event.value is present
  heartbeat | -
}

on add_to_cart {
  send AddToCart to shop with base
  send AddToCart to shop with base when event.value is present
  send AddToCart to strict with base
  when event.value is missing { drop reason "no value" }
}

on login {
  when event.value is present { send CompleteRegistration with base }
}

on view_item {
  send custom(event.context.page.title) to shop with base
}
"""
NAMES = ("purchase", "page_view", "heartbeat", "add_to_cart", "login", "view_item", "unknown_to_the_rules")


@cache
def deployment() -> Deployment:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "shop.rules"
        path.write_text(RULES, "utf-8")
        book = load([path])
    variables = EnvironmentVariables({"PIXEL": "CPIXEL1", "PIXEL_2": "CPIXEL2", "TOKEN": "a-token"})
    found = deploy(book, variables, "test", "live")
    assert isinstance(found, Deployment), found.in_short()
    return found


class Site:
    """An acceptor with a spool in memory."""

    def __init__(self, *, outcome_days: float = 7.0, bounds: Bounds | None = None) -> None:
        self.spool = MemorySpool(bounds)
        given = Settings()
        store = replace(given.store, outcome_days=outcome_days)
        self.acceptor = RuleAcceptor(
            deployment, self.spool, Metrics(), replace(given, store=store), lambda: float(NOW)
        )

    def accept(self, *events: Any, rejected: Mapping[str, int] | None = None) -> Counter[str]:
        arrivals = [Arrival(event, NOW) for event in events]
        receipt = asyncio.run(self.acceptor.accept(arrivals, rejected or {}, "request-1"))
        return Counter(receipt.outcomes)

    def postings(self) -> dict[tuple[str, str, str], int]:
        return {posting: count for posting, count in self.spool.postings.items() if count}

    def records(self) -> list[Record]:
        return [record for _, record in self.spool.records]

    def unaccounted(self) -> dict[str, int]:
        books = asyncio.run(self.spool.archive.books())
        return {each.destination: each.unaccounted for each in balances(books)}


def event(name: str, event_id: Any = "order-1", **more: Any) -> dict[str, Any]:
    return {"event_name": name, "id": event_id, **more}


AGREED = {"consent": {"advertising": True}}
ROUTED = {("", "received", ""): 1, ("", "routed", ""): 1}
IDLE = {("idle", "offered", ""): 1, ("idle", "skip", "destination_inactive"): 1}


def ended(what: str, why: str = "") -> dict[tuple[str, str, str], int]:
    return {("", "received", ""): 1, ("", what, why): 1}


# ------------------------------------------------------------------ every shape of a decision

SHAPES: dict[str, tuple[dict[str, Any], dict[tuple[str, str, str], int]]] = {
    "a send, a refusal and an inactive destination": (
        event("purchase"),
        ROUTED | IDLE | {
            ("shop", "offered", ""): 1, ("strict", "offered", ""): 1, ("strict", "skip", "no consent"): 1,
        },
    ),
    "sends to several": (
        event("purchase", **AGREED),
        ROUTED | IDLE | {("shop", "offered", ""): 1, ("strict", "offered", ""): 1},
    ),
    "two sends to one, of which the second repeats the first": (
        event("add_to_cart", value=5, **AGREED),
        ROUTED | {("shop", "offered", ""): 2, ("shop", "duplicate", ""): 1, ("strict", "offered", ""): 1},
    ),
    "sends that a drop takes back": (event("add_to_cart", **AGREED), ended("drop", "no value")),
    "a condition for every destination": (
        event("page_view", **AGREED),
        ROUTED | {
            (name, what, why): 1
            for name in ("shop", "strict", "idle")
            for what, why in (("offered", ""), ("skip", "row_condition"))
        },
    ),
    "not for this source": (
        event("heartbeat"),
        ROUTED | {
            (name, what, why): 1
            for name in ("shop", "strict", "idle")
            for what, why in (("offered", ""), ("skip", "not_for_source"))
        },
    ),
    "a rule that sends nothing": (event("login"), ended("skip", "no_send")),
    "a drop": (
        event("purchase", context={"page": {"title": "internal"}}, **AGREED), ended("drop", "internal"),
    ),
    "no rule": (event("unknown_to_the_rules"), ended("unhandled")),
    "no such source": (
        event("purchase", partners={"tiktok": {"event_source": "app"}}), ended("unhandled"),
    ),
    "no name": ({}, ended("unhandled")),
}  # fmt: skip


@pytest.mark.parametrize("shape", SHAPES)
def test_every_shape_of_a_decision_is_counted_once_and_balances(shape: str) -> None:
    site = Site()
    given, postings = SHAPES[shape]
    site.accept(given)
    assert site.postings() == postings
    assert set(site.unaccounted().values()) == {0}


def test_the_same_events_again_are_repeats_and_balance() -> None:
    site = Site()
    given = [given for given, _ in SHAPES.values()]
    first, second = site.accept(*given), site.accept(*given)
    assert (first["send"], second["send"]) == (4, 0)
    assert second["duplicate"] == first["send"] + first["duplicate"]
    assert set(site.unaccounted().values()) == {0}


def test_what_was_rejected_is_received_too() -> None:
    site = Site()
    site.accept(rejected={"not_an_event": 2})
    site.accept(event("purchase"), rejected={"not_an_event": 1, "too_large": 3})
    assert site.postings() == ROUTED | IDLE | {
        ("", "received", ""): 7,
        ("", "rejected", "not_an_event"): 3,
        ("", "rejected", "too_large"): 3,
        ("shop", "offered", ""): 1,
        ("strict", "offered", ""): 1,
        ("strict", "skip", "no consent"): 1,
    }
    assert set(site.unaccounted().values()) == {0}


def test_a_fault_of_the_rules_machinery_is_counted_and_costs_one_event(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def failing(*_: Any, **__: Any) -> Result:
        raise RuntimeError(MARKER)

    monkeypatch.setattr("router.lang.compiled.Plan.run", failing)
    site = Site()
    site.accept(event("purchase"))
    assert site.postings() == ended("skip", INTERNAL_ERROR)
    assert MARKER not in repr(site.records())


def test_a_request_that_is_refused_leaves_the_books_as_they_were() -> None:
    site = Site(bounds=Bounds(rows=1))
    with pytest.raises(Busy):
        site.accept(event("purchase", **AGREED), event("unknown_to_the_rules"), rejected={"too_large": 1})
    assert (site.postings(), site.records()) == ({}, [])


# ------------------------------------------------------------------ records


def line_of(text: str) -> int:
    return RULES[: RULES.index(text)].count("\n") + 1


def test_records_say_what_was_decided_and_where() -> None:
    site = Site()
    site.accept(event("purchase"))
    refused, idle = site.records()
    assert (refused.outcome, refused.reason, refused.destination) == ("skip", "no consent", "strict")
    assert refused.place.endswith(f"shop.rules:{line_of('requires')}")
    assert (idle.outcome, idle.reason, idle.destination) == ("skip", "destination_inactive", "idle")
    expected = (event_ref("order-1"), NOW, "purchase", deployment().program.version, "request-1", None)
    found = tuple(
        getattr(refused, name) for name in ("ref", "at", "event", "rules_version", "correlation", "key")
    )
    assert found == expected


def test_an_entry_that_goes_by_the_events_id_needs_no_record() -> None:
    site = Site()
    site.accept(event("view_item", context={"page": {"title": "Looked"}}))
    assert site.records() == []


def test_without_a_log_there_are_counts_all_the_same() -> None:
    site = Site(outcome_days=0)
    site.accept(event("purchase"), event("unknown_to_the_rules"))
    assert site.records() == []
    assert site.postings()["", "received", ""] == 2
    assert set(site.unaccounted().values()) == {0}


@pytest.mark.parametrize("event_id", [None, 5, True, "", "x" * 1001, ["order-1"], {"id": "order-1"}])
def test_an_id_that_nobody_could_ask_for_makes_no_record(event_id: Any) -> None:
    site = Site()
    site.accept(event("unknown_to_the_rules", event_id), event("purchase", event_id))
    assert site.records() == []
    assert set(site.unaccounted().values()) == {0}


@pytest.mark.parametrize("event_id", ["x", "x" * 1000, "é", "\ud800", " "])
def test_any_other_id_is_found_by_what_it_is(event_id: str) -> None:
    site = Site()
    site.accept(event("unknown_to_the_rules", event_id))
    (record,) = asyncio.run(site.spool.archive.history([], event_ref(event_id))).records
    assert record.outcome == "unhandled"


@pytest.mark.parametrize("name", ["unknown_to_the_rules", MARKER, "", "Purchase ", None, 7, ["purchase"]])
def test_names_that_the_rules_do_not_know_are_not_written_down(name: Any) -> None:
    site = Site()
    site.accept(event("purchase") | {"event_name": name})
    assert {record.event for record in site.records()} == {OTHER_EVENT}


def test_names_that_the_rules_know_are_written_down_even_of_what_they_drop() -> None:
    site = Site()
    site.accept(event("purchase", context={"page": {"title": "internal"}}))
    assert [(each.event, each.outcome) for each in site.records()] == [("purchase", "drop")]


# ------------------------------------------------------------------ the scribe by itself

LOOSE = st.sampled_from([
    Send("shop", "web", "Purchase", {}, AT),
    Send("strict", "web", "Purchase", {}, AT),
    Skip("shop", "no consent", AT),
    Skip("idle", "destination_inactive", None, "Purchase", "PIXEL"),
    Skip(None, "no_send", AT),
    Drop("internal", AT),
    Unhandled(),
])  # fmt: skip


def made_of(outcomes: Sequence[Outcome], number: int, goes_by: str) -> tuple[Made, ...]:
    return tuple(
        Made(
            Entry(
                key=dedup_key(outcome.destination, "PIXEL", "Purchase", f"{goes_by}{number}"),
                destination=outcome.destination, source="web", source_id="PIXEL", event="Purchase",
                payload=b"{}", event_time=NOW, accepted_at=float(NOW), rules_version="v1",
            ),
            goes_by,
            (),
        )
        for outcome in outcomes
        if isinstance(outcome, Send)
    )  # fmt: skip


@given(
    decisions=st.lists(st.tuples(st.lists(LOOSE, max_size=5), st.booleans()), max_size=5),
    rejected=st.dictionaries(st.sampled_from(["not_json", "too_large"]), st.integers(0, 5)),
)
def test_whatever_the_rules_decide_the_account_balances(
    decisions: list[tuple[list[Outcome], bool]], rejected: dict[str, int]
) -> None:
    scribe = Scribe(frozenset({"purchase"}), "v1", float(NOW), "request-1")
    made = [
        Decided(
            Arrival({"id": "order-1"}, NOW),
            Result("purchase", "web", tuple(outcomes)),
            made_of(outcomes, number, "order-1" if own else "derived"),
        )
        for number, (outcomes, own) in enumerate(decisions)
    ]
    account = scribe.account(made, rejected)
    spool = MemorySpool()
    entries = [one.entry for each in made for one in each.made]
    asyncio.run(spool.put(entries, account))
    found = balances(asyncio.run(spool.archive.books()))
    assert {each.unaccounted for each in found} == {0}
    assert found[0].total == len(decisions) + sum(rejected.values())
    unsent = [each for outcomes, _ in decisions for each in outcomes if not isinstance(each, Send)]
    derived = {
        entry.key
        for each, (_, own) in zip(made, decisions, strict=True)
        if not own
        for entry, *_ in each.made
    }
    keyed = [record.key for record in account.records if record.key is not None]
    assert (len(account.records) - len(keyed), set(keyed)) == (len(unsent), derived)


def test_nothing_decided_is_an_event_of_which_nothing_is_said() -> None:
    """No rule gives it, and the books balance all the same."""
    scribe = Scribe(frozenset(), "v1", float(NOW))
    given = Decided(Arrival({"id": "order-1"}, NOW), Result(None, None, ()))
    assert scribe.account([given], {}) == Account(Counter(ended("unhandled")), [])


# ------------------------------------------------------------------ nothing of the event is written down

TEXTS = st.sampled_from([MARKER, f"{MARKER}@example.com", f" {MARKER} ", f"https://shop/?q={MARKER}"])
JSON = st.recursive(
    TEXTS | st.sampled_from([None, True, 7, 1.5, "internal", "purchase"]),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(TEXTS | st.sampled_from(["page", "title"]), inner)
    ),
    max_leaves=6,
)
FIELDS = (
    "id", "event_name", "value", "currency", "consent", "user", "context", "partners", MARKER,
)  # fmt: skip
EVENTS = st.builds(
    lambda name, changes, title: {**event(name, context={"page": {"title": title}}), **AGREED, **changes},
    st.sampled_from(NAMES),
    st.dictionaries(st.sampled_from(FIELDS), JSON, max_size=4),
    TEXTS | st.just("internal"),
)


@settings(deadline=None)
@given(events=st.lists(EVENTS, min_size=1, max_size=4))
def test_no_value_of_an_event_is_in_any_record_or_book(events: list[dict[str, Any]]) -> None:
    site = Site()
    site.accept(*events)
    for record in site.records():
        assert MARKER not in repr(asdict(record))
    assert MARKER not in repr(site.spool.postings)
    assert set(site.unaccounted().values()) == {0}
