"""A server that behaves as TikTok's Events API is known to, for tests, demonstrations and dry runs."""

from __future__ import annotations

import asyncio
import signal
import socket
import time
from collections.abc import Callable, Mapping
from threading import Event, Thread
from typing import Any, Final

from router.serving import serve_on
from router.settings import Limits
from router.tiktok.mock_app import MAX_BODY, TRACK, MockApp
from router.tiktok.mock_script import Scripted
from router.tiktok.mock_state import Rights

_STOP_SECONDS: Final = 1.0
# Whatever the daemon sends from here comes from one address.
_LIMITS: Final = Limits(connections=100_000, connections_per_address=100_000)

__all__ = ["MockApp", "MockTikTok", "Scripted", "address", "listen", "serve"]


def listen(host: str, port: int) -> socket.socket:
    """A listening socket; port 0 takes a free one. Raises OSError where the address is taken or not ours."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # asyncio turns Nagle's algorithm off, 40 ms an answer, only for sockets that name their protocol.
    opened = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        opened.bind((host, port))
        opened.listen(1024)
    except BaseException:
        opened.close()
        raise
    return opened


def address(listening: socket.socket) -> str:
    """The base URL of a listening socket."""
    host, port = listening.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def serve(app: MockApp, listening: socket.socket) -> None:
    """Serve until SIGINT or SIGTERM; call it from the main thread."""
    asyncio.run(_serve_until_asked(app, listening))


async def _serve_until_asked(app: MockApp, listening: socket.socket) -> None:
    for each in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(each, app.closing.set)
    await _serve(app, listening)


async def _serve(app: MockApp, listening: socket.socket) -> None:
    """Until the application closes."""
    listener = await serve_on(app, listening, _LIMITS)
    await app.closing.wait()
    await listener.stop(_STOP_SECONDS)


class MockTikTok:
    """The mock in a thread of its own, on a free port of 127.0.0.1, for the length of a `with` block."""

    def __init__(
        self,
        tokens: Rights | None = None,
        clock: Callable[[], float] = time.time,
        max_body: int = MAX_BODY,
        apps: Mapping[str, str] | None = None,
    ) -> None:
        self._app = MockApp(tokens, clock, max_body, apps)
        self._running = Event()
        self.base_url = ""

    def __enter__(self) -> MockTikTok:
        self._listening = listen("127.0.0.1", 0)
        self.base_url = address(self._listening)
        self._thread = Thread(target=self._run, name="mock-tiktok", daemon=True)
        self._thread.start()
        self._running.wait()
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._app.closing.set)
        self._thread.join()
        self._listening.close()

    def _run(self) -> None:
        asyncio.run(self._serve())

    async def _serve(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._running.set()
        await _serve(self._app, self._listening)

    @property
    def track_url(self) -> str:
        """Where events are posted."""
        return self.base_url + TRACK

    def counted(self) -> list[dict[str, Any]]:
        """What TikTok would have counted, first first."""
        return self._app.state.counted()

    def requests(self) -> list[dict[str, Any]]:
        """The last 1000 requests and their answers."""
        return self._app.state.requests()

    def stats(self) -> dict[str, Any]:
        """Totals since the start or the last reset."""
        return self._app.state.stats()

    def script(self, *answers: Scripted) -> None:
        """Answer the next requests so."""
        self._app.state.script(answers)

    def revoke(self, token: str) -> None:
        """From now on this token gets 40105."""
        self._app.state.revoke(token)

    def reset(self) -> None:
        """Forget events, requests and scripted answers."""
        self._app.state.reset()
