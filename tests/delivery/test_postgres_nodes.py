"""Several routers on one database: who has what, who takes over, what they tell each other."""

import asyncio
import contextlib
import struct
import time
from collections.abc import AsyncIterator, Awaitable, Callable

import psycopg
import pytest
from delivery_samples import NOW, ScriptedSender, again, buried, delivered, entries, entry
from postgres_server import clean_url, fresh_url, shared_server
from spool_kinds import QUIET, claimed, offer, put_to_death, unaccounted

from router.delivery.bounds import Bounds
from router.delivery.company import News
from router.delivery.entry import HOUR, Entry
from router.delivery.postgres.address import address_of
from router.delivery.postgres.clock import DatabaseClock
from router.delivery.postgres.spool import PostgresSpool
from router.delivery.postgres.trouble import SpoolAway
from router.delivery.spool import Claimed, Spool, SpoolFull, SpoolUnusable
from router.delivery.surroundings import LaneSettings
from router.delivery.verdict import Accepted, Parked, Throttled, Verdict
from router.delivery.worker import Deliverer

Check = Callable[[list[PostgresSpool]], Awaitable[None]]
BRISK = 0.02
MOMENT = 0.3
END_ALL = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'tagwright'"


def nodes(count: int, check: Check, *, pulse: float = QUIET, lease: float = 60.0, buckets: int = 1) -> None:
    """Runs a check with so many routers on a fresh spool."""

    async def run() -> None:
        async with contextlib.AsyncExitStack() as stack:
            url = clean_url() if buckets == 1 else fresh_url()
            await check(
                [await stack.enter_async_context(opened(url, pulse, lease, buckets)) for _ in range(count)]
            )

    asyncio.run(run())


@contextlib.asynccontextmanager
async def opened(url: str, pulse: float, lease: float, buckets: int = 1) -> AsyncIterator[PostgresSpool]:
    spool = await PostgresSpool.open(
        address_of(url), pulse_seconds=pulse, lease_seconds=lease, buckets=buckets, bounds=Bounds(rows=1_000)
    )
    try:
        yield spool
    finally:
        await spool.close()


async def until(happened: Callable[[], Awaitable[object]], seconds: float = 20.0) -> None:
    end = time.monotonic() + seconds
    while not await happened():
        assert time.monotonic() < end, "it did not happen"
        await asyncio.sleep(0.01)


def url_of(spool: PostgresSpool) -> str:
    return shared_server().url(spool.layout.schema)


def silence(spool: PostgresSpool) -> None:
    """As if nothing had been heard of a router for as long as its leases last."""
    sql(spool, f"UPDATE {{s}}.node SET until = clock_timestamp() WHERE id = {spool.leases.node}")  # noqa: S608 - a number


def sql(spool: PostgresSpool, statement: str) -> None:
    with shared_server().session() as session:
        session.execute(statement.replace("{s}", spool.layout.schema).encode())


# ------------------------------------------------------------------ the ledger


@pytest.mark.parametrize("buckets", [1, 4])
def test_of_entries_that_all_routers_get_at_once_each_is_taken_once(buckets: int) -> None:
    async def check(spools: list[PostgresSpool]) -> None:
        given = entries(60)
        calls = [spool.put(given[at:] + given[:at]) for at in (0, 7, 20, 41) for spool in spools]
        answers = await asyncio.gather(*calls)
        assert sum(sum(each) for each in answers) == 60
        assert {(await spool.stats()).pending["shop"] for spool in spools} == {60}
        books = await spools[0].archive.books()
        assert books.postings["shop", "duplicate", ""] == 60 * (len(calls) - 1)

    nodes(3, check, buckets=buckets)


def test_what_one_router_sent_is_a_repeat_for_all_until_its_claim_ends() -> None:
    async def check(spools: list[PostgresSpool]) -> None:
        first, second = spools
        await first.put([entry(1)])
        await second.settle(delivered(*await claimed(second)), NOW)
        assert await first.put([entry(1, accepted_at=NOW + 48 * HOUR - 1)]) == [False]
        assert await first.put([entry(1, accepted_at=NOW + 48 * HOUR)]) == [True]

    nodes(2, check)


def test_what_one_router_discards_every_other_takes_again() -> None:
    async def check(spools: list[PostgresSpool]) -> None:
        first, second = spools
        (row,) = await put_to_death(first, [entry(1)])
        assert await second.put([entry(1)]) == [False]
        assert await second.archive.discard([row], NOW) == 1
        assert await first.put([entry(1)]) == [True]

    nodes(2, check)


