"""A spool copied while it is in use, put back, and checked."""

import asyncio
import contextlib
import shutil
import stat
from collections.abc import Awaitable, Callable
from pathlib import Path

import apsw
import pytest
from delivery_samples import NOW, buried, delivered, entries, entry
from spool_kinds import claimed, offer, put_to_death, unaccounted

from router.delivery.backup import check, copy_of, restore
from router.delivery.spool import SpoolUnusable
from router.delivery.sqlite import FILE, SqliteSpool
from router.delivery.tables import VERSION

TAKEN = NOW + 100
Use = Callable[[SqliteSpool], Awaitable[None]]


def using(directory: Path, use: Use) -> None:
    async def run() -> None:
        spool = await SqliteSpool.open(directory)
        try:
            await use(spool)
        finally:
            await spool.close()

    asyncio.run(run())


async def nothing(_: SqliteSpool) -> None:
    pass


async def some(spool: SqliteSpool) -> None:
    """Row 1 is dead, row 2 being sent, row 3 waits; row 4 was sent."""
    given = entries(4, kept=b'{"kept":1}')
    await put_to_death(spool, given[:1])
    await offer(spool, given[1:])
    rows = await claimed(spool)
    await spool.settle(delivered(rows[-1]), NOW)
    await spool.recover()
    await claimed(spool, 1)


@pytest.fixture
def data(tmp_path: Path) -> Path:
    using(tmp_path / "data", some)
    return tmp_path / "data"


@pytest.fixture
def copy(tmp_path: Path, data: Path) -> Path:
    copy_of(data / FILE, tmp_path / "copy.sqlite", TAKEN)
    return tmp_path / "copy.sqlite"


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


# ------------------------------------------------------------------ copying


def test_a_copy_holds_everything_and_what_waits_counts_as_perhaps_sent(tmp_path: Path, copy: Path) -> None:
    async def look(spool: SqliteSpool) -> None:
        assert await spool.recover() == 0, "nothing of it is being sent"
        waiting = await spool.archive.waiting()
        assert [(row.id, row.first_ambiguous_at) for row in waiting] == [(2, NOW), (3, NOW)]
        (letter,) = await spool.archive.dead()
        assert (letter.id, letter.entry.payload) == (1, entry(0).payload)
        assert (await spool.archive.kept([1, 2, 3])).keys() == {1, 2, 3}
        assert await spool.put(entries(5)) == [False] * 4 + [True]
        assert await unaccounted(spool) != {0}, "the last was not offered: the books are those of the copy"

    assert restore(copy, tmp_path / "restored") == 2
    using(tmp_path / "restored", look)


def test_the_doubt_of_a_copy_begins_when_it_is_taken_where_there_was_none(tmp_path: Path) -> None:
    async def waiting(spool: SqliteSpool) -> None:
        await spool.put(entries(2))

    async def look(spool: SqliteSpool) -> None:
        assert {row.first_ambiguous_at for row in await spool.archive.waiting()} == {TAKEN}

    using(tmp_path / "data", waiting)
    copy_of(tmp_path / "data" / FILE, tmp_path / "copy", TAKEN)
    restore(tmp_path / "copy", tmp_path / "restored")
    using(tmp_path / "restored", look)


def test_the_original_is_not_touched(data: Path, copy: Path) -> None:
    async def look(spool: SqliteSpool) -> None:
        assert (await spool.stats()).leased == {"shop": 1}
        assert [row.first_ambiguous_at for row in await spool.archive.waiting()] == [NOW, NOW]

    using(data, look)


def test_a_copy_is_private_and_alone(tmp_path: Path, copy: Path) -> None:
    assert mode(copy) == 0o600
    assert sorted(path.name for path in tmp_path.iterdir()) == ["copy.sqlite", "data"]


def test_an_existing_file_is_not_overwritten(tmp_path: Path, data: Path) -> None:
    (tmp_path / "copy").write_bytes(b"precious")
    with pytest.raises(SpoolUnusable, match=r"copy exists already\n  fix: "):
        copy_of(data / FILE, tmp_path / "copy", TAKEN)
    assert (tmp_path / "copy").read_bytes() == b"precious"


