"""What a connection may cost: uvicorn bounds neither the time of a request nor the size of its head."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from http import HTTPStatus
from typing import Literal

import orjson
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from router.settings import Limits

_Phase = Literal["head", "body", "answer"]


def bounded_protocol(limits: Limits, refused: Callable[[int], None]) -> type[asyncio.Protocol]:
    """uvicorn's HTTP protocol with bounds on connections, and on time and size of what a request sends.

    `refused` hears the status of every answer that is given here. Most requests come in one piece and cost no
    timer: a timer is set when something is still missing.
    """
    too_large = _answer(
        HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE,
        "head_too_large",
        f"a request head may have {limits.header_bytes} bytes",
    )
    too_slow = _answer(
        HTTPStatus.REQUEST_TIMEOUT, "slow_body", f"the body took longer than {limits.body_seconds:g} s"
    )
    no_http = _answer(HTTPStatus.BAD_REQUEST, "not_http", "this is not an HTTP/1.1 request")

    class BoundedProtocol(HttpToolsProtocol):
        _phase: _Phase = "head"
        _timer: asyncio.TimerHandle | None = None
        _head_size = 0
        _refused = False

        def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override] # as in uvicorn
            super().connection_made(transport)
            if len(self.connections) > limits.connections:
                transport.close()
            else:
                self._set_timer()

        def connection_lost(self, exc: Exception | None) -> None:
            self._enter("answer")
            super().connection_lost(exc)

        def data_received(self, data: bytes) -> None:
            super().data_received(data)
            if self._phase == "head":
                self._head_size += len(data)
                self._refuse_large()
            if self._phase != "answer" and self._timer is None and not self.transport.is_closing():
                self._set_timer()

        def on_message_begin(self) -> None:
            self._enter("head")
            self._head_size = 0
            super().on_message_begin()

        def on_headers_complete(self) -> None:
            self._enter("body")
            self._head_size = len(self.url) + sum(len(name) + len(value) for name, value in self.headers)
            self._refuse_large()
            if not self._refused:
                super().on_headers_complete()

        def on_body(self, body: bytes) -> None:
            if not self._refused:
                super().on_body(body)

        def on_message_complete(self) -> None:
            self._enter("answer")
            if not self._refused:
                super().on_message_complete()

        def _enter(self, phase: _Phase) -> None:
            self._phase = phase
            if self._timer is not None:
                self._timer.cancel()
                self._timer = None

        def _set_timer(self) -> None:
            seconds = limits.head_seconds if self._phase == "head" else limits.body_seconds
            self._timer = self.loop.call_later(seconds, self._cut)

        def _cut(self) -> None:
            if self._phase == "body" and not self.cycle.response_started:
                self._refuse(HTTPStatus.REQUEST_TIMEOUT, too_slow)
            self.transport.close()

        def _refuse_large(self) -> None:
            if self._head_size > limits.header_bytes and not self._refused:
                self._refused = True
                self._refuse(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE, too_large)

        def send_400_response(self, msg: str) -> None:
            """Whatever uvicorn cannot read; `msg` says no more than that."""
            self._refuse(HTTPStatus.BAD_REQUEST, no_http)

        def _refuse(self, status: HTTPStatus, answer: bytes) -> None:
            refused(status.value)
            self.transport.write(answer)
            self.transport.close()

    return BoundedProtocol


def _answer(status: HTTPStatus, code: str, reason: str) -> bytes:
    body = orjson.dumps({"error": {"code": code, "reason": reason}})
    return (
        f"HTTP/1.1 {status.value} {status.phrase}\r\ncontent-type: application/json\r\n"
        f"content-length: {len(body)}\r\nconnection: close\r\n\r\n"
    ).encode() + body
