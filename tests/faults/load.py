"""Clients as they should be: each posts an event until it is answered 202, and now and then once more."""

from __future__ import annotations

import asyncio
import contextlib
import json
import random
import re
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from .chance import repeatable
from .obligations import Obligations
from .samples import POISON, Sample

_HEAD = b"POST /v1/events HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
_LENGTH = re.compile(rb"^content-length: *(\d+)", re.IGNORECASE | re.MULTILINE)


@dataclass(slots=True)
class Connection:
    """A keep-alive connection to wherever the daemon listens at the time."""

    address: Callable[[], tuple[str, int] | None]
    patience: float = 15.0
    _streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def post(self, body: bytes) -> tuple[int, bytes]:
        """Status and body; status 0 when there was no answer."""
        try:
            async with asyncio.timeout(self.patience):
                return await self._post(body)
        except (OSError, EOFError, asyncio.LimitOverrunError, TimeoutError):
            self.close()
            return 0, b""

    async def _post(self, body: bytes) -> tuple[int, bytes]:
        if self._streams is None:
            where = self.address()
            if where is None:
                raise ConnectionError
            self._streams = await asyncio.open_connection(*where)
        reader, writer = self._streams
        writer.write(_HEAD + f"Content-Length: {len(body)}\r\n\r\n".encode() + body)
        answer = await reader.readuntil(b"\r\n\r\n")
        length = _LENGTH.search(answer)
        said = await reader.readexactly(int(length[1]) if length else 0)
        if b"\r\nconnection: close" in answer.lower():
            self.close()
        return int(answer[9:12]), said

    def close(self) -> None:
        if self._streams is not None:
            self._streams[1].transport.abort()
            self._streams = None


@dataclass(slots=True)
class Load:
    """Several clients at once. `repeats` and `poison` are shares of events, `body` the most in one body."""

    obligations: Obligations
    taken: Callable[[], dict[str, float]]
    address: Callable[[], tuple[str, int] | None]
    seed: int
    clients: int = 16
    pause: float = 0.02
    repeats: float = 0.05
    poison: float = 0.0
    body: int = 1
    now: Callable[[], float] = time.time
    times: list[float] = field(default_factory=list)
    """How long each 202 took, in seconds."""
    _ending: bool = False

    async def run(self) -> None:
        """Until `end` is called; every event that was begun is answered 202 before it returns."""
        async with asyncio.TaskGroup() as group:
            for client in range(self.clients):
                group.create_task(self._client(client))

    def end(self) -> None:
        self._ending = True

    async def _client(self, client: int) -> None:
        rng = repeatable(f"{self.seed}/{client}")
        connection = Connection(self.address)
        done: list[Sample] = []
        number = 0
        while not self._ending:
            samples = self._samples(rng, client, number)
            number += len(samples)
            await deliver(connection, self.obligations, samples, self.taken(), self.times)
            done += samples
            if rng.random() < self.repeats:
                await deliver(connection, self.obligations, [rng.choice(done)], self.taken(), self.times)
            await asyncio.sleep(self.pause * 2 * rng.random())
        connection.close()

    def _samples(self, rng: random.Random, client: int, number: int) -> list[Sample]:
        count = rng.randint(1, self.body)
        return [
            Sample(f"{self.seed}-{client}-{number + index}{self._flavour(rng)}", int(self.now()))
            for index in range(count)
        ]

    def _flavour(self, rng: random.Random) -> str:
        return f"-{POISON}" if rng.random() < self.poison else ""


async def deliver(
    connection: Connection, obligations: Obligations, samples: Sequence[Sample], taken: dict[str, float],
    times: list[float] | None = None,
) -> None:  # fmt: skip
    """Post until it is answered 202."""
    while True:
        if await attempt(connection, obligations, samples, taken, times):
            return
        await asyncio.sleep(0.02)


async def attempt(
    connection: Connection, obligations: Obligations, samples: Sequence[Sample], taken: dict[str, float],
    times: list[float] | None = None,
) -> bool:  # fmt: skip
    """Post once; whether it was answered 202."""
    obligations.posting(samples)
    known = {each.id for each in samples if each.id in taken}
    events = [each.event() for each in samples]
    began = time.monotonic()
    status, said = await connection.post(json.dumps(events if len(events) > 1 else events[0]).encode())
    if status != 202:
        obligations.refusals[status] += 1
        return False
    if times is not None:
        times.append(time.monotonic() - began)
    with contextlib.suppress(ValueError):
        obligations.answered(samples, json.loads(said)["outcomes"], known)
    return True
