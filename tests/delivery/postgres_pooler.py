"""A pooler in transaction mode, as small as it can be: each transaction may meet another server process.

It keeps no statement prepared and no setting: after each transaction the session is emptied.
"""

from __future__ import annotations

import asyncio
import contextlib
import struct
from collections.abc import AsyncIterator

from postgres_server import Server

_SSL, _GSS, _CANCEL = 80877103, 80877104, 80877102
_READY, _IDLE = b"Z", b"I"


def _message(kind: bytes, content: bytes) -> bytes:
    return kind + struct.pack("!I", len(content) + 4) + content


async def _read(reader: asyncio.StreamReader) -> tuple[bytes, bytes]:
    """One message: its kind and all of it."""
    head = await reader.readexactly(5)
    (length,) = struct.unpack("!I", head[1:])
    return head[:1], head + await reader.readexactly(length - 4)


# Whom to cancel: a number of the pooler's own, as it may be another process by then.
_NOBODY = _message(b"K", struct.pack("!II", 2**31 - 1, 0))


class _Process:
    """A connection to the server, and what the server said of itself."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer
        self.greeting = b""
        self.number = b""

    @classmethod
    async def start(cls, server: Server) -> _Process:
        process = cls(*await asyncio.open_connection("127.0.0.1", server.port))
        wanted = b"user\0router\0database\0postgres\0client_encoding\0UTF8\0application_name\0pooler\0\0"
        process.writer.write(struct.pack("!II", len(wanted) + 8, 196608) + wanted)
        kind = b""
        while kind != _READY:
            kind, message = await _read(process.reader)
            if kind == b"S":
                process.greeting += message
            if kind == b"K":
                process.number = message
        return process

    async def empty(self) -> None:
        """As if nobody had been there."""
        self.writer.write(_message(b"Q", b"DISCARD ALL\0"))
        while (await _read(self.reader))[0] != _READY:
            pass


class _Client:
    """One client; it has a process from the first message of a transaction to its end."""

    def __init__(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        free: asyncio.Queue[_Process],
        greeting: bytes,
    ) -> None:
        self._reader = reader
        self._writer = writer
        self._free = free
        self._greeting = greeting
        self._process: _Process | None = None
        self._answers: asyncio.Task[None] | None = None
        self._open = 0
        self.transactions = 0

    async def serve(self) -> None:
        if not await self._greeted():
            return
        while True:
            kind, message = await _read(self._reader)
            if kind == b"X":
                return
            if self._process is None:
                self._process = await self._free.get()
                self._answers = asyncio.create_task(self._relay(self._process))
            self._open += kind in (b"Q", b"S")
            self._process.writer.write(message)

    async def _greeted(self) -> bool:
        while True:
            length, code = struct.unpack("!II", await self._reader.readexactly(8))
            await self._reader.readexactly(length - 8)
            if code == _CANCEL:
                return False
            if code not in (_SSL, _GSS):
                break
            self._writer.write(b"N")
        welcome = _message(b"R", struct.pack("!I", 0))
        self._writer.write(welcome + self._greeting + _message(_READY, _IDLE))
        return True

    async def _relay(self, process: _Process) -> None:
        while True:
            kind, message = await _read(process.reader)
            self._writer.write(message)
            if kind == _READY:
                self._open -= 1
                if self._open == 0 and message[5:] == _IDLE:
                    break
        self._process = None
        self.transactions += 1
        await process.empty()
        self._free.put_nowait(process)

    async def close(self) -> None:
        if self._answers is not None:
            with contextlib.suppress(Exception):
                await self._answers
        await _closed(self._writer)


@contextlib.asynccontextmanager
async def pooler(server: Server, processes: int, *, announced: bool = False) -> AsyncIterator[int]:
    """The port of a pooler with so many connections to the server, which take turns.

    `announced`: clients are told the number of one of these, and not a made-up one as poolers do.
    """
    every = [await _Process.start(server) for _ in range(processes)]
    free: asyncio.Queue[_Process] = asyncio.Queue()
    for each in every:
        free.put_nowait(each)

    clients: set[asyncio.Task[None]] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        clients.add(task)
        number = every[0].number if announced else _NOBODY
        client = _Client(reader, writer, free, every[0].greeting + number)
        try:
            with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError, asyncio.CancelledError):
                await client.serve()
        finally:
            await client.close()
            clients.discard(task)

    listening = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield int(listening.sockets[0].getsockname()[1])
    finally:
        listening.close()
        for task in clients:
            task.cancel()
        await asyncio.gather(*clients, return_exceptions=True)
        for each in every:
            await _closed(each.writer)


async def _closed(writer: asyncio.StreamWriter) -> None:
    writer.close()
    with contextlib.suppress(ConnectionError):
        await writer.wait_closed()
