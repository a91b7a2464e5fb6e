"""Conservation: whatever came in is sent, known to be a repeat, skipped, dead, removed, or waits."""

import asyncio
import contextlib
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Awaitable, Callable
from pathlib import Path

import apsw
import pytest
from delivery_samples import NOW, again, buried, delivered, entry
from hypothesis import given
from hypothesis import strategies as st
from spool_kinds import offer, put_to_death, unaccounted

from router.delivery.account import Balance, Books, balances
from router.delivery.spool import Spool, Step
from router.delivery.sqlite import FILE, SqliteSpool

Use = Callable[[SqliteSpool], Awaitable[None]]
Act = Callable[[Spool], Awaitable[object]]


def using(directory: Path, use: Use) -> None:
    async def run() -> None:
        spool = await SqliteSpool.open(directory)
        try:
            await use(spool)
        finally:
            await spool.close()

    asyncio.run(run())


# ------------------------------------------------------------------ balances


def test_a_balance_says_where_everything_went() -> None:
    postings = {
        ("", "received", ""): 10,
        ("", "rejected", "not_json"): 1,
        ("", "drop", "internal"): 2,
        ("", "unhandled", ""): 1,
        ("", "skip", "internal_error"): 1,
        ("", "routed", ""): 5,
        ("shop", "offered", ""): 9,
        ("shop", "sent", ""): 2,
        ("shop", "duplicate", ""): 1,
        ("shop", "skip", "no_consent"): 1,
        ("shop", "skip", "sampled_out"): 1,
        ("shop", "dead", "refused"): 1,
        ("shop", "dead", "too_old"): 0,
        ("shop", "purged", "refused"): 1,
        ("shop", "erased", ""): 1,
    }
    router, app, shop = balances(Books(postings, {"shop": 1, "app": 0}))
    assert router == Balance(
        "",
        10,
        {
            "rejected": {"not_json": 1},
            "drop": {"internal": 2},
            "unhandled": {"": 1},
            "skip": {"internal_error": 1},
            "routed": {"": 5},
        },
        0,
    )
    assert app == Balance("app", 0, {}, 0)
    assert (shop.total, shop.pending, shop.parts["skip"]) == (9, 1, {"no_consent": 1, "sampled_out": 1})
    assert "too_old" not in shop.parts["dead"], "nothing of it is left"
    assert (router.unaccounted, shop.unaccounted) == (0, 0)


def test_what_is_missing_or_too_much_shows() -> None:
    def shop(offered: int, sent: int, waiting: int) -> int:
        books = Books({("shop", "offered", ""): offered, ("shop", "sent", ""): sent}, {"shop": waiting})
        return balances(books)[1].unaccounted

    assert [shop(3, 1, 2), shop(3, 1, 1), shop(3, 2, 2), shop(0, 0, 4)] == [0, 1, -1, -4]


def test_empty_books_balance() -> None:
    assert balances(Books({}, {})) == [Balance("", 0, {}, 0)]


# ------------------------------------------------------------------ faults show


@pytest.mark.parametrize("fault", ["DELETE FROM delivery WHERE id = 2", "DELETE FROM kept"])
def test_an_event_that_vanishes_is_missed(tmp_path: Path, fault: str) -> None:
    async def fill(spool: SqliteSpool) -> None:
        await offer(spool, [entry(1), entry(2, destination="app")])
        assert await unaccounted(spool) == {0}

    async def look(spool: SqliteSpool) -> None:
        found = {each.destination: each.unaccounted for each in balances(await spool.archive.books())}
        assert found == {"": 0, "app": int("delivery" in fault), "shop": 0}

    using(tmp_path / "data", fill)
    with contextlib.closing(apsw.Connection(str(tmp_path / "data" / FILE))) as connection:
        connection.execute(fault)
    using(tmp_path / "data", look)


def test_an_event_that_nobody_offered_is_too_much(tmp_path: Path) -> None:
    async def check(spool: SqliteSpool) -> None:
        await spool.put([entry(1)])
        assert await unaccounted(spool) == {0, -1}

    using(tmp_path / "data", check)


def test_puts_that_are_done_again_without_a_bad_one_are_counted_once(tmp_path: Path) -> None:
    async def check(spool: SqliteSpool) -> None:
        gate = threading.Event()
        held = asyncio.ensure_future(spool._writer.do(lambda _: gate.wait()))
        good = [asyncio.ensure_future(offer(spool, [entry(number)])) for number in range(3)]
        bad = asyncio.ensure_future(offer(spool, [entry(7), entry(8, event="\ud800")]))
        # All of them are queued by then, and are one transaction.
        await asyncio.sleep(0)
        gate.set()
        assert [await held, *[await each for each in good]] == [True, [True], [True], [True]]
        with pytest.raises(UnicodeEncodeError):
            await bad
        assert (await spool.archive.books()).postings["", "received", ""] == 3
        assert await unaccounted(spool) == {0}

    using(tmp_path / "data", check)


# ------------------------------------------------------------------ the law


ROWS = st.lists(st.integers(1, 30), max_size=5)


def _settling(row: int) -> st.SearchStrategy[Step]:
    return st.sampled_from([*delivered(row), buried(row), buried(row, "too_old"), again(row, NOW)])


