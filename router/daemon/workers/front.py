"""The front of a daemon with workers: it serves them, and is what they are together."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from router.daemon.deployment import Deployment
from router.daemon.taking import Backing
from router.daemon.workers.beginning import Beginning, recipe_of
from router.daemon.workers.crew import Crew, told_time_of
from router.daemon.workers.figures import Figures
from router.daemon.workers.line import Calls, Told
from router.delivery.account import Account, Posting, Record
from router.delivery.entry import Entry
from router.delivery.spool import SpoolBroken
from router.lang.outcome import Arrival
from router.settings import Address
from router.visitors import Visitor


class FrontOfWorkers:
    """Events come in by `settings.workers` processes."""

    def __init__(self, backing: Backing, secrets: Collection[str]) -> None:
        self._backing = backing
        settings = backing.settings
        calls: Calls = {"put": self._put, "leapt": self._leapt, "meet": self._meet}
        told: Told = {"offer": self._offer, "order": backing.orders.note}
        self._crew = Crew(
            settings.workers, settings.listen, calls, told, self._beginning, secrets, backing.clock,
            backing.metrics.workers.restarted,
        )  # fmt: skip

    async def start(self) -> None:
        """Returns when all workers take requests."""
        await self._crew.start()

    # -------------------------------------------------------------- what workers ask and tell

    async def _put(
        self, plain: Sequence[tuple[Any, ...]], postings: Mapping[Posting, int], records: Sequence[Record]
    ) -> bytes:
        try:
            stored = await self._backing.store.put(list(map(Entry._make, plain)), Account(postings, records))
        except SpoolBroken:
            self._backing.broken()
            raise
        return bytes(stored)

    async def _leapt(self) -> None:
        await self._backing.leapt()

    async def _meet(
        self, arrivals: Sequence[Arrival], now: float, country: str | None
    ) -> tuple[list[Visitor], int]:
        memory = self._backing.memory
        if memory is None:
            raise RuntimeError("no visitors are remembered")
        known = await memory.meet(arrivals, now, country)
        self._backing.metrics.visitors.kept(memory.rows)
        return known, memory.rows

    def _offer(self, arrivals: Sequence[Arrival]) -> None:
        if self._backing.shadow is not None:
            self._backing.shadow.offer(arrivals)

    def _beginning(self) -> Beginning:
        backing = self._backing
        return Beginning(
            backing.settings, recipe_of(backing.deployment()), backing.memory is not None,
            backing.shadow is not None,
            told_time_of(backing.clock, shared=backing.settings.spool is not None),
        )  # fmt: skip

    # -------------------------------------------------------------- see `Front`

    @property
    def address(self) -> Address:
        return self._crew.address

    @property
    def trouble(self) -> str | None:
        return None if self._crew.running else "no worker runs"

    def reload_keys(self) -> None:
        self._crew.tell("keys")

    async def take(self, deployment: Deployment) -> None:
        await self._crew.take(recipe_of(deployment))

    async def count(self) -> Figures:
        self._backing.metrics.workers.running(self._crew.running)
        return await self._crew.count()

    async def stop(self, seconds: float) -> None:
        await self._crew.stop(seconds)