@pytest.mark.parametrize("buckets", [1, 4])
def test_no_row_is_claimed_twice(buckets: int) -> None:
    async def check(spools: list[PostgresSpool]) -> None:
        await spools[0].put(entries(200))
        found = await asyncio.gather(*(spool.claim("shop", 30, NOW) for spool in spools for _ in range(4)))
        rows = [row.id for each in found for row in each.rows]
        assert len(rows) == len(set(rows)) == 200

    nodes(3, check, buckets=buckets)


def test_rows_in_buckets_go_all_their_ways() -> None:
    async def check(spools: list[PostgresSpool]) -> None:
        (spool,) = spools
        await offer(spool, [entry(number, kept=b"{}") for number in range(40)])
        taken = (await spool.claim("shop", 40, NOW)).rows
        assert [row.entry for row in sorted(taken, key=lambda row: row.id)] == [
            letter.entry for letter in sorted(taken, key=lambda row: row.id)
        ]
        rows = [row.id for row in taken]
        assert {row % 4 for row in rows} == {0, 1, 2, 3}
        steps = [*delivered(*rows[:20]), *map(buried, rows[20:30]), *(again(row, NOW) for row in rows[30:])]
        assert await spool.settle(steps, NOW) == 40
        dead = [letter.id for letter in await spool.archive.dead()]
        assert set(dead) == set(rows[20:30])
        assert await spool.archive.kept(dead) == dict.fromkeys(dead, b"{}")
        assert set((await spool.archive.replay(dead[:3], NOW)).values()) == {"queued"}
        assert await spool.archive.erase([*dead[3:5], rows[30]], NOW) == 3
        assert await spool.purge(NOW, dead_before=NOW + 1, limit=3) == 3 + 3
        assert await spool.evict(0, NOW, limit=1) == 1
        assert await unaccounted(spool) == {0}
        assert (await spool.stats()).pending == {"shop": 9 + 3}

    nodes(1, check, buckets=4)


# ------------------------------------------------------------------ leases


def test_what_a_dead_router_had_is_taken_over_and_counts_as_perhaps_sent() -> None:
    async def check(spools: list[PostgresSpool]) -> None:
        dead, alive = spools
        await offer(dead, entries(5))
        assert len(await claimed(dead, 3)) == 3
        dead.abandon()

        async def taken_over() -> bool:
            return alive.pulse.taken_over == 3

        await until(taken_over)
        rows = (await alive.claim("shop", 9, NOW)).rows
        assert sorted((row.attempts, row.crashes) for row in rows) == [(1, 0)] * 2 + [(2, 1)] * 3
        assert [row.first_ambiguous_at for row in rows].count(NOW) == 3
        assert await unaccounted(alive) == {0}

    nodes(2, check, pulse=BRISK, lease=MOMENT)


def test_what_a_router_leaves_behind_is_there_at_once() -> None:
    async def check(spools: list[PostgresSpool]) -> None:
        leaving, staying = spools
        await leaving.put(entries(2))
        await claimed(leaving)
        await leaving.close()
        assert await staying.recover() == 2

    nodes(2, check)


def test_a_router_that_lives_keeps_what_it_has() -> None:
    async def check(spools: list[PostgresSpool]) -> None:
        first, second = spools
        await first.put(entries(2))
        rows = await claimed(first)
        assert await second.recover() == 0
        assert await first.settle(delivered(*rows), NOW) == 2

    nodes(2, check)


def test_an_outcome_that_comes_after_the_lease_is_counted_and_not_applied() -> None:
    async def check(spools: list[PostgresSpool]) -> None:
        paused, other = spools
        await offer(paused, entries(2))
        rows = await claimed(paused)
        silence(paused)
        assert await other.recover() == 2
        assert await claimed(other) == rows
        assert await paused.settle([*delivered(rows[0]), again(rows[1], NOW)], NOW) == 0
        assert paused.leases.late == 2
        assert await other.settle(delivered(*rows), NOW) == 2
        assert await unaccounted(other) == {0}

    nodes(2, check)


