"""One process that holds every 202 as an obligation, plays TikTok, and judges."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Coroutine, Sequence
from concurrent.futures import Future
from types import TracebackType
from typing import Any, TypeVar

from .hostile import HostileTikTok
from .load import Connection, Load, attempt
from .obligations import Obligations
from .samples import Sample

T = TypeVar("T")


class Oracle:
    """TikTok and the clients run in a loop and thread of their own; a trial tells its story beside them."""

    def __init__(self) -> None:
        self.obligations = Obligations()
        self.tiktok = HostileTikTok(self.obligations.expected)
        self.where: tuple[str, int] | None = None
        """Where the daemon listens now."""
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)

    def __enter__(self) -> Oracle:
        self._thread.start()
        self.call(self.tiktok.up())
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.call(self._end())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()

    async def _end(self) -> None:
        await self.tiktok.down()
        rest = asyncio.all_tasks() - {asyncio.current_task()}
        for task in rest:
            task.cancel()
        await asyncio.gather(*rest, return_exceptions=True)

    def begin(self, work: Coroutine[Any, Any, T]) -> Future[T]:
        """Start something in the loop."""
        return asyncio.run_coroutine_threadsafe(work, self._loop)

    def call(self, work: Coroutine[Any, Any, T], seconds: float = 600.0) -> T:
        """Have something done in the loop, and wait for it."""
        return self.begin(work).result(seconds)

    def load(self, seed: int, **how: Any) -> Running:
        """Clients that post from now on until they are told to end."""
        load = Load(self.obligations, lambda: self.tiktok.taken, lambda: self.where, seed, **how)
        return Running(load, self.begin(load.run()))

    def post(self, samples: Sequence[Sample]) -> bool:
        """One body, once; whether it was answered 202."""
        return self.call(self._post(samples))

    async def _post(self, samples: Sequence[Sample]) -> bool:
        connection = Connection(lambda: self.where)
        try:
            return await attempt(connection, self.obligations, samples, self.tiktok.taken)
        finally:
            connection.close()

    def on_kill(self, kill: Callable[[], None]) -> None:
        """What TikTok's answer `KILL` does."""
        self.tiktok.executioner = kill


class Running:
    """A load that was begun."""

    def __init__(self, load: Load, work: Future[None]) -> None:
        self.load = load
        self._work = work

    def end(self, seconds: float = 60.0) -> bool:
        """Wait until everything that was begun is answered 202; whether it was. The daemon must be up."""
        self.load.end()
        try:
            self._work.result(seconds)
        except TimeoutError:
            self._work.cancel()
            return False
        return True