def _put(numbers: list[tuple[int, str]]) -> Act:
    return lambda spool: offer(
        spool, [entry(number, destination=name, kept=b"{}") for number, name in numbers]
    )


def _claim(name: str, limit: int) -> Act:
    return lambda spool: spool.claim(name, limit, NOW)


def _settle(steps: list[Step]) -> Act:
    return lambda spool: spool.settle(steps, NOW)


def _purge(late: int) -> Act:
    return lambda spool: spool.purge(NOW + late, dead_before=NOW + late, limit=2)


def _evict(dead_bytes: int) -> Act:
    return lambda spool: spool.evict(dead_bytes, NOW, limit=2)


def _replay(rows: list[int]) -> Act:
    return lambda spool: spool.archive.replay(rows, NOW)


def _discard(rows: list[int]) -> Act:
    return lambda spool: spool.archive.discard(rows, NOW)


def _erase(rows: list[int]) -> Act:
    return lambda spool: spool.archive.erase(rows, NOW)


def _recover(_: None) -> Act:
    return lambda spool: spool.recover()


def _look(_: None) -> Act:
    return balanced


async def balanced(spool: Spool) -> None:
    assert await unaccounted(spool) == {0}


names = st.sampled_from(["shop", "app"])
acts = st.one_of(
    st.builds(_put, st.lists(st.tuples(st.integers(0, 9), names), max_size=5)),
    st.builds(_claim, names, st.integers(1, 5)),
    st.builds(_settle, st.lists(st.integers(1, 30).flatmap(_settling), max_size=6)),
    st.builds(_purge, st.sampled_from([0, 1, 200_000])),
    st.builds(_evict, st.integers(0, 200)),
    st.builds(_replay, ROWS),
    st.builds(_discard, ROWS),
    st.builds(_erase, ROWS),
    st.builds(_recover, st.none()),
    st.builds(_look, st.none()),
)


@given(lives=st.lists(st.lists(st.lists(acts, max_size=6), max_size=6), min_size=1, max_size=3))
def test_the_books_balance_at_every_moment_whatever_is_done_at_once(lives: list[list[list[Act]]]) -> None:
    """A life of the process is a list of things that are done one after another, each of several at once."""

    async def run(directory: Path) -> None:
        for life in lives:
            spool = await SqliteSpool.open(directory, hot_keys=3)
            try:
                await balanced(spool)
                for together in life:
                    await asyncio.gather(*(act(spool) for act in together))
                    await balanced(spool)
            finally:
                await spool.close()

    with tempfile.TemporaryDirectory() as directory:
        asyncio.run(run(Path(directory) / "data"))


# ------------------------------------------------------------------ across kill -9

CHILD = """
import asyncio, sys
from pathlib import Path
from delivery_samples import NOW, again, buried, delivered, entry
from router.delivery.sqlite import SqliteSpool
from spool_kinds import claimed, offer

async def offering(spool, client):
    for number in range(client, 10**9, 8):
        await offer(spool, [entry(number), entry(number), entry(number + 1)])
        sys.stdout.write("offered\\n")
        sys.stdout.flush()

async def sending(spool):
    while True:
        rows = await claimed(spool, 7)
        steps = [*delivered(*rows[2:]), *map(buried, rows[:1]), *(again(row, NOW) for row in rows[1:2])]
        await spool.settle(steps, NOW)
        await asyncio.sleep(0)

async def operating(spool):
    while True:
        dead = [letter.id for letter in await spool.archive.dead(9)]
        await spool.archive.replay(dead[:2], NOW)
        await spool.archive.discard(dead[2:4], NOW)
        await spool.archive.erase(dead[4:6], NOW)
        await spool.evict(2000, NOW, limit=5)
        await asyncio.sleep(0)

async def main():
    spool = await SqliteSpool.open(Path(sys.argv[1]))
    await spool.recover()
    await asyncio.gather(*(offering(spool, client) for client in range(8)), sending(spool), operating(spool))

asyncio.run(main())
"""


def crash(directory: Path, after: int) -> int:
    """How many offers a child acknowledged before it was killed, at least `after`."""
    root = Path(__file__).parents[2]
    command = [sys.executable, "-c", CHILD, str(directory)]
    paths = {"PYTHONPATH": "tests/delivery:."}
    with subprocess.Popen(command, stdout=subprocess.PIPE, cwd=root, env=paths) as child:
        assert child.stdout is not None
        lines = [child.stdout.readline() for _ in range(after)]
        child.send_signal(signal.SIGKILL)
        lines += child.stdout.readlines()
    assert child.returncode == -signal.SIGKILL
    return lines.count(b"offered\n")


@pytest.mark.parametrize("after", [1, 60, 300])
def test_the_books_balance_after_a_crash(tmp_path: Path, after: int) -> None:
    acknowledged = crash(tmp_path / "data", after)
    acknowledged += crash(tmp_path / "data", after)

    async def look(spool: SqliteSpool) -> None:
        await balanced(spool)
        await spool.recover()
        await balanced(spool)
        received = (await spool.archive.books()).postings["", "received", ""]
        # Of those that asked at that moment some were stored, and never heard of it.
        assert 0 <= received - 3 * acknowledged <= 3 * 8 * 2
        await put_to_death(spool, [entry(10**9)])
        await balanced(spool)

    using(tmp_path / "data", look)