def test_a_router_that_was_taken_for_dead_claims_nothing_before_it_has_another_number() -> None:
    async def check(spools: list[PostgresSpool]) -> None:
        paused, other = spools
        await paused.put(entries(4))
        rows = await claimed(paused, 2)
        silence(paused)
        assert await other.recover() == 2
        assert await claimed(paused) == []
        before = paused.leases.node
        await paused.pulse.beat()
        assert paused.leases.node > before
        assert set(await claimed(paused)).isdisjoint(rows), "its own attempt at these is still open"
        assert await paused.settle(delivered(*rows), NOW) == 0
        assert set(await claimed(paused)) == set(rows)

    nodes(2, check)


# ------------------------------------------------------------------ the house


def test_one_router_at_a_time_keeps_house() -> None:
    async def check(spools: list[PostgresSpool]) -> None:
        (spool,) = spools
        await put_to_death(spool, entries(3))
        later = NOW + 1000 * HOUR
        lock = f"SELECT pg_advisory_xact_lock(hashtextextended('{spool.layout.schema}.housekeeping', 0))"
        with psycopg.connect(shared_server().conninfo()) as other:
            other.execute(lock.encode())
            assert await spool.purge(later, dead_before=later) == 0
            assert await spool.evict(0, later) == 0
            assert await spool.archive.forget(later, later, most=0) == 0
        assert await spool.purge(later, dead_before=later) == 3

    nodes(1, check)


def test_what_was_counted_wrong_is_put_right_and_shows_in_the_books() -> None:
    async def run() -> None:
        url = fresh_url()
        async with opened(url, QUIET, 60.0) as spool:
            await offer(spool, entries(3))
            assert await unaccounted(spool) == {0}
            sql(spool, "DELETE FROM {s}.delivery WHERE id = 2")
        async with opened(url, QUIET, 60.0) as spool:
            assert (await spool.stats()).pending == {"shop": 2}
            assert await unaccounted(spool) == {0, 1}

    asyncio.run(run())


def test_bounds_are_those_of_all_routers_together() -> None:
    async def check(spools: list[PostgresSpool]) -> None:
        first, second = spools
        await first.put(entries(999))
        await second.pulse.beat()
        with pytest.raises(SpoolFull):
            await second.put([entry(20_000), entry(20_001)])

    nodes(2, check)


# ------------------------------------------------------------------ delivering


def deliverer(spool: PostgresSpool, sender: ScriptedSender, rate: float = 800.0) -> Deliverer:
    settings = LaneSettings(requests_per_second=rate, probe_seconds=0.5)
    made = Deliverer(spool, sender, settings=settings, company=spool.company)
    made.configure(["shop"])
    return made


def now() -> float:
    return time.time()


def fresh(count: int, first: int = 0) -> list[Entry]:
    return [entry(number, accepted_at=now(), event_time=int(now())) for number in range(first, first + count)]


def test_what_a_dead_router_accepted_another_delivers() -> None:
    async def check(spools: list[PostgresSpool]) -> None:
        dead, alive = spools
        sender = ScriptedSender()
        delivery = deliverer(alive, sender)
        await dead.put(fresh(5))
        dead.abandon()

        async def delivered_all() -> bool:
            return len(sender.sent) == 5

        await until(delivered_all)
        await delivery.drain(5)

    nodes(2, check, pulse=BRISK)


