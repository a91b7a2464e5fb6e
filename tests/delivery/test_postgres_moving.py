"""A backlog and its ledger moved between a directory and a database: nothing is lost, nothing repeated."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from delivery_samples import NOW, again, buried, delivered, entry
from postgres_server import fresh_url
from spool_kinds import QUIET, claimed, offer, unaccounted

from router.delivery.account import Record, event_ref
from router.delivery.drift import Drift
from router.delivery.entry import HOUR
from router.delivery.postgres.address import address_of, is_address
from router.delivery.postgres.moving import move
from router.delivery.postgres.spool import PostgresSpool
from router.delivery.spool import Spool, SpoolUnusable
from router.delivery.sqlite import SqliteSpool

Use = Callable[[Spool], Awaitable[Any]]
REF = event_ref("order-1")


@pytest.fixture
def url() -> str:
    return fresh_url()


def using(place: str, use: Use, *, buckets: int = 1) -> Any:
    async def run() -> Any:
        spool: Spool
        if is_address(place):
            spool = await PostgresSpool.open(address_of(place), pulse_seconds=QUIET, buckets=buckets)
        else:
            spool = await SqliteSpool.open(Path(place))
        try:
            return await use(spool)
        finally:
            await spool.close()

    return asyncio.run(run())


async def fill(spool: Spool) -> None:
    """Rows that wait, are being sent, or may have arrived; sent and dead ones; books, records, a drift."""
    records = [Record(REF, NOW, "skip", "no_consent", "shop", "buy", "rules:3", "v1")]
    given = [entry(number, kept=b"{}" if number % 2 else None, correlation="ü") for number in range(9)]
    await offer(spool, [*given, entry(0), entry(10, destination="app", claim_until=NOW + 60)], records)
    first, second, third, fourth, fifth, *_ = await claimed(spool, 7)
    steps = [*delivered(first, second), buried(third), buried(fourth), again(fifth, NOW + 60, NOW)]
    await spool.settle(steps, NOW)
    await spool.archive.discard([fourth], NOW)
    await spool.adjust(Drift(5.0, 60.0), NOW + 3600)


async def content(spool: Spool) -> dict[str, Any]:
    """Everything that can be asked."""
    keys = [entry(number).key for number in range(11)]
    books = await spool.archive.books()
    return {
        "waiting": await spool.archive.waiting(),
        "dead": await spool.archive.dead(),
        "kept": await spool.archive.kept(range(20)),
        "history": await spool.archive.history(keys, REF),
        "postings": {posting: count for posting, count in books.postings.items() if count},
        "drift": await spool.drift(),
        "stats": await spool.stats(),
    }


async def goes_on(spool: Spool) -> None:
    """What was being sent is in doubt, what was taken is a repeat, numbers are new, the books balance."""
    assert await spool.recover() == 2
    assert [row.first_ambiguous_at for row in await spool.archive.waiting()].count(NOW) == 3
    assert await offer(spool, [entry(number) for number in (0, 4, 7, 3, 99)]) == [False] * 3 + [True] * 2
    rows = [row.id for row in await spool.archive.waiting()]
    assert len(rows) == len(set(rows)) == 8
    assert min(rows[-2:]) > 10, "a number is never used again"
    await spool.settle(delivered(*await claimed(spool, now=NOW + 60)), NOW + 60)
    assert (await spool.stats()).pending == {"app": 1}
    assert await offer(spool, [entry(99, accepted_at=NOW + 60 + 48 * HOUR)]) == [False], "by its drift"
    assert await unaccounted(spool) == {0}


@pytest.mark.parametrize("back", [False, True])
def test_everything_is_there_and_goes_its_way(tmp_path: Path, url: str, back: bool) -> None:
    source, target = (url, str(tmp_path / "data")) if back else (str(tmp_path / "data"), url)
    using(source, fill)
    before = using(source, content)
    moved = asyncio.run(move(source, target))
    assert (moved["delivery"], moved["dead"], moved["dedup"]) == (6, 1, 10)
    assert using(target, content) == before
    using(target, goes_on)


def test_there_and_back_again(tmp_path: Path, url: str) -> None:
    using(str(tmp_path / "one"), fill)
    before = using(str(tmp_path / "one"), content)
    asyncio.run(move(str(tmp_path / "one"), url))
    asyncio.run(move(url, str(tmp_path / "two")))
    assert using(str(tmp_path / "two"), content) == before
    using(str(tmp_path / "two"), goes_on)


def test_a_spool_in_buckets_becomes_a_file(tmp_path: Path, url: str) -> None:
    async def erased(spool: Spool) -> None:
        await fill(spool)
        rows = [row.id for row in await spool.archive.waiting()]
        assert await spool.archive.erase(rows[:3], NOW) == 3

    using(url, erased, buckets=4)
    before = using(url, content)
    asyncio.run(move(url, str(tmp_path / "data")))
    assert using(str(tmp_path / "data"), content) == before


def test_the_source_is_used_no_more(tmp_path: Path, url: str) -> None:
    using(str(tmp_path / "data"), fill)
    asyncio.run(move(str(tmp_path / "data"), url))
    assert [path.name for path in (tmp_path / "data").iterdir() if "spool" in path.name] == [
        "spool.sqlite.moved"
    ]
    with pytest.raises(SpoolUnusable, match="was moved away by `tagwright spool copy`\n  fix: "):
        using(str(tmp_path / "data"), fill)
    assert not (tmp_path / "data" / "spool.sqlite").exists()
    asyncio.run(move(url, str(tmp_path / "back")))
    with pytest.raises(SpoolUnusable, match=f"was copied to {tmp_path / 'back'}"):
        using(url, fill)
    with pytest.raises(SpoolUnusable, match="was copied to"):
        asyncio.run(move(url, str(tmp_path / "elsewhere")))


def test_a_target_with_something_in_it_is_refused_and_the_source_stays(tmp_path: Path, url: str) -> None:
    using(str(tmp_path / "data"), fill)
    using(url, fill)
    with pytest.raises(SpoolUnusable, match="something in it\n  fix: "):
        asyncio.run(move(str(tmp_path / "data"), url))
    with pytest.raises(SpoolUnusable, match="has a spool already\n  fix: "):
        asyncio.run(move(url, str(tmp_path / "data")))
    using(str(tmp_path / "data"), goes_on)
    using(url, goes_on)


def test_a_database_in_use_is_not_moved(tmp_path: Path, url: str) -> None:
    async def moving(spool: Spool) -> None:
        await fill(spool)
        with pytest.raises(SpoolUnusable, match=r"is in use by .*\n  fix: stop all routers"):
            await move(url, str(tmp_path / "data"))
        assert await offer(spool, [entry(50)]) == [True]

    using(url, moving)


def test_after_a_crash_in_the_middle_the_same_command_goes_on(tmp_path: Path, url: str) -> None:
    source = tmp_path / "data"
    using(str(source), fill)
    before = using(str(source), content)
    (source / "spool.sqlite").rename(source / "spool.sqlite.moved")
    asyncio.run(move(str(source), url))
    assert using(url, content) == before


@pytest.mark.parametrize("place", ["", "data"])
def test_a_place_without_a_spool_is_said_to_be_one(tmp_path: Path, url: str, place: str) -> None:
    with pytest.raises(SpoolUnusable, match="there is no spool in"):
        asyncio.run(move(str(tmp_path / place), url))
    with pytest.raises(SpoolUnusable, match="there is no spool in"):
        asyncio.run(move(url.replace("schema=", "schema=no_"), str(tmp_path / place)))
