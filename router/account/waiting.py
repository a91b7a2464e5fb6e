"""A server on this machine that waits for one browser to come back from TikTok."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from queue import Empty, SimpleQueue
from threading import Thread
from typing import Any, Final

from router.account.authorising import (
    Authorised,
    Callback,
    NotAuthorised,
    read_answer,
)

_IDLE_SECONDS: Final = 10.0
_HEADERS: Final = {
    "Content-Type": "text/html; charset=utf-8",
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Connection": "close",
}
_PAGE: Final = """<!doctype html>
<html lang="en"><meta charset="utf-8"><title>TagWright: {title}</title>
<body style="font: 1.1rem/1.5 sans-serif; max-width: 34rem; margin: 4rem auto; padding: 0 1rem">
<h1>{title}</h1><p>{text}</p><p>You can close this window.</p></body></html>
"""

Answer = Authorised | NotAuthorised


class Waiting:
    """Listens from the start of a `with` block to its end. Only the first request to the path is answered.

    `address` is what the browser must be sent back to.
    """

    def __init__(self, server: ThreadingHTTPServer, answers: SimpleQueue[Answer], path: str) -> None:
        host, port = server.server_address[:2]
        name = str(host)
        self.address = f"http://[{name}]:{port}{path}" if ":" in name else f"http://{name}:{port}{path}"
        self._answers = answers

    def answer(self, seconds: float) -> Answer | None:
        """What the browser brought; None when it did not come in time."""
        try:
            return self._answers.get(timeout=seconds)
        except Empty:
            return None


@contextmanager
def waiting_at(callback: Callback, state: str) -> Iterator[Waiting]:
    """Wait for a browser. Raises OSError when the address cannot be listened on."""
    answers: SimpleQueue[Answer] = SimpleQueue()
    with _server(callback, state, answers) as server:
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, name="login")
        thread.start()
        try:
            yield Waiting(server, answers, callback.path)
        finally:
            server.shutdown()
            thread.join()


def _server(callback: Callback, state: str, answers: SimpleQueue[Answer]) -> ThreadingHTTPServer:
    taken: SimpleQueue[None] = SimpleQueue()
    taken.put(None)

    class Handler(BaseHTTPRequestHandler):
        """One thread a connection: browsers open connections that they never use."""

        timeout = _IDLE_SECONDS

        def do_GET(self) -> None:
            path, _, query = self.path.partition("?")
            if path != callback.path:
                self._page(404, "Nothing here", "This address only waits for the answer of a login.")
                return
            try:
                taken.get_nowait()
            except Empty:
                self._page(410, "Too late", "This login has had its answer.")
                return
            found = read_answer(query, state)
            self._page(*_shown(found))
            answers.put(found)

        def _page(self, status: int, title: str, text: str) -> None:
            body = _PAGE.format(title=title, text=text).encode()
            self.send_response(status)
            for name, value in {**_HEADERS, "Content-Length": str(len(body))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def version_string(self) -> str:
            return "TagWright"

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the library's name
            """Nothing: the request holds the code."""

    class Server(ThreadingHTTPServer):
        daemon_threads = True
        block_on_close = False
        allow_reuse_address = False
        address_family = socket.AF_INET6 if ":" in callback.host else socket.AF_INET

    return Server((callback.host, callback.port), Handler)


def _shown(found: Answer) -> tuple[int, str, str]:
    match found:
        case Authorised():
            return 200, "TikTok said yes", "The login goes on in the terminal; look there for the outcome."
        case NotAuthorised():
            return 400, "The login did not happen", "The terminal says why, and what to do."
