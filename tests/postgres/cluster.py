"""Routers as processes on one database, each perhaps behind a wire that can be cut."""

from __future__ import annotations

import asyncio
import contextlib
import json
import signal
import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType

from postgres_server import Server, fresh_url

from .oracle import Oracle

_ROOT = Path(__file__).parents[2]
BATCH = 20
IN_FLIGHT = 2


class Wire:
    """Between a router and its database. Cut, it takes what comes and carries nothing, as a lost network."""

    def __init__(self, to: int) -> None:
        self._to = to
        self._open = asyncio.Event()
        self._open.set()
        self._tasks: set[asyncio.Task[None]] = set()
        self.port = 0

    async def start(self) -> None:
        self._server = await asyncio.start_server(self._carry, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]

    def cut(self) -> None:
        self._open.clear()

    def mend(self) -> None:
        self._open.set()

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await self._open.wait()
        try:
            onward = await asyncio.open_connection("127.0.0.1", self._to)
        except OSError:
            writer.close()
            return
        both = (self._pump(reader, onward[1]), self._pump(onward[0], writer))
        tasks = [asyncio.create_task(each) for each in both]
        self._tasks.update(tasks)
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self._tasks.difference_update(tasks)
        writer.close()
        onward[1].close()

    async def _pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError):
            while some := await reader.read(65536):
                await self._open.wait()
                writer.write(some)
                await writer.drain()

    async def close(self) -> None:
        self.mend()
        self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)


@dataclass(slots=True)
class Router:
    """A process, and where it takes ids."""

    process: asyncio.subprocess.Process
    port: int
    wire: Wire | None = None

    def signal(self, number: signal.Signals) -> None:
        with contextlib.suppress(ProcessLookupError):
            self.process.send_signal(number)


@dataclass(slots=True)
class Cluster:
    """An asynchronous context manager; whatever runs at its end is killed."""

    oracle: Oracle
    url: str
    lease: float = 1.5
    pulse: float = 0.1
    routers: list[Router] = field(default_factory=list)
    _log: Path = field(default_factory=lambda: Path(tempfile.mkdtemp(prefix="routers-")))

    async def start(self, wire: Wire | None = None) -> Router:
        """A router that takes ids."""
        asked = {
            "url": self.url if wire is None else _behind(self.url, wire), "tiktok": self.oracle.tiktok,
            "lease": self.lease, "pulse": self.pulse, "batch": BATCH,
        }  # fmt: skip
        with (self._log / f"{len(list(self._log.iterdir()))}.txt").open("wb") as log:
            process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "tests.postgres.node", json.dumps(asked), cwd=_ROOT,
                stdout=asyncio.subprocess.PIPE, stderr=log,
            )  # fmt: skip
        assert process.stdout is not None
        line = await asyncio.wait_for(process.stdout.readline(), 60)
        assert line, self.said()[-3000:]
        router = Router(process, int(line), wire)
        self.routers.append(router)
        self.oracle.ports.append(router.port)
        return router

    async def kill(self, router: Router) -> None:
        self._forget(router)
        router.signal(signal.SIGKILL)
        await router.process.wait()

    async def stop(self, router: Router) -> None:
        """As a roll-out does: no more requests, then SIGTERM."""
        self._forget(router)
        router.signal(signal.SIGTERM)
        assert await asyncio.wait_for(router.process.wait(), 30) == 0, self.said()[-3000:]

    def _forget(self, router: Router) -> None:
        if router in self.routers:
            self.routers.remove(router)
            self.oracle.ports.remove(router.port)

    def said(self) -> str:
        return "".join(path.read_text() for path in sorted(self._log.iterdir()))

    async def __aenter__(self) -> Cluster:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for router in self.routers:
            router.signal(signal.SIGCONT)
            router.signal(signal.SIGKILL)
            await router.process.wait()
        for path in self._log.iterdir():
            path.unlink()
        self._log.rmdir()


def _behind(url: str, wire: Wire) -> str:
    return f"postgresql://router@127.0.0.1:{wire.port}/postgres?{url.rpartition('?')[2].rpartition('&')[2]}"


def place(server: Server) -> str:
    """Of a spool on a server, over TCP."""
    return server.tcp(fresh_url(server).rpartition("=")[2])
