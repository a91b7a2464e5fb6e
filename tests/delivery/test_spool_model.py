"""SQLite answers as the model in memory does, whatever is asked in whatever order."""

import asyncio
import tempfile
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

from delivery_samples import NOW, again, buried, delivered, entry
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from router.delivery.account import Account, Record, balances, event_ref
from router.delivery.drift import Drift
from router.delivery.entry import Entry
from router.delivery.memory import MemorySpool
from router.delivery.spool import Spool, Step
from router.delivery.sqlite import SqliteSpool


def _entry(number: int, destination: str, until: int | None, now: float) -> Entry:
    end = None if until is None else now + until
    kept = b"{}" if number % 2 else None
    return entry(
        number, destination=destination, accepted_at=now, claim_until=end, claim_seconds=20,
        resend_seconds=10, kept=kept,
    )  # fmt: skip


EVERY = [entry(number) for number in range(8)]
REF = event_ref("order-1")


def _account(entries: list[Entry], now: float) -> Account:
    """As the daemon does it: every entry is offered; one event more was dropped, and is on record."""
    postings = Counter({("", "received", ""): len(entries) + 1, ("", "drop", "by_rule"): 1})
    postings["", "routed", ""] += len(entries)
    postings.update((each.destination, "offered", "") for each in entries)
    key = entries[0].key if entries else None
    return Account(postings, [Record(REF, now, "drop", "by_rule", key=key)])


ids = st.lists(st.integers(1, 25), max_size=4, unique=True)
destinations = st.sampled_from(["shop", "app"])
puts = st.lists(st.tuples(st.integers(0, 7), destinations, st.none() | st.integers(1, 15)), max_size=4)
steps = st.lists(
    st.integers(1, 25).flatmap(
        lambda row: st.one_of(
            st.just(delivered(row)[0]),
            st.just(buried(row)),
            st.builds(
                again,
                st.just(row),
                st.integers(0, 60).map(lambda wait: NOW + wait),
                st.none() | st.just(NOW),
                counted=st.booleans(),
            ),
        )
    ),
    max_size=5,
    unique_by=lambda step: step.id,
)


class TwoSpools(RuleBasedStateMachine):
    """The same questions to both, the clock running."""

    def __init__(self) -> None:
        super().__init__()
        self.directory = tempfile.TemporaryDirectory()
        self.runner = asyncio.Runner()
        self.now = NOW
        self.model: Spool = MemorySpool()
        self.real: Spool = self._open()

    def _open(self) -> Spool:
        return self.runner.run(SqliteSpool.open(Path(self.directory.name) / "data", hot_keys=3))

    def both(self, operation: str, *args: object, **options: object) -> None:
        answers = [
            self.runner.run(getattr(spool, operation)(*args, **options)) for spool in (self.model, self.real)
        ]
        assert answers[0] == answers[1]

    def both_archives(
        self, operation: str, *args: object, seen: Callable[[Any], Any] = lambda x: x, **options: object
    ) -> None:
        model, real = (
            self.runner.run(getattr(spool.archive, operation)(*args, **options))
            for spool in (self.model, self.real)
        )
        assert seen(model) == seen(real)

    @rule(some=puts)
    def put(self, some: list[tuple[int, str, int | None]]) -> None:
        entries = [_entry(*each, self.now) for each in some]
        self.both("put", entries, _account(entries, self.now))

    @rule(destination=destinations, limit=st.integers(1, 4))
    def claim(self, destination: str, limit: int) -> None:
        self.both("claim", destination, limit, self.now)

    @rule(some=steps)
    def settle(self, some: list[Step]) -> None:
        self.both("settle", some, self.now)

    @rule(limit=st.integers(1, 3), dead=st.booleans(), remember=st.integers(0, 9))
    def purge(self, limit: int, dead: bool, remember: int) -> None:
        before = self.now - 5 if dead else None
        self.both("purge", self.now, dead_before=before, remember=remember, limit=limit)

    @rule(dead_bytes=st.integers(0, 200), limit=st.integers(1, 3))
    def evict(self, dead_bytes: int, limit: int) -> None:
        self.both("evict", dead_bytes, self.now, limit=limit)

    @rule(rows=ids, force=st.booleans(), anew=st.booleans())
    def replay(self, rows: list[int], force: bool, anew: bool) -> None:
        fresh = {row: entry(99, payload=b"{}", rules_version="v2") for row in rows} if anew else {}
        self.both_archives("replay", rows, self.now, force=force, anew=fresh)

    @rule(rows=ids)
    def discard(self, rows: list[int]) -> None:
        self.both_archives("discard", rows, self.now)

    @rule(rows=ids)
    def erase(self, rows: list[int]) -> None:
        self.both_archives("erase", rows, self.now)

    @rule(age=st.integers(0, 20), limit=st.integers(1, 4), most=st.integers(0, 5))
    def forget(self, age: int, limit: int, most: int) -> None:
        self.both_archives("forget", self.now - age, self.now - age, most=most, limit=limit)

    @rule(lag=st.integers(0, 30), ahead=st.integers(0, 30))
    def adjust(self, lag: int, ahead: int) -> None:
        self.both("adjust", Drift(float(lag), 60.0), self.now + ahead)
        self.both("drift")

    @rule(seconds=st.integers(1, 25))
    def wait(self, seconds: int) -> None:
        self.now += seconds

    @rule(reopen=st.booleans())
    def restart(self, reopen: bool) -> None:
        if reopen:
            self.runner.run(self.real.close())
            self.real = self._open()
        self.both("recover")

    @invariant()
    def they_hold_the_same(self) -> None:
        self.both("stats")
        self.both_archives("dead")
        self.both_archives("waiting")
        self.both_archives("kept", range(1, 26))
        self.both_archives("history", [each.key for each in EVERY], REF)
        self.both_archives(
            "books", seen=lambda books: ({k: n for k, n in books.postings.items() if n}, +books.waiting)
        )

    @invariant()
    def the_books_balance(self) -> None:
        books = self.runner.run(self.real.archive.books())
        assert not any(balance.unaccounted for balance in balances(books))

    def teardown(self) -> None:
        self.runner.run(self.real.close())
        self.runner.close()
        self.directory.cleanup()


TestTwoSpools = TwoSpools.TestCase
TestTwoSpools.settings = settings(max_examples=settings().max_examples * 4 // 5, stateful_step_count=25)
