"""What an operator can ask of a spool: the same for every backend."""

from pathlib import Path
from typing import Any

import pytest
from delivery_samples import NOW, again, buried, delivered, entries, entry
from spool_kinds import KINDS, Promise, claimed, offer, put_to_death, unaccounted

from router.delivery.account import Account, Record, event_ref
from router.delivery.archive import DeadQuery, Fate, History, Route, Settlement
from router.delivery.bounds import Bounds
from router.delivery.entry import HOUR
from router.delivery.spool import Buried, Delivered, Rescheduled, Spool, SpoolFull

REF = event_ref("order-1")
ROUTE = Route("shop", "web", "PIXEL", "Purchase", "v1")
FAR = NOW + 1000 * HOUR


@pytest.fixture(params=KINDS)
def promise(request: pytest.FixtureRequest, tmp_path: Path) -> Promise:
    return Promise(request.param, tmp_path)


def record(**changes: Any) -> Record:
    fields: dict[str, Any] = {
        "ref": REF, "at": NOW, "outcome": "skip", "reason": "no_consent", "destination": "shop",
        "event": "purchase", "place": "shop.rules:3", "rules_version": "v1", "correlation": "request-1",
    }  # fmt: skip
    return Record(**fields | changes)


def fate(state: Any, **changes: Any) -> Fate:
    fields: dict[str, Any] = {"row": 1, "route": ROUTE, "accepted_at": int(NOW), "attempts": 1}
    return Fate(state, **fields | changes)


async def fate_of(spool: Spool, number: int = 1) -> Fate:
    (found,) = (await spool.archive.history([entry(number).key], b"")).fates
    return found


# ------------------------------------------------------------------ fates


def test_of_what_waits_the_history_tells_when_it_is_due(promise: Promise) -> None:
    async def check(spool: Spool) -> None:
        await spool.put([entry(1)])
        assert await fate_of(spool) == fate("pending", attempts=0, due=NOW)
        await claimed(spool)
        assert await fate_of(spool) == fate("sending", due=NOW)
        await spool.settle([Rescheduled(1, NOW + 60, NOW + 1, why="unknown:51000")], NOW + 2)
        expected = fate("pending", due=NOW + 60, first_ambiguous_at=NOW + 1, why="unknown:51000")
        assert await fate_of(spool) == expected

    promise(check)


def test_of_what_was_sent_the_history_tells_by_which_request_and_until_when_it_repeats(
    promise: Promise,
) -> None:
    async def check(spool: Spool) -> None:
        await spool.put(entries(3))
        await claimed(spool)
        await spool.settle([Delivered(1, "tiktok-7"), Delivered(2, "tiktok-7"), Delivered(3, "")], NOW + 5)
        said, ends = Settlement(NOW + 5, request_id="tiktok-7"), NOW + 5 + 48 * HOUR
        assert await fate_of(spool, 0) == fate("sent", settlement=said, repeats_until=ends)
        assert await fate_of(spool, 1) == fate("sent", row=2, settlement=said, repeats_until=ends)
        silent = Settlement(NOW + 5)
        assert await fate_of(spool, 2) == fate("sent", row=3, settlement=silent, repeats_until=ends)

    promise(check)


def test_of_what_died_the_history_tells_in_whose_words(promise: Promise) -> None:
    async def check(spool: Spool) -> None:
        await spool.put([entry(1), entry(2, claim_until=NOW + 300)])
        await claimed(spool)
        await spool.settle([Buried(1, "refused", "40002", "data[0]: …", "tiktok-8"), buried(2)], NOW + 5)
        said = Settlement(NOW + 5, "refused", "40002", "data[0]: …", "tiktok-8")
        assert await fate_of(spool) == fate("dead", settlement=said)
        assert (await fate_of(spool, 2)).repeats_until == NOW + 300

    promise(check)


def test_of_a_letter_that_waits_again_nothing_is_said_but_that(promise: Promise) -> None:
    async def check(spool: Spool) -> None:
        (row,) = await put_to_death(spool, [entry(1)])
        await spool.archive.replay([row], NOW + 9)
        assert await fate_of(spool) == fate("pending", attempts=0, due=NOW + 9)

    promise(check)


def test_what_is_gone_is_told_with_its_last_words_and_what_was_erased_without(promise: Promise) -> None:
    async def check(spool: Spool) -> None:
        first, second = await put_to_death(spool, [entry(1), entry(2)])
        await spool.put([entry(3)])
        await spool.archive.discard([first], NOW + 9)
        await spool.archive.erase([second, 3], NOW + 9)
        words = Settlement(NOW, "refused", "40002", "data[0].event: …", "req-1")
        assert await fate_of(spool, 1) == fate("gone", settlement=words, repeats_until=NOW + 9)
        for number, attempts in ((2, 1), (3, 0)):
            found = await fate_of(spool, number)
            assert (found.state, found.attempts, found.route) == ("gone", attempts, ROUTE)
            assert found.settlement == Settlement(NOW + 9, "erased")

    promise(check)


