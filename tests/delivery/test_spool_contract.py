"""What every spool backend promises."""

import asyncio
from pathlib import Path

import pytest
from delivery_samples import NOW, again, buried, delivered, entries, entry
from spool_kinds import KINDS, Promise, claimed

from router.delivery.bounds import Bounds
from router.delivery.drift import Drift
from router.delivery.entry import HOUR, Entry
from router.delivery.spool import Spool, SpoolFull


@pytest.fixture(params=KINDS)
def promise(request: pytest.FixtureRequest, tmp_path: Path) -> Promise:
    return Promise(request.param, tmp_path)


def test_new_entries_are_stored_and_repeats_are_not(promise: Promise) -> None:
    async def check(spool: Spool) -> None:
        assert await spool.put([entry(1), entry(2)]) == [True, True]
        assert await spool.put([entry(2), entry(3)]) == [False, True]
        assert (await spool.stats()).pending == {"shop": 3}

    promise(check)


def test_a_repeat_within_one_call_counts(promise: Promise) -> None:
    async def check(spool: Spool) -> None:
        assert await spool.put([entry(1), entry(1), entry(2), entry(1)]) == [True, False, True, False]

    promise(check)


def test_putting_nothing_is_nothing(promise: Promise) -> None:
    async def check(spool: Spool) -> None:
        assert await spool.put([]) == []

    promise(check)


def test_a_claim_gives_back_what_was_put_with_the_attempt_on_record(promise: Promise) -> None:
    given = entry(1, claim_until=NOW + 300, resend_seconds=300, claim_seconds=7, payload="{…}".encode())

    async def check(spool: Spool) -> None:
        await spool.put([given])
        (row,) = (await spool.claim("shop", 10, NOW)).rows
        assert (row.entry, row.attempts, row.due, row.first_ambiguous_at) == (given, 1, NOW, None)

    promise(check)


def test_claims_come_in_order_of_due_time_and_never_twice(promise: Promise) -> None:
    async def check(spool: Spool) -> None:
        await spool.put([entry(1, accepted_at=NOW - 1), entry(2, accepted_at=NOW - 3), entry(3)])
        assert await claimed(spool, 2) == [2, 1]
        assert await claimed(spool, 2) == [3]
        assert await claimed(spool, 2) == []
        assert (await spool.stats()).leased == {"shop": 3}

    promise(check)


def test_a_claim_is_of_one_destination_and_of_what_is_due(promise: Promise) -> None:
    async def check(spool: Spool) -> None:
        await spool.put([entry(1), entry(2, destination="other"), entry(3, accepted_at=NOW + 60)])
        found = await spool.claim("shop", 10, NOW)
        assert [row.id for row in found.rows] == [1]
        assert found.next_due == NOW + 60
        assert (await spool.claim("nobody", 10, NOW)).next_due is None

    promise(check)


def test_what_was_delivered_is_gone_and_stays_a_repeat_for_48_hours_after_the_send(promise: Promise) -> None:
    async def check(spool: Spool) -> None:
        await spool.put([entry(1)])
        sent_at = NOW + 100 * HOUR
        assert await spool.settle(delivered(*await claimed(spool)), sent_at) == 1
        stats = await spool.stats()
        assert (stats.rows, stats.payload_bytes, stats.oldest_accepted_at) == (0, 0, None)
        assert await spool.put([entry(1, accepted_at=sent_at + 48 * HOUR - 1)]) == [False]
        assert await spool.put([entry(1, accepted_at=sent_at + 48 * HOUR)]) == [True]

    promise(check)


def test_the_claim_of_what_waits_never_expires(promise: Promise) -> None:
    async def check(spool: Spool) -> None:
        await spool.put([entry(1)])
        assert await spool.purge(NOW + 1000 * HOUR) == 0
        assert await spool.put([entry(1, accepted_at=NOW + 1000 * HOUR)]) == [False]

    promise(check)


def test_a_claim_with_a_fixed_end_ends_there_sent_or_not(promise: Promise) -> None:
    def short(at: float) -> Entry:
        return entry(1, accepted_at=at, claim_until=at + 300)

    async def check(spool: Spool) -> None:
        assert await spool.put([short(NOW)]) == [True]
        assert await spool.put([short(NOW + 299)]) == [False]
        assert await spool.put([short(NOW + 300)]) == [True]
        assert await claimed(spool, now=NOW + 300) == [1, 2]
        await spool.settle(delivered(1), NOW + 310)
        assert await spool.put([short(NOW + 599)]) == [False], "the second claim has an end of its own"
        await spool.settle(delivered(2), NOW + 310)
        assert await spool.put([short(NOW + 599)]) == [False]
        assert await spool.put([short(NOW + 600)]) == [True]

    promise(check)


