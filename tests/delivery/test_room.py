"""Room on the disk: refused before it is used up, and what is there can always leave."""

import asyncio
import stat
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from delivery_samples import NOW, delivered, entries, entry
from hypothesis import given
from hypothesis import strategies as st

from router.delivery.room import FILE, Glance, Reserve, Room, space_of
from router.delivery.spool import SpoolFull
from router.delivery.sqlite import SqliteSpool


class Disk:
    """A disk of 1,000,000 bytes as the spool sees it."""

    def __init__(self, free: int = 900_000) -> None:
        self.free = free

    def __call__(self, path: Path) -> tuple[int, int]:
        return self.free, 1_000_000


def using(
    directory: Path, disk: Disk, reserve: Reserve, use: Callable[[SqliteSpool], Awaitable[None]]
) -> None:
    async def run() -> None:
        spool = await SqliteSpool.open(directory, reserve=reserve, space=disk)
        try:
            await use(spool)
        finally:
            await spool.close()

    asyncio.run(run())


async def fill(spool: SqliteSpool) -> int:
    """Let the file grow no more, as on a full disk; the number of the first entry that did not fit."""
    pages = await spool._writer.do(lambda ledger: ledger.tables.connection.pragma("page_count"))
    await spool._writer.do(lambda ledger: ledger.tables.connection.pragma("max_page_count", pages))
    for number in range(100, 1000):
        try:
            await spool.put([entry(number, payload=b"x" * 4000)])
        except SpoolFull:
            return number
    raise AssertionError("it never was full")


@pytest.mark.parametrize("reserve", [Reserve(free_bytes=50_000), Reserve(free_share=0.05)])
def test_a_disk_that_is_nearly_full_takes_nothing_more_and_lets_go_of_what_is_there(
    tmp_path: Path, reserve: Reserve
) -> None:
    disk = Disk()

    async def check(spool: SqliteSpool) -> None:
        await spool.put(entries(3))
        disk.free = 49_999
        with pytest.raises(SpoolFull, match="nearly full") as full:
            await spool.put([entry(9)])
        assert 5 <= full.value.retry_after <= 15
        assert await spool.put(entries(3)) == [False] * 3, "a repeat needs no room"
        rows = (await spool.claim("shop", 9, NOW)).rows
        assert await spool.settle(delivered(*(row.id for row in rows)), NOW) == 3

    using(tmp_path / "data", disk, reserve, check)


def test_it_opens_again_when_there_is_room_worth_speaking_of(tmp_path: Path) -> None:
    disk = Disk()
    room = Room(None, tmp_path, Reserve(free_bytes=50_000), disk)
    answers = []
    for free in (49_000, 51_000, 59_999, 60_000, 51_000, 49_000):
        disk.free = free
        answers.append(room.refusal() is None)
    assert answers == [False, False, False, True, True, False]


@given(st.lists(st.integers(0, 100_000), max_size=30))
def test_nothing_is_taken_below_the_low_water(levels: list[int]) -> None:
    disk = Disk()
    room = Room(None, Path(), Reserve(free_bytes=50_000), disk)
    for disk.free in levels:
        taken = room.refusal() is None
        assert not (taken and disk.free < 50_000)
        assert taken or disk.free < 60_000


def test_the_ballast_is_there_from_the_start_and_private(tmp_path: Path) -> None:
    async def check(_: SqliteSpool) -> None:
        found = (tmp_path / "data" / FILE).stat()
        assert (found.st_size, stat.S_IMODE(found.st_mode)) == (8192, 0o600)
        assert found.st_blocks * 512 >= 8192, "it holds its place on the disk"

    using(tmp_path / "data", Disk(), Reserve(ballast_bytes=8192), check)
    using(tmp_path / "data", Disk(), Reserve(ballast_bytes=8192), check)


def test_without_room_for_a_ballast_the_spool_opens_all_the_same(tmp_path: Path) -> None:
    disk = Disk(8000)

    async def check(spool: SqliteSpool) -> None:
        assert (tmp_path / "data" / FILE).stat().st_size == 0
        assert await spool.put([entry(1)]) == [True]
        disk.free = 900_000
        await spool.purge(NOW)
        assert (tmp_path / "data" / FILE).stat().st_size == 8192

    using(tmp_path / "data", disk, Reserve(ballast_bytes=8192), check)


def test_a_full_disk_costs_the_ballast_until_there_is_room_again(tmp_path: Path) -> None:
    disk, ballast = Disk(), tmp_path / "data" / FILE

    async def check(spool: SqliteSpool) -> None:
        await spool.put([entry(number) for number in range(5)])
        await fill(spool)
        assert ballast.stat().st_size == 0
        with pytest.raises(SpoolFull, match="nearly full"):
            await spool.put([entry(9)])
        rows = (await spool.claim("shop", 1000, NOW)).rows
        assert await spool.settle(delivered(*(row.id for row in rows)), NOW) == len(rows) > 0
        disk.free = 100
        await spool.purge(NOW)
        assert ballast.stat().st_size == 0
        disk.free = 900_000
        await spool.purge(NOW)
        assert ballast.stat().st_size == 8192
        await spool._writer.do(lambda ledger: ledger.tables.connection.pragma("max_page_count", 2**30))
        assert await spool.put([entry(9)]) == [True], "nothing of what was refused had been stored"

    using(tmp_path / "data", disk, Reserve(ballast_bytes=8192), check)


def test_a_ballast_that_somebody_removed_is_made_anew(tmp_path: Path) -> None:
    ballast = tmp_path / "data" / FILE

    async def check(spool: SqliteSpool) -> None:
        ballast.unlink()
        await fill(spool)
        await spool.purge(NOW)
        assert ballast.stat().st_size == 8192

    using(tmp_path / "data", Disk(), Reserve(ballast_bytes=8192), check)


def test_no_ballast_is_made_when_it_is_switched_off(tmp_path: Path) -> None:
    async def check(spool: SqliteSpool) -> None:
        await fill(spool)
        assert not (tmp_path / "data" / FILE).exists()

    using(tmp_path / "data", Disk(), Reserve(), check)


@pytest.mark.parametrize(
    ("free", "spare", "shut"), [(6_000, 4_000, False), (6_000, 1_000, True), (0, 90_000, True)]
)
def test_after_a_full_disk_a_smaller_ballast_does_where_the_file_has_room_of_its_own(
    tmp_path: Path, free: int, spare: int, shut: bool
) -> None:
    disk = Disk()
    room = Room(tmp_path / FILE, tmp_path, Reserve(ballast_bytes=8192), disk)
    room.refill()
    room.throw_off()
    disk.free = free
    room.refill(spare)
    assert (room.refusal() is not None) == shut
    assert (tmp_path / FILE).stat().st_size == (0 if shut else free // 2)
    disk.free = 900_000
    room.refill(spare)
    assert (room.refusal(), (tmp_path / FILE).stat().st_size) == (None, 8192)


def test_a_glance_is_good_for_a_moment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    times, looks = iter((5.0, 5.4, 5.5, 5.9, 7.0)), list[Path]()

    def looked(path: Path) -> tuple[int, int]:
        looks.append(path)
        return space_of(path)

    monkeypatch.setattr("router.delivery.room.space_of", looked)
    glance = Glance(0.5, lambda: next(times))
    for _ in range(5):
        assert glance(tmp_path)[1] == space_of(tmp_path)[1]
    assert len(looks) == 3