@pytest.mark.parametrize(
    ("said", "state"),
    [(Parked("40105", "token_invalid"), "held"), (Throttled("throttled", after=9.0), "throttled")],
)
def test_a_destination_that_is_held_or_throttled_is_so_for_all_routers(
    said: Verdict, state: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def nothing(*_: object) -> Claimed:
        return Claimed(())

    async def check(spools: list[PostgresSpool]) -> None:
        monkeypatch.setattr(spools[1], "claim", nothing)  # it has nothing to send: it only hears
        sender = ScriptedSender(lambda _: said)
        both = [deliverer(spools[0], sender), deliverer(spools[1], ScriptedSender())]

        async def are(wanted: str) -> bool:
            return {(await each.status())[0].state for each in both} == {wanted}

        await spools[0].put(fresh(1))
        await until(lambda: are(state))
        if state == "held":
            sender.answer = lambda _: Accepted()
            await until(lambda: are("open"))
        for each in both:
            await each.drain(5)

    nodes(2, check, pulse=BRISK)


def test_the_rate_is_divided_by_the_routers_that_live() -> None:
    async def check(spools: list[PostgresSpool]) -> None:
        heard: list[int] = []
        spools[0].company.listen(lambda _: None, heard.append)
        await spools[0].pulse.beat()
        assert heard == [1, 3]
        await spools[2].close()
        silence(spools[1])
        await spools[0].pulse.beat()
        assert heard == [1, 3, 1]

    nodes(3, check)


def test_a_router_that_comes_last_knows_what_the_others_know() -> None:
    async def check(spools: list[PostgresSpool]) -> None:
        first, _ = spools
        first.company.tell(News("shop", "held", "auth", "40105", 300.0, 1))
        await first.pulse.beat()
        async with opened(url_of(first), QUIET, 60.0) as last:
            told: list[News] = []
            joined: list[int] = []
            last.company.listen(told.append, joined.append)
            assert [(each.destination, each.state, each.code) for each in told] == [("shop", "held", "40105")]
            assert joined == [3]

    nodes(2, check)


def test_all_routers_have_the_clock_of_the_database() -> None:
    async def run() -> None:
        wrong = DatabaseClock(wall=lambda: 12.0)
        assert wrong.now() == 12.0
        spool = await PostgresSpool.open(address_of(fresh_url()), clock=wrong, pulse_seconds=QUIET)
        with shared_server().session() as session:
            (at,) = session.execute("SELECT extract(epoch FROM clock_timestamp())::float8").fetchone() or (0,)
        assert abs(wrong.now() - at) < 5
        await spool.close()

    asyncio.run(run())


def test_a_slow_answer_corrects_a_clock_only_by_more_than_it_may_be_wrong() -> None:
    clock = DatabaseClock(wall=lambda: 0.0, monotonic=lambda: 100.0)
    clock.told(1000.0, 99.0, 99.0)
    assert clock.now() == 1001.0
    clock.told(1000.5, 98.0, 100.0)
    assert clock.now() == 1001.0
    clock.told(2000.0, 98.0, 100.0)
    assert clock.now() == 2001.0


# ------------------------------------------------------------------ trouble


def test_a_server_that_ends_every_connection_costs_nothing() -> None:
    async def check(spools: list[PostgresSpool]) -> None:
        (spool,) = spools
        taken: set[int] = set()

        async def putting(client: int) -> None:
            for number in range(client * 1000, client * 1000 + 40):
                while True:
                    with contextlib.suppress(SpoolAway):
                        await spool.put([entry(number)])
                        break
                taken.add(number)

        async def ending() -> None:
            for _ in range(6):
                await asyncio.sleep(0.03)
                sql(spool, END_ALL)

        await asyncio.gather(*(putting(client) for client in range(4)), ending())
        rows = []
        while found := await claimed(spool, 50):
            rows += found
        assert len(rows) == len(set(rows)) == len(taken) == 160
        assert await spool.settle(delivered(*rows), NOW) == 160
        assert (await spool.stats()).rows == 0

    nodes(1, check)


def test_a_claim_whose_answer_was_lost_is_undone() -> None:
    async def check(spools: list[PostgresSpool]) -> None:
        (spool,) = spools
        await spool.put(entries(3))
        known = await claimed(spool, 1)
        taken = f"state = 1, attempts = 1, lease = {spool.leases.node}"
        sql(spool, f"UPDATE {{s}}.delivery SET {taken} WHERE id = 2")  # noqa: S608 - a number
        sql(spool, END_ALL)
        rows = (await spool.claim("shop", 9, NOW)).rows
        assert [(row.id, row.attempts) for row in rows] == [(2, 1), (3, 1)], "and its attempt did not count"
        assert known == [1]

    nodes(1, check)


def test_a_commit_that_no_standby_confirmed_is_not_acknowledged() -> None:
    async def check(spools: list[PostgresSpool]) -> None:
        (spool,) = spools
        sql(
            spool,
            "CREATE FUNCTION {s}.warn() RETURNS trigger LANGUAGE plpgsql AS "
            "$$ BEGIN RAISE WARNING 'canceling wait for synchronous replication'; RETURN NULL; END $$",
        )
        sql(spool, "CREATE TRIGGER warn AFTER INSERT ON {s}.body EXECUTE FUNCTION {s}.warn()")
        with pytest.raises(SpoolAway):
            await spool.put([entry(1)])
        sql(spool, "DROP TRIGGER warn ON {s}.body")
        assert await spool.put([entry(1)]) == [False], "it was stored all the same, and comes as a repeat"

    nodes(1, check)


def test_a_value_that_the_database_refuses_harms_no_other_call() -> None:
    async def check(spools: list[PostgresSpool]) -> None:
        (spool,) = spools
        bad = [entry(9, correlation="\ud800"), entry(10, event_time=2**70)]
        calls = [spool.put([each]) for each in [*entries(5), *bad]]
        *good, unwritable, too_large = await asyncio.gather(*calls, return_exceptions=True)
        assert good == [[True]] * 5
        assert isinstance(unwritable, UnicodeEncodeError)
        assert isinstance(too_large, struct.error)
        assert (await spool.stats()).pending == {"shop": 5}

    nodes(1, check)


def test_a_text_with_a_character_that_the_database_cannot_hold_is_kept_without_it() -> None:
    async def check(spools: list[PostgresSpool]) -> None:
        (spool,) = spools
        await spool.put([entry(1, event="buy\0now")])
        (row,) = (await spool.claim("shop", 9, NOW)).rows
        assert row.entry.key == entry(1).key
        assert await spool.settle([buried(row.id, "no\0good")], NOW) == 1
        (letter,) = await spool.archive.dead()
        assert letter.reason == "no�good"

    nodes(1, check)


# ------------------------------------------------------------------ the schema


def test_routers_that_start_at_once_make_the_schema_once() -> None:
    async def run() -> None:
        address = address_of(fresh_url())
        spools = await asyncio.gather(*(PostgresSpool.open(address, pulse_seconds=QUIET) for _ in range(4)))
        assert len({spool.leases.node for spool in spools}) == 4
        for spool in spools:
            await spool.close()

    asyncio.run(run())


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ("UPDATE {s}.meta SET version = 99", "newer version (schema 99, this one knows 1)\n  fix: "),
        ("UPDATE {s}.meta SET moved_to = '/data'", "was copied to /data, and is not used any more"),
        ("DROP TABLE {s}.meta", "holds another program's tables\n  fix: "),
    ],
)
def test_a_schema_that_is_not_ours_to_use_is_refused(change: str, words: str) -> None:
    async def run() -> None:
        url = fresh_url()
        async with opened(url, QUIET, 60.0) as spool:
            await spool.put([entry(1)])
        sql(spool, change)
        with pytest.raises(SpoolUnusable) as refused:
            await PostgresSpool.open(address_of(url))
        assert words in str(refused.value)

    asyncio.run(run())


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("postgresql://router@127.0.0.1:1/postgres", "cannot be reached: Connection refused\n  fix: "),
        ("mysql://router@127.0.0.1/postgres", "is not one\n  fix: write postgresql://"),
        ("postgresql://router@127.0.0.1/postgres?schema=a;b", "a schema is named with small letters"),
    ],
)
def test_an_address_that_cannot_be_used_is_refused(url: str, words: str) -> None:
    with pytest.raises(SpoolUnusable) as refused:
        asyncio.run(PostgresSpool.open(address_of(url)))
    assert words in str(refused.value)


