"""What waits for the disk is written together: by few statements, and as if each had come alone."""

import asyncio
import threading
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from pathlib import Path
from typing import Any

import pytest
from delivery_samples import NOW, again, buried, delivered, entries, entry
from hypothesis import given
from hypothesis import strategies as st
from spool_kinds import claimed, offer, unaccounted

from router.delivery.entry import HOUR, Entry, Queued
from router.delivery.fresh import PAYLOAD_BYTES, Fresh
from router.delivery.hot import HotKeys
from router.delivery.spool import Spool
from router.delivery.sqlite import SqliteSpool

Use = Callable[[SqliteSpool], Awaitable[None]]


def using(directory: Path, *uses: Use, hot_keys: int = 0) -> None:
    """One use after the other, each in a run of its own."""

    async def run(use: Use) -> None:
        spool = await SqliteSpool.open(directory, hot_keys=hot_keys)
        try:
            await use(spool)
        finally:
            await spool.close()

    for use in uses:
        asyncio.run(run(use))


async def as_a_group(spool: SqliteSpool, *calls: Coroutine[Any, Any, Any]) -> list[Any]:
    """The answers of calls that are one transaction."""
    gate, holds = threading.Event(), threading.Event()

    def hold(_: object) -> None:
        holds.set()
        gate.wait()

    held = asyncio.ensure_future(spool._writer.do(hold))
    await asyncio.to_thread(holds.wait)
    waiting = asyncio.gather(*calls, return_exceptions=True)
    await asyncio.sleep(0)
    gate.set()
    await held
    return await waiting


async def statements(spool: SqliteSpool, *calls: Coroutine[Any, Any, Any]) -> int:
    """How many statements a group of calls takes, the second time that it is asked."""
    seen: list[str] = []

    def note(_: object, sql: str, __: object) -> bool:
        seen.append(sql)
        return True

    await spool._writer.do(lambda ledger: ledger.tables.connection.set_exec_trace(note))
    await as_a_group(spool, *calls)
    await spool._writer.do(lambda ledger: ledger.tables.connection.set_exec_trace(None))
    return len(seen)


@pytest.mark.parametrize("count", [1, 64, 400])
def test_many_puts_take_hardly_more_statements_than_one(tmp_path: Path, count: int) -> None:
    async def check(spool: SqliteSpool) -> None:
        await spool.put([entry(-1)])
        assert await statements(spool, *(offer(spool, [entry(number)]) for number in range(count))) <= 20
        assert (await spool.stats()).rows == count + 1

    using(tmp_path / "data", check)


@pytest.mark.parametrize("count", [1, 64, 400])
def test_so_do_claims_and_settlements(tmp_path: Path, count: int) -> None:
    async def check(spool: SqliteSpool) -> None:
        await spool.put(entries(count))
        assert await statements(spool, spool.claim("shop", count, NOW)) <= 10
        rows = range(1, count + 1)
        assert await statements(spool, *(spool.settle(delivered(row), NOW) for row in rows)) <= 20
        assert (await spool.stats()).rows == 0

    using(tmp_path / "data", check)


def test_of_repeats_in_one_group_one_is_new(tmp_path: Path) -> None:
    async def check(spool: SqliteSpool) -> None:
        puts = [offer(spool, [entry(number % 7), entry(number % 5)]) for number in range(35)]
        answers = await as_a_group(spool, *puts)
        assert sum(new for pair in answers for new in pair) == 7
        assert [row.id for row in await spool.archive.waiting()] == list(range(1, 8)), "no number is left out"
        assert (await spool.archive.books()).postings["shop", "duplicate", ""] == 63
        assert await unaccounted(spool) == {0}

    using(tmp_path / "data", check)


def test_claims_that_have_ended_are_taken_over_by_the_first_that_comes(tmp_path: Path) -> None:
    later = NOW + 48 * HOUR

    async def check(spool: SqliteSpool) -> None:
        await spool.put([*entries(3), entry(3, claim_until=NOW + 9)])
        await spool.settle(delivered(*await claimed(spool, 2)), NOW)
        assert await spool.put([entry(number, accepted_at=later) for number in (0, 1, 2, 3, 0, 4)]) == [
            True, True, False, True, False, True,
        ]  # fmt: skip
        fates = (await spool.archive.history([entry(number).key for number in range(5)], b"")).fates
        assert [fate.row for fate in fates] == [3, 5, 6, 7, 8]
        await spool.settle(delivered(*await claimed(spool, now=later)), later)
        assert await spool.purge(later + 48 * HOUR) == 5

    using(tmp_path / "data", check)


@pytest.mark.parametrize("fault", [{"correlation": "\ud800"}, {"event_time": 2**70}])
def test_an_entry_that_cannot_be_written_is_its_senders_alone(tmp_path: Path, fault: dict[str, Any]) -> None:
    async def check(spool: SqliteSpool) -> None:
        await spool.put([entry(1), entry(2)])
        rows = await claimed(spool)
        calls = [
            offer(spool, [entry(3)]),
            spool.put([entry(4, **fault)]),
            spool.settle(delivered(rows[0]), NOW),
        ]
        first, bad, settled = await as_a_group(spool, *calls)
        assert (first, settled) == ([True], 1)
        assert isinstance(bad, ValueError | OverflowError)
        assert await spool.put([entry(4)]) == [True]
        assert await spool.settle([again(rows[1], NOW)], NOW) == 1, "it was still known to be on its way"
        assert len(await claimed(spool)) == 3

    using(tmp_path / "data", check)


