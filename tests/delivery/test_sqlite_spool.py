"""What only a spool on disk has: owners, files, versions, faults."""

import asyncio
import contextlib
import stat
from collections.abc import Awaitable, Callable
from pathlib import Path

import apsw
import pytest
from delivery_samples import NOW, delivered, entries, entry

from router.delivery.bounds import Bounds
from router.delivery.drift import Drift
from router.delivery.entry import HOUR
from router.delivery.spool import SpoolBroken, SpoolFull, SpoolUnusable
from router.delivery.sqlite import FILE, SqliteSpool

Use = Callable[[SqliteSpool], Awaitable[None]]


def using(directory: Path, use: Use, **options: object) -> None:
    async def run() -> None:
        spool = await SqliteSpool.open(directory, **options)  # type: ignore[arg-type]  # options of open
        try:
            await use(spool)
        finally:
            await spool.close()

    asyncio.run(run())


async def nothing(_: SqliteSpool) -> None:
    pass


def test_everything_is_there_after_a_restart(tmp_path: Path) -> None:
    async def before(spool: SqliteSpool) -> None:
        await spool.put(entries(3))
        await spool.claim("shop", 1, NOW)

    async def after(spool: SqliteSpool) -> None:
        stats = await spool.stats()
        assert (stats.pending, stats.leased, stats.rows) == ({"shop": 2}, {"shop": 1}, 3)
        assert await spool.recover() == 1
        assert (await spool.stats()).pending == {"shop": 3}
        assert await spool.put(entries(4)) == [False, False, False, True]

    using(tmp_path / "data", before)
    using(tmp_path / "data", after)


def test_the_drift_is_remembered(tmp_path: Path) -> None:
    async def before(spool: SqliteSpool) -> None:
        assert await spool.drift() == Drift()
        await spool.adjust(Drift(3600.0, 7.5), NOW)
        await spool.adjust(Drift(3600.0, 7.0), NOW)

    async def after(spool: SqliteSpool) -> None:
        assert await spool.drift() == Drift(3600.0, 7.0)

    using(tmp_path / "data", before)
    using(tmp_path / "data", after)


def test_row_ids_are_never_used_again(tmp_path: Path) -> None:
    async def before(spool: SqliteSpool) -> None:
        await spool.put(entries(2))
        await spool.claim("shop", 2, NOW)
        await spool.settle(delivered(1, 2), NOW)

    async def after(spool: SqliteSpool) -> None:
        await spool.put([entry(5)])
        assert [row.id for row in (await spool.claim("shop", 2, NOW)).rows] == [3]

    using(tmp_path / "data", before)
    using(tmp_path / "data", after)


def test_a_directory_has_one_owner_and_the_error_names_it(tmp_path: Path) -> None:
    async def second(_: SqliteSpool) -> None:
        with pytest.raises(SpoolUnusable, match="data is in use by another process"):
            await SqliteSpool.open(tmp_path / "data")

    using(tmp_path / "data", second)
    using(tmp_path / "data", nothing)


def test_files_are_private(tmp_path: Path) -> None:
    directory = tmp_path / "deep" / "data"

    async def check(spool: SqliteSpool) -> None:
        await spool.put([entry(1)])
        modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in directory.iterdir()}
        assert set(modes) == {FILE, f"{FILE}-wal", f"{FILE}-shm", "lock"}
        assert set(modes.values()) == {0o600}
        assert stat.S_IMODE(directory.stat().st_mode) == 0o700

    using(directory, check)


def test_what_was_sent_is_not_left_in_any_file(tmp_path: Path) -> None:
    async def check(spool: SqliteSpool) -> None:
        await spool.put([entry(1, payload=b'{"user":"a-very-private-value"}')])
        await spool.claim("shop", 1, NOW)
        await spool.settle(delivered(1), NOW)

    using(tmp_path / "data", check)
    assert not any(b"very-private" in path.read_bytes() for path in (tmp_path / "data").iterdir())


