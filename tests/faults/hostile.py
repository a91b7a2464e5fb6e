"""A TikTok on this machine that misbehaves as it is told, and remembers every request with its time."""

from __future__ import annotations

import asyncio
import contextlib
import re
import socket
import struct
import time
from collections.abc import Callable
from dataclasses import dataclass

import orjson

from .answers import Answer, Mood, Request, honest
from .samples import HEAD

_LENGTH = re.compile(rb"^content-length: *(\d+)", re.IGNORECASE | re.MULTILINE)
_TOKEN = re.compile(rb"^access-token: *(\S+)", re.IGNORECASE | re.MULTILINE)
_LINGER_NONE = struct.pack("ii", 1, 0)
_LONGEST_SILENCE = 60.0


@dataclass(frozen=True, slots=True)
class Receipt:
    """A request and how it was answered; `at` is of the monotonic clock, in seconds."""

    at: float
    ids: tuple[str, ...]
    answer: str
    taken: bool
    doubt: bool
    fault: str | None


class HostileTikTok:
    """Answers as its `mood` says. `expected` gives the bytes of an event that may come, None for others."""

    def __init__(self, expected: Callable[[str], bytes | None]) -> None:
        self.mood: Mood = honest
        self.receipts: list[Receipt] = []
        self.taken: dict[str, float] = {}
        """When TikTok had each event first."""
        self.executioner: Callable[[], None] = lambda: None
        self.port = 0
        self._expected = expected
        self._server: asyncio.Server | None = None
        self._open: set[asyncio.StreamWriter] = set()
        self._gate = asyncio.Event()
        self._gate.set()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def up(self) -> None:
        """Listen, on the same port as before if there was one."""
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.port, limit=2**26)
        self.port = self._server.sockets[0].getsockname()[1]

    async def down(self) -> None:
        """Refuse connections and cut those that are open."""
        if self._server is not None:
            self._server.close()
        for writer in list(self._open):
            writer.transport.abort()
        await asyncio.sleep(0)

    async def freeze(self, seconds: float) -> None:
        """As a stopped process: connections stand, nothing is read or said."""
        self._gate.clear()
        await asyncio.sleep(seconds)
        self._gate.set()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._open.add(writer)
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            while await self._exchange(reader, writer):
                pass
        self._open.discard(writer)
        writer.close()

    async def _exchange(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        head = await reader.readuntil(b"\r\n\r\n")
        length = _LENGTH.search(head)
        body = await reader.readexactly(int(length[1]) if length else 0)
        late = not self._gate.is_set()
        await self._gate.wait()
        answer = self._answer(head, body, late)
        if answer.ending == "kill":
            self.executioner()
            return False
        await self._say(answer, writer)
        return await self._end(answer, writer)

    def _answer(self, head: bytes, body: bytes, late: bool) -> Answer:
        ids, fault = self._read(body)
        token = _TOKEN.search(head)
        request = Request(len(self.receipts), ids, fault, token[1].decode() if token else "")
        answer = self.mood(request)
        now = time.monotonic()
        self.receipts.append(Receipt(now, ids, answer.name, answer.taken, answer.doubt or late, fault))
        if answer.taken:
            for each in ids:
                self.taken.setdefault(each, now)
        return answer

    def _read(self, body: bytes) -> tuple[tuple[str, ...], str | None]:
        """The ids, and the first way in which the bytes are not what they must be."""
        try:
            ids = tuple(each["event_id"] for each in orjson.loads(body)["data"])
        except (ValueError, KeyError, TypeError):
            return (), "a request that TikTok could not read"
        wanted = [self._expected(each) for each in ids]
        strangers = [each for each, payload in zip(ids, wanted, strict=True) if payload is None]
        if strangers:
            return ids, f"{strangers[0]} was never posted"
        whole = HEAD + b",".join(payload for payload in wanted if payload is not None) + b"]}"
        return ids, None if body == whole else f"other bytes than the mapping's, from {ids[0]} on"

    async def _say(self, answer: Answer, writer: asyncio.StreamWriter) -> None:
        if answer.wait:
            await asyncio.sleep(answer.wait)
        if not answer.dribble:
            writer.write(answer.raw)
        for at in range(len(answer.raw) if answer.dribble else 0):
            writer.write(answer.raw[at : at + 1])
            await asyncio.sleep(answer.dribble)
        await writer.drain()

    async def _end(self, answer: Answer, writer: asyncio.StreamWriter) -> bool:
        if answer.ending == "reset":
            raw: socket.socket = writer.get_extra_info("socket")
            raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _LINGER_NONE)
        if answer.ending in ("hang", "deaf"):
            await asyncio.sleep(_LONGEST_SILENCE)
        return answer.ending == "whole"