def test_what_was_being_sent_can_be_settled_by_the_next_run(tmp_path: Path) -> None:
    async def first(spool: SqliteSpool) -> None:
        await offer(spool, entries(4))
        await claimed(spool, 3)
        await spool.settle([again(1, NOW + 1, NOW)], NOW)
        await claimed(spool, 1, NOW)

    async def then(spool: SqliteSpool) -> None:
        stats = await spool.stats()
        assert (stats.pending, stats.leased) == ({"shop": 1}, {"shop": 3})
        assert await spool.settle([*delivered(1, 2), buried(3)], NOW) == 2
        assert await spool.recover() == 1
        rows = (await spool.claim("shop", 9, NOW + 1)).rows
        assert [(row.id, row.attempts, row.crashes) for row in rows] == [(4, 2, 1), (1, 2, 0)]
        assert await unaccounted(spool) == {0}

    using(tmp_path / "data", first, then)


def test_an_erased_row_is_not_settled_nor_its_lease_left_behind(tmp_path: Path) -> None:
    async def check(spool: SqliteSpool) -> None:
        await offer(spool, entries(2))
        rows = await claimed(spool)
        await spool.archive.erase(rows[:1], NOW)
        assert await spool.settle(delivered(*rows), NOW) == 1
        left = await spool._writer.do(lambda ledger: ledger.tables.rows("leased"))
        leases = await spool._writer.do(
            lambda ledger: ledger.tables.connection.execute("SELECT * FROM lease").fetchall()
        )
        assert (left, leases) == ([], [])
        assert await unaccounted(spool) == {0}

    using(tmp_path / "data", check)


# ------------------------------------------------------------------ reading


texts = st.text(st.characters(codec="utf-8"), max_size=20)
strange = st.builds(
    lambda payload, **given: entry(payload=payload, **given),
    st.binary(max_size=60),
    key=st.binary(min_size=16, max_size=16),
    correlation=texts,
    source_id=texts,
    event=texts,
    rules_version=texts,
    event_time=st.integers(-(2**63), 2**63 - 1),
    accepted_at=st.floats(0, NOW),
    claim_seconds=st.integers(0, 10**9),
    claim_until=st.none() | st.floats(NOW, 1e12),
)


async def rows_of(spool: Spool, count: int) -> Sequence[Queued]:
    return (await spool.claim("shop", count, NOW)).rows


@given(given_entries=st.lists(strange, max_size=12, unique_by=lambda each: each.key))
def test_what_is_read_from_the_disk_is_what_was_stored(
    tmp_path_factory: pytest.TempPathFactory, given_entries: list[Entry]
) -> None:
    async def put(spool: SqliteSpool) -> None:
        await spool.put(given_entries)

    async def read(spool: SqliteSpool) -> None:
        rows = await rows_of(spool, 99)
        assert sorted(rows) == [
            Queued(row, each, 1, each.accepted_at) for row, each in enumerate(given_entries, 1)
        ]

    directory = tmp_path_factory.mktemp("read")
    directory.chmod(0o700)
    using(directory, put, read)


def test_a_long_claim_is_in_order_whether_read_or_remembered(tmp_path: Path) -> None:
    given_entries = [entry(number, accepted_at=NOW - number % 7) for number in range(600)]
    order = sorted(range(600), key=lambda number: (given_entries[number].accepted_at, number))

    async def half(spool: SqliteSpool) -> None:
        await spool.put(given_entries[:300])

    async def both(spool: SqliteSpool) -> None:
        await spool.put(given_entries[300:])
        rows = await rows_of(spool, 1000)
        assert [row.entry for row in rows] == [given_entries[number] for number in order]

    using(tmp_path / "data", half, both)


# ------------------------------------------------------------------ memory


def test_fresh_entries_are_few_and_small() -> None:
    fresh = Fresh(3)
    large = entry(2, payload=b"x" * (PAYLOAD_BYTES + 1))
    fresh.add(1, [entry(1, kept=b"{}"), large])
    assert fresh.take([1, 2, 3]) == {1: entry(1), 2: None, 3: None}
    assert fresh.take([1]) == {1: None}, "it is taken once"
    fresh.add(4, entries(3))
    fresh.add(7, entries(1))
    assert set(fresh.take(range(10)).values()) == {None}, "it was full"


def test_hot_keys_forget_the_least_recently_seen() -> None:
    hot = HotKeys(3)
    hot.remember(entries(3))
    assert hot.seen([entry(0), entry(7)], 0.0) == {0}
    hot.remember([entry(3)])
    assert hot.seen(entries(4), 0.0) == {0, 2, 3}
    hot.ends([(entry(0).key, NOW), (entry(1).key, NOW + 9)])
    assert hot.seen(entries(4), 0.0) == {2, 3}
    assert hot.seen(entries(2), 1.0) == {0}, "its clock lags"