def test_a_rescheduled_entry_comes_back_when_it_is_due(promise: Promise) -> None:
    async def check(spool: Spool) -> None:
        await spool.put([entry(1)])
        await spool.settle([again(*await claimed(spool), NOW + 30, NOW)], NOW + 1)
        assert (await spool.stats()).pending == {"shop": 1}
        assert await spool.claim("shop", 1, NOW + 29) == await spool.claim("shop", 5, NOW + 29)
        (row,) = (await spool.claim("shop", 5, NOW + 30)).rows
        assert (row.attempts, row.first_ambiguous_at, row.due) == (2, NOW, NOW + 30)

    promise(check)


def test_an_attempt_that_did_not_count_is_taken_back(promise: Promise) -> None:
    async def check(spool: Spool) -> None:
        await spool.put([entry(1)])
        await spool.settle([again(*await claimed(spool), NOW, counted=False)], NOW)
        (row,) = (await spool.claim("shop", 5, NOW)).rows
        assert row.attempts == 1

    promise(check)


def test_a_dead_letter_keeps_everything_and_its_claim(promise: Promise) -> None:
    async def check(spool: Spool) -> None:
        await spool.put(entries(3))
        await spool.settle([buried(row_id) for row_id in await claimed(spool, 2)], NOW + 5)
        stats = await spool.stats()
        assert (stats.pending, stats.leased, stats.dead) == ({"shop": 1}, {}, {"refused": 2})
        letter, _ = await spool.archive.dead()
        assert (letter.entry, letter.attempts, letter.reason, letter.code) == (
            entry(0),
            1,
            "refused",
            "40002",
        )
        assert (letter.message, letter.request_id, letter.died_at) == ("data[0].event: …", "req-1", NOW + 5)
        assert [each.id for each in await spool.archive.dead(1, after=letter.id)] == [2]
        assert await spool.put([entry(0, accepted_at=NOW + 1000 * HOUR)]) == [False]

    promise(check)


def test_purged_dead_letters_free_their_claims(promise: Promise) -> None:
    async def check(spool: Spool) -> None:
        await spool.put(entries(3))
        await spool.settle([buried(row_id) for row_id in await claimed(spool)], NOW)
        assert await spool.purge(NOW, dead_before=NOW, limit=2) == 0
        assert await spool.purge(NOW, dead_before=NOW + 1, limit=2) == 2
        assert (await spool.stats()).dead == {"refused": 1}
        assert await spool.put(entries(3)) == [True, True, False]

    promise(check)


def test_too_many_bytes_of_dead_letters_evict_the_oldest(promise: Promise) -> None:
    async def check(spool: Spool) -> None:
        await spool.put([entry(number, payload=b"{" + b" " * 10_000) for number in range(5)])
        await spool.settle([buried(row_id) for row_id in (await claimed(spool, 5))[::-1]], NOW)
        assert await spool.evict(51_000, NOW) == 0
        assert await spool.evict(15_000, NOW, limit=2) == 2
        assert [letter.id for letter in await spool.archive.dead()] == [3, 4, 5]
        assert await spool.evict(15_000, NOW, limit=2) == 2
        assert await spool.evict(15_000, NOW, limit=2) == 0
        assert (await spool.stats()).dead == {"refused": 1}
        assert await spool.put([entry(0), entry(4)]) == [True, False], "its claim went with it"

    promise(check)


def test_purging_takes_bounded_steps_and_only_what_has_expired(promise: Promise) -> None:
    async def check(spool: Spool) -> None:
        await spool.put(entries(5))
        await spool.settle(delivered(*await claimed(spool)), NOW)
        assert await spool.purge(NOW + 48 * HOUR - 1, limit=3) == 0
        assert [await spool.purge(NOW + 48 * HOUR, limit=3) for _ in range(3)] == [3, 2, 0]

    promise(check)


