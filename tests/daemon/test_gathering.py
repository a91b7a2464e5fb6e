"""Puts of one turn become one, and each hears of its own."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from router.daemon.gathering import Gathering
from router.delivery.account import RECEIVED, Account
from router.delivery.entry import Entry, dedup_key
from router.delivery.memory import MemorySpool
from router.delivery.spool import SpoolFull


def entry(number: int, source: str = "web") -> Entry:
    return Entry(
        dedup_key(source, "PIXEL", "Purchase", str(number)), "shop", source, "PIXEL", "Purchase", b"{}",
        1, 1.0, "v1",
    )  # fmt: skip


class Behind:
    """A spool that tells how often it was asked, and may take nothing."""

    def __init__(self, problem: Exception | None = None, poison: int | None = None) -> None:
        self.spool = MemorySpool()
        self.sizes: list[int] = []
        self._problem = problem
        self._poison = None if poison is None else entry(poison).key

    async def put(self, entries: Sequence[Entry], account: Account) -> list[bool]:
        self.sizes.append(len(entries))
        if self._problem is not None:
            raise self._problem
        if any(each.key == self._poison for each in entries):
            raise TypeError("one that nobody can store")
        return await self.spool.put(entries, account)


def put_together(behind: Behind, puts: Sequence[Sequence[int]]) -> list[list[bool] | BaseException]:
    async def all_at_once() -> list[list[bool] | BaseException]:
        store = Gathering(behind)
        account = Account({("", RECEIVED, ""): 1})
        calls = [store.put([entry(number) for number in numbers], account) for numbers in puts]
        return await asyncio.gather(*calls, return_exceptions=True)

    return asyncio.run(all_at_once())


@given(st.lists(st.lists(st.integers(0, 9), max_size=4), max_size=8))
def test_each_put_hears_what_it_would_have_heard_alone(puts: list[list[int]]) -> None:
    behind, alone = Behind(), MemorySpool()
    together = put_together(behind, puts)
    for numbers, answers in zip(puts, together, strict=True):
        account = Account({("", RECEIVED, ""): 1})
        assert answers == asyncio.run(alone.put([entry(number) for number in numbers], account))
    assert behind.spool.postings == alone.postings
    assert len(behind.sizes) == min(1, len(puts))


def test_when_nothing_is_taken_everybody_hears_why() -> None:
    full = SpoolFull(3.0, "no room")
    assert put_together(Behind(full), [[1], [2, 3], []]) == [full] * 3


def test_what_nobody_can_store_costs_nobody_else() -> None:
    behind = Behind(poison=2)
    first, bad, last = put_together(behind, [[1], [2], [3, 1]])
    assert (first, last) == ([True], [True, False])
    assert isinstance(bad, TypeError)


def test_a_put_has_a_bound() -> None:
    behind = Behind()
    put_together(behind, [range(first, first + 300) for first in range(0, 3000, 300)])
    assert behind.sizes == [900, 900, 900, 300]


def test_who_has_gone_takes_nobody_along() -> None:
    async def one_goes() -> list[bool]:
        store = Gathering(Behind())
        gone = asyncio.ensure_future(store.put([entry(1)], Account()))
        stays = asyncio.ensure_future(store.put([entry(2)], Account()))
        await asyncio.sleep(0)
        gone.cancel()
        answers = await stays
        with pytest.raises(asyncio.CancelledError):
            await gone
        return answers

    assert asyncio.run(one_goes()) == [True]
