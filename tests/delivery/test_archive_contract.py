"""What an operator may do to a spool, and what is left of it then: the same for every backend."""

from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import pytest
from delivery_samples import NOW, again, buried, delivered, entries, entry
from spool_kinds import KINDS, Promise, claimed, offer, put_to_death, unaccounted

from router.delivery.bounds import Bounds
from router.delivery.entry import HOUR
from router.delivery.spool import Spool, SpoolFull

Use = Callable[[Spool], Coroutine[Any, Any, object]]
RESEND_SECONDS = entry(1).resend_seconds


@pytest.fixture(params=KINDS)
def promise(request: pytest.FixtureRequest, tmp_path: Path) -> Promise:
    return Promise(request.param, tmp_path)


async def in_doubt(spool: Spool, at: float = NOW) -> int:
    """A dead letter that may have arrived at `at`."""
    await offer(spool, [entry(1)])
    (row,) = await claimed(spool, now=at)
    await spool.settle([again(row, at, at)], at)
    await claimed(spool, now=at)
    await spool.settle([buried(row)], at)
    return row


# ------------------------------------------------------------------ replay


def test_a_replayed_letter_waits_again_with_its_attempts_forgotten(promise: Promise) -> None:
    async def check(spool: Spool) -> None:
        (row,) = await put_to_death(spool, [entry(1, correlation="request-1")])
        assert await spool.archive.replay([row], NOW + 9) == {row: "queued"}
        stats = await spool.stats()
        assert (stats.pending, stats.dead, await spool.archive.dead()) == ({"shop": 1}, {}, [])
        assert stats.payload_bytes == len(entry(1).payload) + promise.extra_bytes
        assert (await spool.claim("shop", 9, NOW + 8)).next_due == NOW + 9, "it is due at once, not before"
        (queued,) = (await spool.claim("shop", 9, NOW + 9)).rows
        assert (queued.id, queued.entry) == (row, entry(1, correlation="request-1"))
        assert (queued.attempts, queued.first_ambiguous_at, queued.crashes) == (1, None, 0)
        await spool.settle(delivered(row), NOW + 9)
        assert await unaccounted(spool) == {0}

    promise(check)


def test_lanes_are_told_of_what_is_replayed_and_of_nothing_else(promise: Promise) -> None:
    async def check(spool: Spool) -> None:
        heard: list[set[str]] = []
        (row,) = await put_to_death(spool, [entry(1)])
        spool.watch(lambda names: heard.append(set(names)))
        await spool.archive.replay([99], NOW)
        assert heard == []
        await spool.archive.replay([row, 99], NOW)
        assert heard == [{"shop"}]

    promise(check)


def test_the_event_of_a_replayed_letter_stays_a_repeat(promise: Promise) -> None:
    async def check(spool: Spool) -> None:
        (row,) = await put_to_death(spool, [entry(1)])
        await spool.archive.replay([row], NOW)
        assert await offer(spool, [entry(1)]) == [False]
        await spool.settle(delivered(*await claimed(spool)), NOW)
        assert await offer(spool, [entry(1, accepted_at=NOW + 48 * HOUR - 1)]) == [False]
        assert await unaccounted(spool) == {0}

    promise(check)


def test_what_is_no_dead_letter_is_not_replayed(promise: Promise) -> None:
    async def check(spool: Spool) -> None:
        await offer(spool, entries(3))
        await spool.settle(delivered(*await claimed(spool, 1)), NOW)
        assert await spool.archive.replay([1, 2, 3, 99], NOW) == dict.fromkeys([1, 2, 3, 99], "unknown")
        assert (await spool.stats()).pending == {"shop": 2}

    promise(check)


def test_a_row_that_is_named_twice_is_replayed_once(promise: Promise) -> None:
    async def check(spool: Spool) -> None:
        (row,) = await put_to_death(spool, [entry(1)])
        assert await spool.archive.replay([row, row], NOW) == {row: "queued"}
        assert ((await spool.stats()).pending, (await spool.stats()).dead) == ({"shop": 1}, {})
        assert await unaccounted(spool) == {0}

    promise(check)