def test_settling_what_is_not_leased_changes_nothing(promise: Promise) -> None:
    async def check(spool: Spool) -> None:
        await spool.put(entries(2))
        assert await spool.settle([*delivered(1, 99), buried(2), again(1, NOW)], NOW) == 0
        await spool.settle(delivered(*await claimed(spool, 1)), NOW)
        assert await spool.settle([buried(1)], NOW) == 0
        stats = await spool.stats()
        assert (stats.pending, stats.leased, stats.dead) == ({"shop": 1}, {}, {})

    promise(check)


def test_after_a_restart_leases_are_void_and_their_attempts_ambiguous(promise: Promise) -> None:
    async def check(spool: Spool) -> None:
        await spool.put(entries(3))
        first, second = await claimed(spool, 2)
        await spool.settle([again(second, NOW + 1, doubt=NOW - 7)], NOW)
        assert await claimed(spool, 1, NOW + 1) == [3]
        assert await claimed(spool, 1, NOW + 1) == [second]
        assert await spool.recover() == 3
        rows = (await spool.claim("shop", 10, NOW + 2)).rows
        assert {row.id: row.first_ambiguous_at for row in rows} == {first: NOW, 3: NOW + 1, second: NOW - 7}
        assert {row.attempts for row in rows} == {2, 3}
        assert {row.crashes for row in rows} == {1}

    promise(check)


def test_due_times_that_are_too_far_ahead_are_pulled_in(promise: Promise) -> None:
    async def check(spool: Spool) -> None:
        await spool.put([entry(1, accepted_at=NOW + 9000), entry(2, accepted_at=NOW + 50)])
        await spool.adjust(Drift(), NOW + 60)
        assert await claimed(spool, now=NOW + 59) == [2]
        assert await claimed(spool, now=NOW + 60) == [1]

    promise(check)


def test_a_drift_keeps_claims_alive(promise: Promise) -> None:
    async def check(spool: Spool) -> None:
        await spool.put([entry(1)])
        await spool.settle(delivered(*await claimed(spool)), NOW)
        await spool.adjust(Drift(72.0 * HOUR, 1.0), NOW)
        assert await spool.put([entry(1, accepted_at=NOW + 72 * HOUR)]) == [False]
        await spool.adjust(Drift(), NOW)
        assert await spool.put([entry(1, accepted_at=NOW + 72 * HOUR)]) == [True]

    promise(check)


def test_stats_tell_the_oldest(promise: Promise) -> None:
    async def check(spool: Spool) -> None:
        assert (await spool.stats()).oldest_age(NOW) == 0
        await spool.put([entry(1), entry(2, accepted_at=NOW + 5, destination="other")])
        stats = await spool.stats()
        assert (stats.oldest_age(NOW + 9), stats.rows) == (9, 2)
        assert stats.payload_bytes == (len(entry(1).payload) + promise.extra_bytes) * 2

    promise(check)


def test_a_full_spool_refuses_whole_calls_and_reopens_when_there_is_room(
    promise: Promise,
) -> None:
    async def check(spool: Spool) -> None:
        await spool.put(entries(9))
        with pytest.raises(SpoolFull) as full:
            await spool.put([entry(20), entry(21)])
        assert 5 <= full.value.retry_after <= 15
        with pytest.raises(SpoolFull):
            await spool.put([entry(20)])
        await spool.settle(delivered(*await claimed(spool, 4)), NOW)
        assert await spool.put([entry(20), entry(21)]) == [True, True]

    promise(check, Bounds(rows=10))


def test_bytes_are_bounded_too(promise: Promise) -> None:
    async def check(spool: Spool) -> None:
        await spool.put([entry(1, payload=b"{" + b" " * 9_000)])
        with pytest.raises(SpoolFull):
            await spool.put([entry(2, payload=b"{" + b" " * 1_100)])

    promise(check, Bounds(payload_bytes=10_000))


def test_watchers_hear_of_new_entries_only(promise: Promise) -> None:
    async def check(spool: Spool) -> None:
        heard: list[set[str]] = []
        spool.watch(lambda names: heard.append(set(names)))
        await spool.put([entry(1), entry(2, destination="other")])
        await spool.put([entry(1)])
        assert heard == [{"shop", "other"}]

    promise(check)


def test_many_puts_at_once_agree_on_who_was_first(promise: Promise) -> None:
    async def check(spool: Spool) -> None:
        answers = await asyncio.gather(*(spool.put([entry(number % 10)]) for number in range(100)))
        assert sum(new for (new,) in answers) == 10

    promise(check)
