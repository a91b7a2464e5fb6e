"""What the keeper and a worker say to each other, over a socket that only they have."""

from __future__ import annotations

import asyncio
import pickle
from collections.abc import Awaitable, Callable, Mapping
from itertools import count
from typing import Any, Final, Literal, cast

import structlog

from router.delivery.spool import SpoolError

_LOG = structlog.get_logger()
_LENGTH: Final = 4

Kind = Literal["call", "tell", "answer", "fail"]
Calls = Mapping[str, Callable[..., Awaitable[Any]]]
Told = Mapping[str, Callable[..., None]]


class LineLost(ConnectionError):  # noqa: N818 - it is a state, not a fault
    """The process at the other end is gone."""


class Line(asyncio.Protocol):
    """One end. `calls` are asked for and answered, `told` only heard; `lost` is called when the other ends.

    Messages are pickled: both ends are this program, and nobody else has the socket.
    """

    def __init__(
        self,
        calls: Calls,
        told: Told,
        lost: Callable[[], None] = lambda: None,
    ) -> None:
        self._calls = calls
        self._told = told
        self._lost = lost
        self._buffer = bytearray()
        self._unsent: list[bytes] = []
        self._asked: dict[int, asyncio.Future[Any]] = {}
        self._numbers = count()
        self._tasks: set[asyncio.Task[None]] = set()
        self._transport: asyncio.Transport | None = None

    # -------------------------------------------------------------- what is said

    async def call(self, name: str, *arguments: Any) -> Any:
        """Ask, and wait for the answer. Raises `SpoolError` as the other end did, and `LineLost`."""
        number = next(self._numbers)
        asked = self._asked[number] = asyncio.get_running_loop().create_future()
        try:
            self._send("call", number, name, arguments)
            return await asked
        finally:
            self._asked.pop(number, None)

    def tell(self, name: str, *arguments: Any) -> None:
        """Say something that needs no answer; nothing when the other end is gone."""
        if self._transport is not None:
            self._send("tell", 0, name, arguments)

    def _send(self, kind: Kind, number: int, name: str, content: Any) -> None:
        if self._transport is None:
            raise LineLost("the other process is gone")
        message = pickle.dumps((kind, number, name, content), pickle.HIGHEST_PROTOCOL)
        if not self._unsent:
            # What is said in one turn of the event loop leaves in one write.
            asyncio.get_running_loop().call_soon(self._flush)
        self._unsent += (len(message).to_bytes(_LENGTH, "big"), message)

    def _flush(self) -> None:
        unsent, self._unsent = self._unsent, []
        if self._transport is not None:
            self._transport.writelines(unsent)

    def close(self) -> None:
        """Say no more."""
        self._flush()
        if self._transport is not None:
            self._transport.close()

    def cut(self) -> None:
        """Say no more, and do not wait until the other end has heard what was said."""
        if self._transport is not None:
            self._transport.abort()

    # -------------------------------------------------------------- what is heard

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        start = 0
        while (end := self._end(start)) <= len(self._buffer):
            self._hear(*pickle.loads(memoryview(self._buffer)[start + _LENGTH : end]))  # noqa: S301 - see above
            start = end
        del self._buffer[:start]

    def _end(self, start: int) -> int:
        """Where the message that begins there ends."""
        begun = start + _LENGTH
        return begun + int.from_bytes(self._buffer[start:begun], "big")

    def _hear(self, kind: Kind, number: int, name: str, content: Any) -> None:
        match kind:
            case "call":
                task = asyncio.ensure_future(self._answer(number, name, content))
                self._tasks.add(task)
                task.add_done_callback(self._tasks.discard)
            case "tell":
                self._note(name, content)
            case "answer" | "fail":
                self._answered(number, kind, content)

    def _note(self, name: str, content: tuple[Any, ...]) -> None:
        """A mistake of ours with one of them does not end the line."""
        try:
            self._told[name](*content)
        except Exception:
            _LOG.exception("tell_failed", told=name)

    def _answered(self, number: int, kind: Kind, content: Any) -> None:
        asked = self._asked.get(number)
        if asked is None or asked.done():
            return
        if kind == "answer":
            asked.set_result(content)
        else:
            asked.set_exception(content)

    async def _answer(self, number: int, name: str, arguments: tuple[Any, ...]) -> None:
        """Mistakes of ours become known where they were made; the other end hears that there was one."""
        kind: Kind = "answer"
        try:
            content = await self._calls[name](*arguments)
        except SpoolError as problem:
            kind, content = "fail", problem
        except Exception as problem:
            _LOG.exception("call_failed", call=name)
            kind, content = "fail", RuntimeError(type(problem).__name__)
        if self._transport is not None:
            self._send(kind, number, name, content)

    def connection_lost(self, problem: Exception | None) -> None:
        self._transport = None
        for asked in self._asked.values():
            if not asked.done():
                asked.set_exception(LineLost("the other process is gone"))
        self._lost()