def test_a_letter_whose_event_came_anew_stays_dead(promise: Promise) -> None:
    first, second = (entry(1, accepted_at=at, claim_until=at + 300) for at in (NOW, NOW + 300))

    async def check(spool: Spool) -> None:
        (row,) = await put_to_death(spool, [first])
        assert await offer(spool, [second]) == [True]
        assert await spool.archive.replay([row], NOW + 301) == {row: "claimed"}
        assert await spool.archive.replay([row], NOW + 301, force=True) == {row: "claimed"}
        assert [letter.id for letter in await spool.archive.dead()] == [row]
        assert await spool.archive.replay([row], NOW + 600) == {row: "queued"}, "that claim has ended too"

    promise(check)


def test_a_letter_in_doubt_is_replayed_while_a_repeat_is_recognised(promise: Promise) -> None:
    async def check(spool: Spool) -> None:
        row = await in_doubt(spool)
        assert await spool.archive.replay([row], NOW + RESEND_SECONDS) == {row: "queued"}
        (queued,) = (await spool.claim("shop", 9, NOW + RESEND_SECONDS)).rows
        assert queued.first_ambiguous_at == NOW, "the doubt goes with it"

    promise(check)


def test_a_letter_in_doubt_for_too_long_is_replayed_by_force_alone(promise: Promise) -> None:
    async def check(spool: Spool) -> None:
        row, late = await in_doubt(spool), NOW + RESEND_SECONDS + 1
        assert await spool.archive.replay([row], late) == {row: "late"}
        assert (await spool.stats()).pending == {}
        assert await spool.archive.replay([row], late, force=True) == {row: "queued"}
        (queued,) = (await spool.claim("shop", 9, late)).rows
        assert queued.first_ambiguous_at is None, "the decision was made: no second time"

    promise(check)


def test_a_letter_made_anew_takes_payload_time_and_version_and_keeps_the_rest(promise: Promise) -> None:
    # The key of what is made anew may be any: the row keeps its own.
    made = entry(2, payload=b'{"anew":1}', event_time=int(NOW) + 5, rules_version="v2", accepted_at=NOW + 9)

    async def check(spool: Spool) -> None:
        first, second = await put_to_death(spool, [entry(1), entry(3)])
        done = await spool.archive.replay([first, second], NOW, anew={first: made, 99: made})
        assert done == {first: "queued", second: "queued"}
        changed, same = (await spool.claim("shop", 9, NOW)).rows
        anew = {"payload": b'{"anew":1}', "event_time": int(NOW) + 5, "rules_version": "v2"}
        assert (changed.entry, same.entry) == (entry(1, **anew), entry(3))
        await spool.settle(delivered(first, second), NOW)
        assert (await spool.stats()).payload_bytes == 0, "the sizes were taken anew as well"

    promise(check)


def test_replaying_respects_the_bounds_and_loses_nothing(promise: Promise) -> None:
    async def check(spool: Spool) -> None:
        rows = await put_to_death(spool, entries(2))
        await offer(spool, [entry(number) for number in range(10, 15)])
        with pytest.raises(SpoolFull):
            await spool.archive.replay(rows, NOW)
        assert [letter.id for letter in await spool.archive.dead()] == rows
        assert await spool.archive.replay([99], NOW) == {99: "unknown"}, "which takes no room"
        await spool.settle(delivered(*await claimed(spool)), NOW)
        assert await spool.archive.replay(rows, NOW) == dict.fromkeys(rows, "queued")

    promise(check, Bounds(rows=5))


# ------------------------------------------------------------------ discard and erase


def test_discarded_letters_are_gone_and_their_events_may_come_again(promise: Promise) -> None:
    async def check(spool: Spool) -> None:
        first, second, third = await put_to_death(spool, entries(3))
        await offer(spool, [entry(7)])
        assert await spool.archive.discard([first, third, third, 4, 99], NOW) == 2
        stats = await spool.stats()
        assert (stats.dead, stats.pending) == ({"refused": 1}, {"shop": 1})
        assert [letter.id for letter in await spool.archive.dead()] == [second]
        assert await offer(spool, entries(3)) == [True, False, True]
        assert (await spool.archive.books()).postings["shop", "purged", "refused"] == 2
        assert await unaccounted(spool) == {0}

    promise(check)


async def leave_waiting(spool: Spool) -> None:
    await offer(spool, [entry(1)])