def test_an_event_that_came_anew_has_one_fate_the_later(promise: Promise) -> None:
    async def check(spool: Spool) -> None:
        (row,) = await put_to_death(spool, [entry(1)])
        await spool.archive.discard([row], NOW)
        await spool.put([entry(1, rules_version="v2", accepted_at=NOW + 9)])
        way = Route("shop", "web", "PIXEL", "Purchase", "v2")
        assert await fate_of(spool) == Fate("pending", 2, way, int(NOW) + 9, 0, due=NOW + 9)

    promise(check)


def test_a_fate_is_forgotten_with_its_claim(promise: Promise) -> None:
    async def check(spool: Spool) -> None:
        await spool.put([entry(1)])
        await spool.settle(delivered(*await claimed(spool)), NOW)
        ends = NOW + 48 * HOUR
        assert await spool.purge(ends + 99, remember=100) == 0
        assert (await fate_of(spool)).state == "sent", "remembered for longer than it claims"
        assert await spool.put([entry(1, accepted_at=ends)]) == [True]
        await spool.settle(delivered(*await claimed(spool, now=ends)), ends)
        assert await spool.purge(ends + 48 * HOUR + 100, remember=100) == 1
        assert await spool.archive.history([entry(1).key], b"") == History((), ())

    promise(check)


def test_words_of_one_entry_are_never_told_of_another(promise: Promise) -> None:
    async def check(spool: Spool) -> None:
        await put_to_death(spool, [entry(1)])
        before = (await fate_of(spool)).settlement
        assert await spool.archive.forget(NOW + 1, NOW + 1, most=10) == 1
        assert (await fate_of(spool)).settlement == before, "the dead letter still knows"
        await spool.put([entry(2, accepted_at=NOW + 1)])
        await claimed(spool, now=NOW + 1)
        await spool.settle([Delivered(2, "tiktok-9")], NOW + 1)
        assert (await fate_of(spool)).settlement == before
        assert (await fate_of(spool, 2)).settlement == Settlement(NOW + 1, request_id="tiktok-9")

    promise(check)


# ------------------------------------------------------------------ records


def test_records_of_an_event_come_back_as_they_were_in_their_order(promise: Promise) -> None:
    given = [record(), record(outcome="drop", at=NOW - 1, reason="by_rule"), record(key=entry(2).key)]
    other = record(ref=event_ref("order-2"))

    async def check(spool: Spool) -> None:
        assert await spool.put([], Account({}, [given[0], other])) == []
        await spool.put([entry(9)], Account({}, given[1:]))
        assert await spool.archive.history([], REF) == History((), tuple(given))
        assert await spool.archive.history([], event_ref("nobody")) == History((), ())

    promise(check)


def test_a_record_with_a_key_leads_to_that_entry(promise: Promise) -> None:
    async def check(spool: Spool) -> None:
        await offer(spool, entries(3), [record(key=entry(2).key), record(key=entry(2).key), record()])
        found = await spool.archive.history([entry(0).key, entry(2).key, entry(77).key], REF)
        assert [each.row for each in found.fates] == [1, 3], "each once, in the order of acceptance"
        assert [each.row for each in (await spool.archive.history([], REF)).fates] == [3]

    promise(check)


def test_the_log_forgets_by_age_in_steps(promise: Promise) -> None:
    async def check(spool: Spool) -> None:
        await spool.put([], Account({}, [record(at=NOW + number) for number in range(5)]))
        steps = [await spool.archive.forget(NOW + 3, NOW, most=100, limit=2) for _ in range(3)]
        assert steps == [2, 1, 0]
        left = (await spool.archive.history([], REF)).records
        assert [each.at for each in left] == [NOW + 3, NOW + 4]

    promise(check)


def test_the_log_forgets_the_oldest_beyond_its_number(promise: Promise) -> None:
    async def check(spool: Spool) -> None:
        await spool.put([], Account({}, [record(at=NOW + number) for number in range(5)]))
        assert [await spool.archive.forget(NOW, NOW, most=2, limit=2) for _ in range(3)] == [2, 1, 0]
        left = (await spool.archive.history([], REF)).records
        assert [each.at for each in left] == [NOW + 3, NOW + 4]

    promise(check)


def test_settlements_are_forgotten_in_steps_too(promise: Promise) -> None:
    async def check(spool: Spool) -> None:
        for number in range(3):
            await spool.put([entry(number)])
            await spool.settle(delivered(*await claimed(spool)), NOW + number)
        assert await spool.archive.forget(NOW, NOW + 2, most=9, limit=1) == 1
        assert await spool.archive.forget(NOW, NOW + 2, most=9, limit=9) == 1
        found = [await fate_of(spool, number) for number in range(3)]
        assert [each.settlement and each.settlement.at for each in found] == [None, None, NOW + 2]

    promise(check)


# ------------------------------------------------------------------ lists