def test_what_cannot_be_copied_leaves_no_half_copy(tmp_path: Path, data: Path) -> None:
    with pytest.raises(SpoolUnusable, match="none is not a file"):
        copy_of(tmp_path / "none", tmp_path / "copy", TAKEN)
    with pytest.raises(SpoolUnusable, match="could not be written: No such file or directory"):
        copy_of(data / FILE, tmp_path / "nowhere" / "copy", TAKEN)
    (tmp_path / "garbage").write_bytes(b"not a database" * 1000)
    with pytest.raises(SpoolUnusable, match="could not be written: NotADBError"):
        copy_of(tmp_path / "garbage", tmp_path / "copy", TAKEN)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["data", "garbage"]


def test_what_an_interrupted_copy_left_is_no_obstacle(tmp_path: Path, data: Path) -> None:
    (tmp_path / "copy.part").write_bytes(b"half a copy")
    copy_of(data / FILE, tmp_path / "copy", TAKEN)
    assert restore(tmp_path / "copy", tmp_path / "restored") == 2
    assert not (tmp_path / "copy.part").exists()


async def working(spool: SqliteSpool, client: int) -> None:
    """Put, send and bury, 250 times, as a daemon does it."""
    for number in range(client, 2_000, 8):
        assert await offer(spool, [entry(number), entry(number)]) == [True, False]
        if rows := await claimed(spool, 3):
            await spool.settle([*delivered(*rows[1:]), buried(rows[0])], NOW)


def test_a_copy_that_is_taken_under_load_is_of_one_moment(tmp_path: Path) -> None:
    copies = [tmp_path / f"copy-{number}" for number in range(4)]

    async def copying(spool: SqliteSpool) -> None:
        for number, copy in enumerate(copies):
            await offer(spool, [entry(10_000 + number)])
            await asyncio.to_thread(copy_of, tmp_path / "data" / FILE, copy, TAKEN)

    async def load(spool: SqliteSpool) -> None:
        await asyncio.gather(*(working(spool, client) for client in range(8)), copying(spool))
        books = await spool.archive.books()
        assert books.postings["shop", "offered", ""] == 4_000 + len(copies)
        assert await unaccounted(spool) == {0}, "copying cost nothing"

    async def look(spool: SqliteSpool) -> None:
        assert (await spool.stats()).leased == {}
        waiting = await spool.archive.waiting(5_000)
        assert all(row.first_ambiguous_at is not None for row in waiting)
        assert await unaccounted(spool) == {0}
        sizes.append((await spool.archive.books()).postings["shop", "offered", ""])

    sizes: list[int] = []
    using(tmp_path / "data", load)
    for number, copy in enumerate(copies):
        restore(copy, tmp_path / f"restored-{number}")
        using(tmp_path / f"restored-{number}", look)
        assert check(tmp_path / f"restored-{number}" / FILE) == []
    assert sizes == sorted(set(sizes)), "each is later than the one before"


# ------------------------------------------------------------------ putting it back


def test_a_restored_spool_is_private_and_the_copy_stays(tmp_path: Path, copy: Path) -> None:
    copy.chmod(0o644)
    before = copy.read_bytes()
    restore(copy, tmp_path / "deep" / "restored")
    assert mode(tmp_path / "deep" / "restored") == 0o700
    assert {path.name: mode(path) for path in (tmp_path / "deep" / "restored").iterdir()} == {
        FILE: 0o600,
        "lock": 0o600,
    }
    assert (copy.read_bytes(), [*copy.parent.glob("copy.sqlite?*")]) == (before, [])


def test_a_copy_may_be_called_anything(tmp_path: Path, copy: Path) -> None:
    odd = copy.rename(tmp_path / "50% of #1?.sqlite")
    assert restore(odd, tmp_path / "restored") == 2


