"""The writer's thread: groups, faults, and never a false "durable"."""

import asyncio
import threading
from collections.abc import Callable
from typing import Any

import pytest

from router.delivery.spool import SpoolBroken, SpoolError, SpoolFull
from router.delivery.writer import GROUP_MAX, Writer


class DiskError(Exception):
    pass


class FakeStore:
    """A store that remembers what was committed and fails on demand."""

    def __init__(self) -> None:
        self.doing: list[int] = []
        self.commits: list[list[int]] = []
        self.fault: dict[str, Exception] = {}
        self.closed = False
        self.tidied = threading.Event()

    def begin(self) -> None:
        self.doing = []

    def finish(self) -> None:
        self._fail("finish")

    def commit(self) -> None:
        self._fail("commit")
        self.commits.append(self.doing)

    def rollback(self) -> None:
        self._fail("rollback")
        self.doing = []

    def _fail(self, at: str) -> None:
        if at in self.fault:
            raise self.fault[at]

    def meaning(self, problem: Exception) -> SpoolError | None:
        if isinstance(problem, DiskError):
            return SpoolBroken("the disk failed")
        return SpoolFull(1, "full") if isinstance(problem, MemoryError) else None

    def tidy(self) -> None:
        self.tidied.set()

    def close(self) -> None:
        self.closed = True


def adding(number: int) -> Callable[[FakeStore], int]:
    def job(store: FakeStore) -> int:
        store.doing.append(number)
        if number < 0:
            raise ValueError(number)
        return number

    return job


def run(
    check: Callable[[Writer[FakeStore], FakeStore], Any], store: FakeStore | None = None, **options: Any
) -> FakeStore:
    store = store or FakeStore()

    async def whole() -> None:
        writer = Writer(lambda: store, **options)
        await writer.start()
        await check(writer, store)
        await writer.stop()

    asyncio.run(whole())
    assert store.closed
    return store


async def together(writer: Writer[FakeStore], *numbers: int) -> list[Any]:
    return await asyncio.gather(*(writer.do(adding(n)) for n in numbers), return_exceptions=True)


def test_what_waits_is_committed_together() -> None:
    async def check(writer: Writer[FakeStore], _: FakeStore) -> None:
        assert await together(writer, *range(200)) == list(range(200))
        assert writer.waiting == 0

    store = run(check)
    assert sum(map(len, store.commits)) == 200
    assert len(store.commits) < 100


def test_a_group_has_a_bound_and_a_heavy_job_goes_alone() -> None:
    async def check(writer: Writer[FakeStore], _: FakeStore) -> None:
        await asyncio.gather(*(writer.do(adding(n), weight=GROUP_MAX - 1) for n in range(4)))

    assert run(check).commits == [[0], [1], [2], [3]]


def test_the_jobs_of_a_group_run_by_their_turn_and_are_finished_together() -> None:
    class Late(FakeStore):
        def finish(self) -> None:
            self.doing.append(0)

    async def check(writer: Writer[FakeStore], store: FakeStore) -> None:
        gate, holds = threading.Event(), threading.Event()

        def hold(_: FakeStore) -> None:
            holds.set()
            gate.wait()

        held = asyncio.ensure_future(writer.do(hold))
        await asyncio.to_thread(holds.wait)
        told: list[int] = []
        jobs = [writer.do(adding(n), turn=n % 3, committed=told.append) for n in (5, 3, 1, 4, 6)]
        waiting = asyncio.gather(*jobs)
        await asyncio.sleep(0)
        gate.set()
        assert await waiting == [5, 3, 1, 4, 6], "each has its own answer"
        await held
        assert told == [3, 6, 1, 4, 5], "told in the order that they ran in"
        assert store.commits[-1] == [3, 6, 1, 4, 5, 0]

    run(check, store=Late())


def test_what_cannot_be_finished_is_nobody_elses_failure() -> None:
    class Fussy(FakeStore):
        def finish(self) -> None:
            if 13 in self.doing:
                raise ValueError(13)

    async def check(writer: Writer[FakeStore], _: FakeStore) -> None:
        *good, bad = await together(writer, 1, 2, 13)
        assert good == [1, 2]
        assert isinstance(bad, ValueError)

    assert sorted(n for group in run(check, store=Fussy()).commits for n in group) == [1, 2]


def test_a_failing_job_fails_alone() -> None:
    async def check(writer: Writer[FakeStore], _: FakeStore) -> None:
        first, bad, last = await together(writer, 1, -2, 3)
        assert (first, last) == (1, 3)
        assert isinstance(bad, ValueError)

    assert sorted(n for group in run(check).commits for n in group) == [1, 3]


def test_after_a_failed_commit_nothing_is_called_durable_ever_again() -> None:
    async def check(writer: Writer[FakeStore], store: FakeStore) -> None:
        store.fault["commit"] = DiskError()
        told: list[int] = []
        answers = await asyncio.gather(
            *(writer.do(adding(n), committed=told.append) for n in range(3)), return_exceptions=True
        )
        assert [type(each) for each in answers] == [SpoolBroken] * 3
        store.fault.clear()
        with pytest.raises(SpoolBroken):
            await writer.do(adding(9))
        assert told == []

    assert run(check).commits == []


def test_no_room_is_told_and_work_goes_on() -> None:
    async def check(writer: Writer[FakeStore], store: FakeStore) -> None:
        store.fault["commit"] = MemoryError()
        assert [type(each) for each in await together(writer, 1, 2)] == [SpoolFull] * 2
        store.fault.clear()
        assert await writer.do(adding(3)) == 3

    assert run(check).commits == [[3]]


def test_a_rollback_that_fails_is_the_end() -> None:
    async def check(writer: Writer[FakeStore], store: FakeStore) -> None:
        store.fault["rollback"] = DiskError()
        with pytest.raises(SpoolBroken):
            await writer.do(adding(-1))

    run(check)


def test_who_was_cancelled_is_still_committed_and_accounted_for() -> None:
    async def check(writer: Writer[FakeStore], _: FakeStore) -> None:
        told: list[int] = []
        waiter = asyncio.ensure_future(writer.do(adding(1), committed=told.append))
        await asyncio.sleep(0)
        waiter.cancel()
        await writer.do(adding(2))
        assert told == [1]
        assert writer.waiting == 0

    run(check)


def test_opening_errors_reach_the_opener() -> None:
    def failing() -> FakeStore:
        raise SpoolError("no such disk")

    with pytest.raises(SpoolError, match="no such disk"):
        asyncio.run(Writer(failing).start())


def test_an_idle_store_is_tidied() -> None:
    async def check(writer: Writer[FakeStore], store: FakeStore) -> None:
        await asyncio.to_thread(store.tidied.wait)

    run(check, idle_seconds=0.001)


def test_a_store_that_is_asked_now_and_then_is_tidied_too() -> None:
    async def check(writer: Writer[FakeStore], store: FakeStore) -> None:
        while not store.tidied.is_set():
            await writer.do(adding(1))
            await asyncio.sleep(0.002)

    run(check, idle_seconds=0.01)