async def graveyard(spool: Spool) -> None:
    """Rows 1 to 4 dead, one a second."""
    given = [entry(1), entry(2, destination="app"), entry(3), entry(4, destination="app")]
    words = [("refused", "40002"), ("refused", "40105"), ("too_old", ""), ("too_old", "")]
    await offer(spool, given)
    for row, (reason, code) in enumerate(words, 1):
        await spool.claim(given[row - 1].destination, 1, NOW)
        await spool.settle([Buried(row, reason, code)], NOW + row)


@pytest.mark.parametrize(
    ("query", "rows"),
    [
        (DeadQuery(), [1, 2, 3, 4]),
        (DeadQuery(ids=frozenset({2, 4, 99})), [2, 4]),
        (DeadQuery(ids=frozenset()), []),
        (DeadQuery(ids=frozenset({2, 4}), reason="too_old"), [4]),
        (DeadQuery(reason="refused"), [1, 2]),
        (DeadQuery(code="40105"), [2]),
        (DeadQuery(code=""), [3, 4]),
        (DeadQuery(destination="app"), [2, 4]),
        (DeadQuery(since=NOW + 2), [2, 3, 4]),
        (DeadQuery(before=NOW + 2), [1]),
        (DeadQuery(since=NOW + 2, before=NOW + 4), [2, 3]),
        (DeadQuery(reason="refused", code="40002", destination="app"), []),
    ],
    ids=str,
)
def test_dead_letters_are_found_by_every_field(promise: Promise, query: DeadQuery, rows: list[int]) -> None:
    async def check(spool: Spool) -> None:
        await graveyard(spool)
        found = await spool.archive.dead(query=query)
        assert [letter.id for letter in found] == rows
        assert all(query.fits(letter) for letter in found)
        assert [letter.id for letter in await spool.archive.dead(1, query=query)] == rows[:1]
        after = await spool.archive.dead(after=2, query=query)
        assert [letter.id for letter in after] == [row for row in rows if row > 2]

    promise(check)


def test_what_waits_is_listed_by_row_sent_just_now_or_not(promise: Promise) -> None:
    async def check(spool: Spool) -> None:
        given = [entry(1, accepted_at=NOW + 60), entry(2, destination="app"), entry(3), entry(4)]
        await spool.put(given)
        assert await claimed(spool) == [3, 4]
        await spool.settle([*delivered(3), again(4, NOW + 7, NOW)], NOW)
        await spool.claim("app", 1, NOW)
        found = await spool.archive.waiting()
        assert [(row.id, row.entry, row.attempts, row.due) for row in found] == [
            (1, given[0], 0, NOW + 60),
            (2, given[1], 1, NOW),
            (4, given[3], 1, NOW + 7),
        ]
        assert found[2].first_ambiguous_at == NOW
        assert [row.id for row in await spool.archive.waiting(1)] == [1]
        assert [row.id for row in await spool.archive.waiting(9, after=1)] == [2, 4]
        assert await spool.archive.waiting(after=4) == []

    promise(check)


def test_every_way_that_entries_have_gone_is_a_route_once(promise: Promise) -> None:
    other = Route("app", "app", "APP", "Search", "v2")

    async def check(spool: Spool) -> None:
        assert await spool.archive.routes() == []
        await spool.put(entries(2))
        await spool.put(
            [entry(7, destination="app", source="app", source_id="APP", event="Search", rules_version="v2")]
        )
        await spool.settle(delivered(*await claimed(spool)), NOW)
        await spool.purge(FAR)
        await spool.put([entry(8)])
        assert await spool.archive.routes() == [ROUTE, other], "however long ago"

    promise(check)


def test_the_books_count_what_came_and_what_became_of_it(promise: Promise) -> None:
    async def check(spool: Spool) -> None:
        await offer(spool, [entry(1), entry(2), entry(1), entry(3, destination="app")])
        await spool.settle([*delivered(*await claimed(spool, 1)), buried(2)], NOW)
        await claimed(spool)
        await spool.settle([buried(2, "too_old")], NOW)
        books = await spool.archive.books()
        assert dict(books.postings) == {
            ("", "received", ""): 4,
            ("", "routed", ""): 4,
            ("shop", "offered", ""): 3,
            ("shop", "duplicate", ""): 1,
            ("shop", "sent", ""): 1,
            ("shop", "dead", "too_old"): 1,
            ("app", "offered", ""): 1,
        }
        assert {name: count for name, count in books.waiting.items() if count} == {"app": 1}
        assert await unaccounted(spool) == {0}

    promise(check)


def test_a_refused_put_is_in_no_book(promise: Promise) -> None:
    async def check(spool: Spool) -> None:
        with pytest.raises(SpoolFull):
            await offer(spool, entries(2), [record()])
        assert not any((await spool.archive.books()).postings.values())
        assert await spool.archive.history([entry(0).key], REF) == History((), ())

    promise(check, Bounds(rows=1))
