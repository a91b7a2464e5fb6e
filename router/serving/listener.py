"""A listener inside the event loop that runs."""

from __future__ import annotations

import asyncio
import socket
import sys
from collections.abc import Callable, Sequence
from types import TracebackType
from typing import Any, Final

from router.serving.connection import Connection
from router.serving.lobby import Lobby
from router.serving.request import App
from router.settings import Address, Limits, Network

_BACKLOG: Final = 2048


class Listener:
    """A running server; `address` has the real port. As an async context manager it stops at the end."""

    def __init__(self, address: Address, server: asyncio.Server, lobby: Lobby) -> None:
        self.address = address
        self._server = server
        self._lobby = lobby

    async def stop(self, deadline: float = 5.0) -> None:
        """Take no connections, finish the requests at hand, cut off what is open after `deadline` seconds."""
        self._server.close()
        await self._lobby.close(deadline)

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
    try:
        return await _serve(Lobby(app, limits, refused, trusted), bound, Address(host, port))
    except OSError as problem:
        bound.close()
        problem.filename = str(address)
        raise


async def serve_on(
    app: App,
    bound: socket.socket,
    limits: Limits,
    refused: Callable[[int], None] = _unheard,
    trusted: Sequence[Network] = (),
) -> Listener:
    """Serve an application on a bound socket, which is closed when the listener stops; else as `listen`."""
    return await _serve(Lobby(app, limits, refused, trusted), bound, Address("-", 0))


def bound_ports(address: Address, count: int) -> tuple[Address, list[socket.socket]]:
    """Sockets of one address between which the system divides connections, listening; raises as `listen`.

    Where it does not divide, all are the same socket, and whoever is free takes a connection.
    """
    divided = sys.platform == "linux"
    first = _bind(address, shared=divided)
    host, port = first.getsockname()[:2]
    found = Address(host, port)
    rest = [_bind(found, shared=True) if divided else first.dup() for _ in range(count - 1)]
    for each in (first, *rest):
        each.listen(_BACKLOG)
    return found, [first, *rest]


async def _serve(lobby: Lobby, bound: socket.socket, address: Address) -> Listener:
    def connect() -> Connection:
        return Connection(lobby)

    make = lobby.loop.create_unix_server if bound.family == socket.AF_UNIX else lobby.loop.create_server
    server = await make(connect, sock=bound, backlog=_BACKLOG)
    return Listener(address, server, lobby)


def _bind(address: Address, *, shared: bool = False) -> socket.socket:
    family, kind, protocol, place = _place(address)
    bound = socket.socket(family, kind, protocol)
    try:
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if shared:
            bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
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
