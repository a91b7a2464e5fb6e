"""Between a router and its database: a connection that can be cut, as a network is lost."""

from __future__ import annotations

import asyncio
import contextlib


class Wire:
    """Cut, it takes what comes and carries nothing; mended, it carries what it had taken, late."""

    def __init__(self, to: int) -> None:
        self._to = to
        self._open = asyncio.Event()
        self._open.set()
        self._tasks: set[asyncio.Task[None]] = set()
        self.port = 0

    async def start(self) -> None:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]

    async def cut(self) -> None:
        self._open.clear()

    async def mend(self) -> None:
        self._open.set()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await self._open.wait()
        try:
            onward = await asyncio.open_connection("127.0.0.1", self._to)
        except OSError:
            writer.close()
            return
        tasks = [
            asyncio.create_task(self._carry(reader, onward[1])),
            asyncio.create_task(self._carry(onward[0], writer)),
        ]
        self._tasks.update(tasks)
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        await _ended(tasks)
        self._tasks.difference_update(tasks)
        writer.close()
        onward[1].close()

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError):
            while some := await reader.read(65536):
                await self._open.wait()
                writer.write(some)
                await writer.drain()

    async def close(self) -> None:
        await self.mend()
        self._server.close()
        await _ended(list(self._tasks))


async def _ended(tasks: list[asyncio.Task[None]]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