@pytest.mark.parametrize("left", [FILE, f"{FILE}-wal"])
def test_a_directory_with_a_spool_is_not_overwritten(tmp_path: Path, copy: Path, left: str) -> None:
    (tmp_path / "taken").mkdir(0o700)
    (tmp_path / "taken" / left).write_bytes(b"of another spool")
    with pytest.raises(SpoolUnusable, match=f"taken has a spool already\n  fix: move {left} away first"):
        restore(copy, tmp_path / "taken")
    assert (tmp_path / "taken" / left).read_bytes() == b"of another spool"
    (tmp_path / "taken" / left).unlink()
    assert restore(copy, tmp_path / "taken") == 2, "the directory was given back"


def test_a_directory_in_use_is_refused(tmp_path: Path, data: Path, copy: Path) -> None:
    async def meanwhile(_: SqliteSpool) -> None:
        with pytest.raises(SpoolUnusable, match="in use by another process"):
            restore(copy, data)

    using(data, meanwhile)


def refused(copy: Path, target: Path, problem: str) -> None:
    with pytest.raises(SpoolUnusable, match=problem):
        restore(copy, target)
    assert not target.exists(), "nothing was begun"


def test_what_is_no_backup_is_refused(tmp_path: Path, copy: Path) -> None:
    target = tmp_path / "restored"
    refused(tmp_path / "none", target, "none is not a file")
    refused(tmp_path, target, "is not a file")
    (tmp_path / "garbage").write_bytes(b"not a database" * 1000)
    refused(tmp_path / "garbage", target, "cannot be read as a backup: NotADBError")
    (tmp_path / "empty").touch()
    refused(tmp_path / "empty", target, "is not a backup of a spool that this version can read")
    with contextlib.closing(apsw.Connection(str(tmp_path / "theirs"))) as connection:
        connection.execute("CREATE TABLE delivery (x)")
    refused(tmp_path / "theirs", target, "is not a backup of a spool")
    with contextlib.closing(apsw.Connection(str(copy))) as connection:
        connection.execute(f"PRAGMA user_version = {VERSION + 1}")
    refused(copy, target, "is not a backup of a spool that this version can read")


def spoil(path: Path, page: int) -> None:
    """Overwrite the header of a page."""
    content = bytearray(path.read_bytes())
    assert len(content) > (page + 1) * 4096
    content[page * 4096 : page * 4096 + 64] = b"\xa5" * 64
    path.write_bytes(content)


def pages(path: Path) -> int:
    return path.stat().st_size // 4096


def test_a_damaged_backup_is_refused_wherever_the_damage_is(tmp_path: Path, copy: Path) -> None:
    for page in range(1, pages(copy) - 1):
        bad = Path(shutil.copyfile(copy, tmp_path / "bad"))
        spoil(bad, page)
        refused(bad, tmp_path / "restored", "is damaged|cannot be read as a backup")


def test_a_backup_that_was_cut_off_is_refused(tmp_path: Path, copy: Path) -> None:
    bad = tmp_path / "bad"
    bad.write_bytes(copy.read_bytes()[: -4096 * 3])
    refused(bad, tmp_path / "restored", "is damaged|cannot be read as a backup")


# ------------------------------------------------------------------ checking


def test_a_good_spool_has_nothing_wrong(data: Path) -> None:
    assert check(data / FILE) == []
    using(data, nothing)


def test_of_a_damaged_spool_it_is_said_what_is_wrong(data: Path) -> None:
    good = (data / FILE).read_bytes()
    for page in range(1, pages(data / FILE) - 1):
        (data / FILE).write_bytes(good)
        spoil(data / FILE, page)
        assert check(data / FILE), page


def test_what_cannot_be_checked_is_said_and_not_made(tmp_path: Path) -> None:
    with pytest.raises(SpoolUnusable, match="none is not a file"):
        check(tmp_path / "none")
    (tmp_path / "garbage").write_bytes(b"not a database" * 1000)
    with pytest.raises(SpoolUnusable, match="garbage cannot be opened"):
        check(tmp_path / "garbage")
    assert [path.name for path in tmp_path.iterdir()] == ["garbage"]
