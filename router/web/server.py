"""A listener inside the daemon's own event loop."""

from __future__ import annotations

import asyncio
import contextlib
import math
import socket
from collections.abc import Callable, Iterator, Sequence
from types import TracebackType
from typing import Any

import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from router.settings import Address, Limits, Network
from router.web.asgi import App
from router.web.connection import bounded_protocol


class _Server(uvicorn.Server):
    """uvicorn without its signal handlers: signals are the daemon's."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.up = asyncio.Event()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.up.set()


class Listener:
    """A running server; `address` has the real port. As an async context manager it stops at the end."""

    def __init__(self, address: Address, server: _Server, task: asyncio.Task[None]) -> None:
        self.address = address
        self._server = server
        self._task = task

    async def stop(self, deadline: float = 5.0) -> None:
        """Take no connections, finish the requests at hand, cancel what is open after `deadline` seconds."""
        self._server.config.timeout_graceful_shutdown = max(1, math.ceil(deadline))
        self._server.should_exit = True
        await self._task

    async def __aenter__(self) -> Listener:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()


def _unheard(_status: int) -> None:
    """Nobody counts."""


async def listen(
    app: App,
    address: Address,
    limits: Limits,
    refused: Callable[[int], None] = _unheard,
    trusted: Sequence[Network] = (),
) -> Listener:
    """Serve an application. Port 0 takes a free one; raises OSError, with the address as its
    `filename`, when the address cannot be had.

    `refused` hears the status of answers that were given before a request got to the application. `trusted`
    are the proxies whose connections are not counted by address.
    """
    bound = _bind(address)
    host, port = bound.getsockname()[:2]
    config = _config(app, bounded_protocol(limits, refused, trusted), limits)
    return await _serve(config, bound, Address(host, port))


async def listen_private(app: App, bound: socket.socket, limits: Limits) -> Listener:
    """Serve an application on a Unix socket, to whoever may open it."""
    return await _serve(_config(app, HttpToolsProtocol, limits), bound, Address("unix", 0))


async def _serve(config: uvicorn.Config, bound: socket.socket, address: Address) -> Listener:
    server = _Server(config)
    task = asyncio.create_task(server.serve([bound]), name=f"listener {address}")
    waiting = asyncio.create_task(server.up.wait())
    await asyncio.wait({task, waiting}, return_when=asyncio.FIRST_COMPLETED)
    waiting.cancel()
    if task.done():
        task.result()
    return Listener(address, server, task)


def _bind(address: Address) -> socket.socket:
    family, kind, protocol, place = _place(address)
    bound = socket.socket(family, kind, protocol)
    try:
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        bound.bind(place)
    except OSError as problem:
        bound.close()
        problem.filename = str(address)
        raise
    bound.setblocking(False)
    return bound


def _place(address: Address) -> tuple[int, int, int, Any]:
    try:
        found = socket.getaddrinfo(
            address.host, address.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )
    except OSError as problem:
        problem.filename = str(address)
        raise
    family, kind, protocol, _, place = found[0]
    return family, kind, protocol, place


def _config(app: App, protocol: type[asyncio.Protocol], limits: Limits) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        http=protocol,
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        proxy_headers=False,
        server_header=False,
        timeout_keep_alive=limits.keep_alive_seconds,
    )