def test_another_programs_database_is_refused_untouched(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    with contextlib.closing(apsw.Connection(str(tmp_path / "data" / FILE))) as connection:
        connection.execute("CREATE TABLE theirs (x)")
    with pytest.raises(SpoolUnusable, match="another program's database"):
        using(tmp_path / "data", nothing)


@pytest.mark.parametrize("content", [b"not a database at all, but long enough" * 10, b"\0" * 8192])
def test_a_file_that_is_no_database_is_refused(tmp_path: Path, content: bytes) -> None:
    using(tmp_path / "data", nothing)
    (tmp_path / "data" / FILE).write_bytes(content)
    with pytest.raises(SpoolUnusable, match=r"spool\.sqlite"):
        using(tmp_path / "data", nothing)


def test_a_path_that_is_no_directory_is_refused(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("a file")
    with pytest.raises(SpoolUnusable, match="cannot be used"):
        using(tmp_path / "data", nothing)


def test_a_failed_opening_gives_the_directory_back(tmp_path: Path) -> None:
    test_a_file_that_is_no_database_is_refused(tmp_path, b"not a database at all, but long enough" * 10)
    (tmp_path / "data" / FILE).unlink()
    (tmp_path / "data" / "lock").write_text("")
    using(tmp_path / "data", nothing)


@pytest.mark.parametrize("loss", [Path.unlink, lambda path: path.write_bytes(b"")])
def test_a_spool_that_is_gone_or_emptied_is_not_begun_anew(
    tmp_path: Path, loss: Callable[[Path], object]
) -> None:
    using(tmp_path / "data", nothing)
    for leftover in (f"{FILE}-wal", f"{FILE}-shm"):
        (tmp_path / "data" / leftover).unlink(missing_ok=True)
    loss(tmp_path / "data" / FILE)
    with pytest.raises(SpoolUnusable, match="is empty or gone"):
        using(tmp_path / "data", nothing)


def test_a_full_disk_refuses_and_what_was_stored_before_can_still_leave(tmp_path: Path) -> None:
    async def check(spool: SqliteSpool) -> None:
        await spool.put(entries(5))
        pages = await spool._writer.do(lambda ledger: ledger.tables.connection.pragma("page_count"))
        await spool._writer.do(lambda ledger: ledger.tables.connection.pragma("max_page_count", pages))
        with pytest.raises(SpoolFull):
            await spool.put([entry(100, payload=b"x" * 100_000)])
        await spool._writer.do(lambda ledger: ledger.tables.connection.pragma("max_page_count", 2**30))
        assert await spool.put([entry(100)]) == [True], "nothing of the refused put was stored"
        assert len((await spool.claim("shop", 10, NOW)).rows) == 6

    using(tmp_path / "data", check)


def test_a_known_repeat_is_counted_and_its_claim_is_not_looked_up_again(tmp_path: Path) -> None:
    async def check(spool: SqliteSpool) -> None:
        await spool.put(entries(3))
        await spool.claim("shop", 3, NOW)
        await spool.settle(delivered(1), NOW)
        await spool._writer.do(lambda ledger: ledger.tables.connection.execute("DELETE FROM dedup").get)
        assert await spool.put([*entries(3), entry(1, accepted_at=NOW + 9)]) == [False] * 4
        assert (await spool.archive.books()).postings["shop", "duplicate", ""] == 4
        assert await spool.put([entry(0, accepted_at=NOW + 48 * HOUR)]) == [True], "it has ended"

    using(tmp_path / "data", check)


def test_a_cancelled_put_leaves_the_others_whole(tmp_path: Path) -> None:
    async def check(spool: SqliteSpool) -> None:
        puts = [asyncio.ensure_future(spool.put([entry(number)])) for number in range(50)]
        await asyncio.sleep(0)
        for put in puts[::2]:
            put.cancel()
        answers = await asyncio.gather(*puts, return_exceptions=True)
        assert answers[1::2] == [[True]] * 25
        assert all(isinstance(each, asyncio.CancelledError) for each in answers[::2])
        stored = (await spool.stats()).rows
        again = [new for (new,) in [await spool.put([entry(number)]) for number in range(50)]]
        assert stored + sum(again) == 50

    using(tmp_path / "data", check)


def test_a_job_that_fails_is_taken_out_of_its_group(tmp_path: Path) -> None:
    async def check(spool: SqliteSpool) -> None:
        bad = entry(7, event="\ud800")
        answers = await asyncio.gather(
            spool.put([entry(1)]), spool.put([entry(2), bad]), spool.put([entry(3)]), return_exceptions=True
        )
        assert answers[::2] == [[True], [True]]
        assert isinstance(answers[1], UnicodeEncodeError)
        assert await spool.put([entry(2)]) == [True], "all of the failed put was undone"

    using(tmp_path / "data", check)


def test_what_waits_for_the_disk_is_bounded(tmp_path: Path) -> None:
    async def check(spool: SqliteSpool) -> None:
        first = asyncio.ensure_future(spool.put(entries(8)))
        await asyncio.sleep(0)
        with pytest.raises(SpoolFull, match="wait for the disk"):
            await spool.put([entry(20), entry(21), entry(22)])
        assert await first == [True] * 8
        assert await spool.put([entry(20)]) == [True]

    using(tmp_path / "data", check, bounds=Bounds(queue=10))


def test_a_closed_spool_says_so(tmp_path: Path) -> None:
    async def closed() -> SqliteSpool:
        spool = await SqliteSpool.open(tmp_path / "data")
        await spool.close()
        with pytest.raises(SpoolBroken, match="closed"):
            await spool.put([entry(1)])
        return spool

    asyncio.run(closed())
