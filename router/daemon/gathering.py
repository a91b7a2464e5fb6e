"""Puts of one turn of the event loop as one: a hundred small requests cost the disk as much as one."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from router.daemon.acceptor import Store
from router.delivery.account import Account, Posting
from router.delivery.entry import Entry
from router.delivery.spool import SpoolError

_MOST: Final = 1000
"""Entries of one put."""


@dataclass(slots=True)
class _Put:
    entries: Sequence[Entry]
    account: Account
    answer: asyncio.Future[list[bool]]


class Gathering:
    """A `Store` before another one. When the other takes nothing, each put hears why."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._waiting: list[_Put] = []
        self._tasks: set[asyncio.Task[None]] = set()

    async def put(self, entries: Sequence[Entry], account: Account) -> list[bool]:
        loop = asyncio.get_running_loop()
        put = _Put(entries, account, loop.create_future())
        if not self._waiting:
            loop.call_soon(self._flush)
        self._waiting.append(put)
        return await put.answer

    def _flush(self) -> None:
        waiting, self._waiting = self._waiting, []
        for group in _groups(waiting):
            task = asyncio.ensure_future(self._put(group))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _put(self, group: Sequence[_Put]) -> None:
        entries = [entry for put in group for entry in put.entries]
        try:
            answers = await self._store.put(entries, _together(group))
        except SpoolError as problem:
            for put in group:
                _fail(put, problem)
        except Exception as problem:
            await self._put_apart(group, problem)
        else:
            _share(group, answers)

    async def _put_apart(self, group: Sequence[_Put], problem: Exception) -> None:
        """One of them does what none may do; the others shall not suffer for it."""
        if len(group) == 1:
            _fail(group[0], problem)
            return
        for put in group:
            await self._put([put])


def _groups(waiting: Sequence[_Put]) -> list[list[_Put]]:
    groups: list[list[_Put]] = [[]]
    size = 0
    for put in waiting:
        if groups[-1] and size + len(put.entries) > _MOST:
            groups.append([])
            size = 0
        groups[-1].append(put)
        size += len(put.entries)
    return groups


def _together(group: Sequence[_Put]) -> Account:
    if len(group) == 1:
        return group[0].account
    postings: Counter[Posting] = Counter()
    for put in group:
        for posting, count in put.account.postings.items():
            postings[posting] += count
    return Account(postings, [record for put in group for record in put.account.records])


def _share(group: Sequence[_Put], answers: Sequence[bool]) -> None:
    first = 0
    for put in group:
        last = first + len(put.entries)
        if not put.answer.done():
            put.answer.set_result(list(answers[first:last]))
        first = last


def _fail(put: _Put, problem: Exception) -> None:
    if not put.answer.done():
        put.answer.set_exception(problem)
