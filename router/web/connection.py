"""What a connection may cost: uvicorn bounds neither the time of a request nor the size of its head."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Final, Literal

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from router.settings import Limits, Network
from router.web.last_words import LastWord, last_words
from router.web.peer import household, is_proxy

_Phase = Literal["head", "body", "answer"]
_WATCH_SECONDS: Final = 5.0
_LINGER_SECONDS: Final = 1.0


class _Bounds:
    """What all connections of a listener share: their limits, and how many come from where."""

    def __init__(self, limits: Limits, refused: Callable[[int], None], trusted: Sequence[Network]) -> None:
        self.limits = limits
        self.refused = refused
        self.words = last_words(limits)
        self._trusted = trusted
        self._open: Counter[str] = Counter()

    def opened(self, peer: str) -> bool:
        """Whether one more connection from this address is still within the limit; proxies have none."""
        whose = household(peer)
        self._open[whose] += 1
        return self._open[whose] <= self.limits.connections_per_address or is_proxy(peer, self._trusted)

    def closed(self, peer: str) -> None:
        whose = household(peer)
        self._open[whose] -= 1
        if not self._open[whose]:
            del self._open[whose]


def bounded_protocol(
    limits: Limits, refused: Callable[[int], None], trusted: Sequence[Network] = ()
) -> type[asyncio.Protocol]:
    """uvicorn's HTTP protocol with bounds on connections, and on time and size of what a request sends.

    `refused` hears the status of every answer that is given here; `trusted` proxies may have any part of the
    connections.
    """

    class Bounded(BoundedProtocol):
        bounds = _Bounds(limits, refused, trusted)

    return Bounded


class BoundedProtocol(HttpToolsProtocol):
    """Most requests come in one piece and cost no timer: a timer is set when something is still missing."""

    bounds: _Bounds
    _phase: _Phase = "head"
    _timer: asyncio.TimerHandle | None = None
    _unread: asyncio.TimerHandle | None = None
    _peer: str | None = None
    _head_size = 0
    _body_size = 0
    _body_end = 0.0
    _watched_from = 0.0
    _refused = False
    _last_word: LastWord | None = None

    # -------------------------------------------------------------- connections

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override] # as in uvicorn
        super().connection_made(transport)
        self._peer = self.client[0] if self.client else None
        room = self._peer is None or self.bounds.opened(self._peer)
        if room and len(self.connections) <= self.bounds.limits.connections:
            self._set_timer()
        else:
            transport.close()

    def connection_lost(self, exc: Exception | None) -> None:
        self._enter("answer")
        self._forget_reader()
        if self._peer is not None:
            self.bounds.closed(self._peer)
        super().connection_lost(exc)

    # -------------------------------------------------------------- what comes in

    def data_received(self, data: bytes) -> None:
        if self._refused:
            return
        super().data_received(data)
        if self._phase == "answer" and self._is_answered():
            # The rest of a body that was answered early has just come; uvicorn's own timer is off by now.
            self._enter("head")
            self._head_size = 0
        if self._phase == "head":
            self._head_size += len(data)
            if self._head_size > self.bounds.limits.header_bytes:
                self._refuse(self.bounds.words.head_too_large)
        if self._phase != "answer" and self._timer is None and not self.transport.is_closing():
            self._set_timer()

    def on_message_begin(self) -> None:
        if not self._refused:
            self._enter("head")
            self._head_size = 0
        super().on_message_begin()

    def on_header(self, name: bytes, value: bytes) -> None:
        """What stands behind the body is no header: proxies have not looked at it."""
        if self._phase == "head":
            super().on_header(name, value)

    def on_headers_complete(self) -> None:
        if self._refused:
            return
        self._head_size = len(self.url) + sum(len(name) + len(value) for name, value in self.headers)
        problem = self._head_problem()
        if problem is not None:
            self._refuse(problem)
            return
        self._enter("body")
        self._body_size = 0
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        if not self._refused:
            self._body_size += len(body)
            super().on_body(body)

    def on_message_complete(self) -> None:
        if not self._refused:
            self._enter("answer")
            super().on_message_complete()

    def _head_problem(self) -> LastWord | None:
        limits, words = self.bounds.limits, self.bounds.words
        if len(self.url) > limits.url_bytes:
            return words.url_too_long
        if self._head_size > limits.header_bytes or len(self.headers) > limits.headers:
            return words.head_too_large
        if self.parser.should_upgrade():
            # The parser takes what follows for another protocol and would swallow the body.
            return words.no_upgrade
        return None if self._is_sound() else words.no_http

    def _is_sound(self) -> bool:
        """The parser takes versions and codings that only those send who try what comes of it."""
        version = self.parser.get_http_version()
        codings = [value for name, value in self.headers if name == b"transfer-encoding"]
        if version == "1.0":
            return not codings
        return version == "1.1" and all(value.strip().lower() == b"chunked" for value in codings)

    # -------------------------------------------------------------- time

    def _enter(self, phase: _Phase) -> None:
        self._phase = phase
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _set_timer(self) -> None:
        if self._phase == "head":
            self._timer = self.loop.call_later(self.bounds.limits.head_seconds, self._cut_head)
        else:
            self._body_end = self.loop.time() + self.bounds.limits.body_seconds
            self._watch_body()

    def _cut_head(self) -> None:
        if self._is_answered():
            self.transport.close()
        else:
            self._set_timer()

    def _watch_body(self) -> None:
        self._watched_from = self.loop.time()
        seconds = max(0.0, min(_WATCH_SECONDS, self._body_end - self._watched_from))
        self._timer = self.loop.call_later(seconds, self._check_body)

    def _check_body(self) -> None:
        now, limits = self.loop.time(), self.bounds.limits
        slow = self._body_size < limits.body_rate * (now - self._watched_from)
        if self.pipeline:
            # It waits behind other requests and is not read: that is not its sender's fault.
            self._set_timer()
        elif slow or now >= self._body_end:
            self._refuse(self.bounds.words.slow_body)
        else:
            self._body_size = 0
            self._watch_body()

    # -------------------------------------------------------------- what goes out

    def on_response_complete(self) -> None:
        is_last = not self.pipeline
        super().on_response_complete()
        self._watch_reader()
        if is_last and self._last_word is not None:
            self._say(self._last_word)

    def pause_writing(self) -> None:
        super().pause_writing()
        self._watch_reader()

    def send_400_response(self, msg: str) -> None:
        """Whatever uvicorn cannot read; `msg` says no more than that."""
        self._refuse(self.bounds.words.no_http)

    def _refuse(self, word: LastWord) -> None:
        """Say why and hang up: after the answers to earlier requests, whose senders wait for theirs."""
        if self._refused:
            return
        self._refused = True
        self.bounds.refused(word.status)
        in_body = self._phase == "body"
        self._enter("answer")
        if in_body and self.pipeline:
            self.pipeline.popleft()
            self._last_word = word
        elif not in_body and not self._is_answered():
            self._last_word = word
        elif in_body and self.cycle.response_started:
            self.transport.close()
        else:
            self._say(word)

    def _say(self, word: LastWord) -> None:
        """Then listen a little longer: who sends while the connection is closed does not see why."""
        if not self.transport.is_closing():
            self.transport.write(word.text)
            self.transport.write_eof()
            self._watch_reader()
            self._timer = self.loop.call_later(_LINGER_SECONDS, self.transport.close)

    def _is_answered(self) -> bool:
        return self.cycle is None or self.cycle.response_complete

    def _watch_reader(self) -> None:
        """Whoever does not take answers is not waited for longer than for the next request."""
        if self._unread is None and self.transport.get_write_buffer_size():
            seconds = self.bounds.limits.keep_alive_seconds
            self._unread = self.loop.call_later(seconds, self._check_reader)

    def _check_reader(self) -> None:
        self._unread = None
        if self.transport.get_write_buffer_size():
            self.transport.abort()

    def _forget_reader(self) -> None:
        if self._unread is not None:
            self._unread.cancel()
            self._unread = None