async def leave_leased(spool: Spool) -> None:
    await offer(spool, [entry(1)])
    await claimed(spool)


async def leave_dead(spool: Spool) -> None:
    await put_to_death(spool, [entry(1)])


@pytest.mark.parametrize("leave", [leave_waiting, leave_leased, leave_dead])
def test_erased_rows_are_gone_whatever_they_were(promise: Promise, leave: Use) -> None:
    async def check(spool: Spool) -> None:
        await leave(spool)
        await offer(spool, [entry(2)])
        assert await spool.archive.erase([1, 1, 99], NOW + 1) == 1
        assert await spool.archive.erase([1], NOW + 1) == 0
        stats = await spool.stats()
        assert (stats.pending, stats.leased, stats.dead) == ({"shop": 1}, {}, {})
        assert [row.id for row in await spool.archive.waiting()] == [2]
        assert [*await spool.archive.dead(), *(await spool.claim("shop", 9, NOW + 1)).rows[1:]] == []
        assert await unaccounted(spool) == {0}
        assert await offer(spool, [entry(1, accepted_at=NOW + 1)]) == [True], "what it claimed is free"

    promise(check)


def test_a_lease_that_was_erased_cannot_be_settled(promise: Promise) -> None:
    async def check(spool: Spool) -> None:
        await offer(spool, [entry(number, kept=b'{"kept":1}') for number in range(3)])
        await claimed(spool)
        assert await spool.archive.erase([1, 2, 3], NOW) == 3
        assert await spool.settle([*delivered(1), buried(2), again(3, NOW)], NOW + 1) == 0
        stats = await spool.stats()
        assert (stats.rows, stats.payload_bytes, stats.dead) == (0, 0, {})
        assert await spool.recover() == 0
        books = await spool.archive.books()
        assert (books.postings["shop", "erased", ""], books.postings.get(("shop", "sent", ""), 0)) == (3, 0)
        assert await unaccounted(spool) == {0}

    promise(check)


# ------------------------------------------------------------------ events as they came


def test_the_kept_event_goes_when_the_entry_is_delivered(promise: Promise) -> None:
    async def check(spool: Spool) -> None:
        await offer(spool, [entry(1, kept=b'{"a":1}'), entry(2), entry(3, kept=b'{"a":3}')])
        assert await spool.archive.kept([1, 2, 3, 99]) == {1: b'{"a":1}', 3: b'{"a":3}'}
        await claimed(spool, 1)
        await spool.settle(delivered(1), NOW)
        assert await spool.archive.kept([1, 2, 3]) == {3: b'{"a":3}'}

    promise(check)


def test_the_kept_event_stays_with_what_waits_again_or_is_dead(promise: Promise) -> None:
    async def check(spool: Spool) -> None:
        await offer(spool, [entry(number, kept=b'{"a":1}') for number in range(2)])
        await claimed(spool)
        await spool.settle([again(1, NOW + 9), buried(2)], NOW)
        assert (await spool.archive.kept([1, 2])).keys() == {1, 2}
        await spool.archive.replay([2], NOW)
        assert (await spool.archive.kept([2])).keys() == {2}

    promise(check)


async def purge(spool: Spool) -> None:
    await spool.purge(NOW, dead_before=NOW + 1)


async def evict(spool: Spool) -> None:
    await spool.evict(0, NOW)


async def discard(spool: Spool) -> None:
    await spool.archive.discard([1], NOW)


async def erase(spool: Spool) -> None:
    await spool.archive.erase([1], NOW)


@pytest.mark.parametrize("remove", [purge, evict, discard, erase])
def test_the_kept_event_goes_with_its_dead_letter(promise: Promise, remove: Use) -> None:
    async def check(spool: Spool) -> None:
        await put_to_death(spool, [entry(1, kept=b'{"a":1}')])
        await remove(spool)
        assert await spool.archive.kept([1]) == {}

    promise(check)


def test_a_repeat_brings_no_kept_event(promise: Promise) -> None:
    async def check(spool: Spool) -> None:
        await offer(spool, [entry(1, kept=b'{"a":1}')])
        assert await offer(spool, [entry(1, kept=b'{"a":2}')]) == [False]
        assert await spool.archive.kept([1, 2]) == {1: b'{"a":1}'}

    promise(check)