def test_no_password_is_ever_shown() -> None:
    address = address_of("postgresql://router:s3cr3t@db.example,other.example:5433/shop?schema=two")
    assert "s3cr3t" not in f"{address} {address!r}"
    assert str(address) == "postgresql://db.example,other.example:5433/shop?schema=two"
    assert "target_session_attrs=read-write" in address.conninfo, "of several the one that takes writes"
    with pytest.raises(SpoolUnusable) as refused:
        asyncio.run(PostgresSpool.open(address_of("postgresql://router:s3cr3t@127.0.0.1:1/postgres")))
    assert "s3cr3t" not in str(refused.value)


def test_settings_that_put_events_at_risk_are_told() -> None:
    async def check(spools: list[PostgresSpool]) -> None:
        found = [risk.partition(":")[0] for risk in spools[0].risks]
        assert found == ["fsync is off", "full_page_writes is off"]

    nodes(1, check)


def test_the_contract_holds_for_a_spool_whose_node_is_one_of_many() -> None:
    """Operations of one router are seen by every other at once."""

    async def check(spools: list[PostgresSpool]) -> None:
        first, second = spools
        spool: Spool
        for spool in (first, second):
            assert await offer(spool, [entry(1), entry(2)]) == (
                [True, True] if spool is first else [False, False]
            )
            assert await unaccounted(spool) == {0}
        rows = [*await claimed(first, 1), *await claimed(second, 5)]
        assert rows == [1, 2]
        assert (await first.stats()).leased == {"shop": 2}
        assert await first.settle([buried(1)], NOW) + await second.settle(delivered(2), NOW) == 2
        assert await first.stats() == await second.stats()

    nodes(2, check)
