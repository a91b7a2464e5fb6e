"""What was promised and what arrived: clients, the place where events go, and the judge, in one process."""

from __future__ import annotations

import asyncio
import contextlib
import json
import random
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

PATIENCE = 20.0
_LOOK = 0.05


@dataclass(slots=True)
class Oracle:
    """Ids that were answered are obligations. `ports` are those of the routers that may be asked now."""

    seed: int
    ports: list[int] = field(default_factory=list)
    accepted: set[str] = field(default_factory=set)
    taken_as_new: Counter[str] = field(default_factory=Counter)
    delivered: Counter[str] = field(default_factory=Counter)
    senders: Counter[int] = field(default_factory=Counter)
    busy: int = 0
    slowest: float = 0.0
    """Seconds that a router took for an answer, at most."""
    tiktok: int = 0
    answering: float = 0.002
    """Seconds that the destination takes for an answer."""
    _tasks: list[asyncio.Task[None]] = field(default_factory=list)
    _ending: bool = False
    _server: asyncio.Server | None = None

    async def start(self, clients: int) -> None:
        self._server = await asyncio.start_server(self._take, "127.0.0.1", 0)
        self.tiktok = self._server.sockets[0].getsockname()[1]
        self._tasks = [asyncio.create_task(self._post(client)) for client in range(clients)]

    async def _take(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
            if line := await reader.readline():
                said = json.loads(line)
                self.delivered.update(said["ids"])
                self.senders[said["from"]] += len(said["ids"])
                await asyncio.sleep(self.answering)
                writer.write(b"{}\n")
                await writer.drain()
        writer.close()

    # A client: again until it is answered, and now and then once more.

    async def _post(self, client: int) -> None:
        rng = random.Random(self.seed * 1000 + client)  # noqa: S311 - a repeatable one
        number = 0
        while not self._ending:
            size = rng.choice((1, 1, 5, 20))
            ids = [f"{client}-{number + each}" for each in range(size)]
            number += size
            await self._until_answered(ids, rng)
            if rng.random() < 0.1:
                await self._until_answered(ids, rng)

    async def _until_answered(self, ids: list[str], rng: random.Random) -> None:
        while not (self._ending and not self.ports):
            answer = await self._asked(ids, rng)
            if answer is not None:
                self.accepted.update(ids)
                self.taken_as_new.update(answer)
                return
            await asyncio.sleep(rng.uniform(0.005, 0.05))

    async def _asked(self, ids: list[str], rng: random.Random) -> list[str] | None:
        if not self.ports:
            return None
        began = time.monotonic()
        try:
            reader, writer = await asyncio.open_connection("127.0.0.1", rng.choice(self.ports))
            try:
                writer.write(json.dumps({"ids": ids}).encode() + b"\n")
                line = await asyncio.wait_for(reader.readline(), PATIENCE)
            finally:
                writer.close()
        except (OSError, TimeoutError):
            return None
        if not line:
            return None
        answer: dict[str, Any] = json.loads(line)
        self.slowest = max(self.slowest, time.monotonic() - began)
        self.busy += "busy" in answer
        return answer.get("new")

    # The end.

    async def quiet(self) -> None:
        """Clients end when their last ids are answered."""
        self._ending = True
        await asyncio.wait_for(asyncio.gather(*self._tasks), 60)

    async def everything_arrived(self, seconds: float) -> bool:
        for _ in range(round(seconds / _LOOK)):
            if not self.lost:
                return True
            await asyncio.sleep(_LOOK)
        return not self.lost

    @property
    def lost(self) -> set[str]:
        return self.accepted - self.delivered.keys()

    @property
    def copies(self) -> int:
        return self.delivered.total() - len(self.delivered)

    @property
    def taken_twice(self) -> list[str]:
        return [each for each, times in self.taken_as_new.items() if times > 1]

    async def close(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._server is not None:
            self._server.close()
            await self._server.wait_closed()
