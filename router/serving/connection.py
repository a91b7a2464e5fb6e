"""One connection: requests in their order, each with bounds on what it may send and how long it may take."""

from __future__ import annotations

import asyncio
from collections import deque
from enum import Enum, auto
from typing import Final

import httptools
import structlog

from router.serving.alarm import Alarm
from router.serving.answers import Answer, Refusal, as_bytes, refuse
from router.serving.head import Head
from router.serving.last_words import LastWord
from router.serving.lobby import Lobby
from router.serving.request import Request

_LOG = structlog.get_logger()
_WATCH_SECONDS: Final = 5.0
_LINGER_SECONDS: Final = 1.0
_CONTINUE: Final = b"HTTP/1.1 100 Continue\r\n\r\n"
_FAILED: Final = refuse(Refusal(500, "internal", "an error of the router", close=True))


class _Phase(Enum):
    """What the other side is waited for, until a deadline; in ANSWER it waits for us."""

    IDLE = auto()
    HEAD = auto()
    BODY = auto()
    ANSWER = auto()
    FAREWELL = auto()


class Connection(asyncio.Protocol):
    """The other side is served one request after another; a request that it sent ahead waits for its turn."""

    def __init__(self, lobby: Lobby) -> None:
        self._lobby = lobby
        self._limits = lobby.limits
        self._peer: str | None = None
        self._head = head = Head(lobby.limits, lobby.words)
        self.on_message_begin, self.on_url, self.on_header = (
            head.on_message_begin,
            head.on_url,
            head.on_header,
        )
        self._parser = httptools.HttpRequestParser(self)
        # Whose body is coming in, which is being answered, and which wait behind that.
        self._incoming: Request | None = None
        self._current: Request | None = None
        self._waiting: deque[Request] = deque()
        self._task: asyncio.Task[None] | None = None
        self._has_ended = False
        self._phase = _Phase.HEAD
        self._lateness = Alarm(lobby.loop, self._be_late)
        self._body_size = 0
        self._body_end = 0.0
        self._watched_from = 0.0
        # Nothing more is taken; nothing more comes; nobody is there; what is written is not read; what is
        # said at the very end.
        self._is_deaf = False
        self._is_over = False
        self._is_lost = False
        self._is_choked = False
        self._last_word: LastWord | None = None

    # -------------------------------------------------------------- connections

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override] # no others come
        self._transport = transport
        self._unread = Alarm(self._lobby.loop, transport.abort)
        place = transport.get_extra_info("peername")
        self._peer = place[0] if isinstance(place, tuple) else None
        if self._lobby.enter(self, self._peer):
            self._await(_Phase.HEAD, self._limits.head_seconds)
        else:
            self._is_deaf = True
            transport.close()

    def connection_lost(self, exc: Exception | None) -> None:
        self._is_lost = self._is_deaf = True
        # It holds on to this connection as this connection does to it.
        del self._parser
        self._lateness.end()
        self._unread.end()
        self._lobby.hang_up(self._peer)
        self._waiting.clear()
        if self._current is None:
            self._lobby.leave(self)
        else:
            self._current.lose()

    def retire(self) -> None:
        """Answer the requests at hand, and take no more."""
        if self._current is None and not self._waiting:
            self._is_deaf = True
            self._close()

    def cut(self) -> asyncio.Task[None] | None:
        """End now; what is being done for the request at hand is cancelled, and may take a moment to end."""
        self._transport.abort()
        self._lobby.leave(self)
        if self._task is not None:
            self._task.cancel()
        return self._task

    # -------------------------------------------------------------- what comes in

    def data_received(self, data: bytes) -> None:
        if self._is_deaf:
            return
        self._has_ended = False
        self._head.feed(len(data))
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserCallbackError:
            raise
        except (httptools.HttpParserError, httptools.HttpParserUpgrade):
            self._refuse(self._lobby.words.no_http)
        if self._is_deaf:
            return
        if self._incoming is not None:
            if self._phase is not _Phase.BODY:
                self._await_body()
        elif self._head.is_open or not self._has_ended:
            self._await_head()

    def eof_received(self) -> bool:
        """Nothing more comes, but its sender may still read: requests that are whole are answered."""
        cut_short, self._incoming = self._incoming, None
        if cut_short is not None and self._waiting:
            self._waiting.pop()
        served = self._current is not None and self._current is not cut_short
        if self._phase is _Phase.FAREWELL or not (served or self._waiting):
            return False
        self._is_deaf = self._is_over = True
        self._phase = _Phase.ANSWER
        self._lateness.off()
        for request in filter(None, (self._current, *self._waiting)):
            request.lose()
        return True

    def on_headers_complete(self) -> None:
        if self._is_deaf:
            return
        request = self._head.request(self._parser, self._peer, self)
        if isinstance(request, LastWord):
            self._refuse(request)
            return
        self._incoming = request
        self._body_size = 0
        if self._current is None and not self._is_choked:
            self._start(request)
        else:
            self._waiting.append(request)
            self.hold()

    def on_body(self, body: bytes) -> None:
        """What comes of a body after its request was answered is forgotten."""
        request = self._incoming
        if request is not None and not self._is_deaf:
            self._body_size += len(body)
            if request is self._current or self._waiting:
                request.feed(body)

    def on_message_complete(self) -> None:
        request, self._incoming = self._incoming, None
        if request is None or self._is_deaf:
            return
        request.finish()
        self._head.end()
        self._has_ended = True
        # Whatever follows a request that ends the connection was not meant for us.
        self._is_deaf = not request.keeps
        if self._current is None and not self._waiting:
            self._await(_Phase.IDLE, self._limits.keep_alive_seconds)
        else:
            self._phase = _Phase.ANSWER
            self._lateness.off()

    def hold(self) -> None:
        """Read no more for now."""
        if not self._transport.is_closing():
            self._transport.pause_reading()

    def go_on(self, request: Request) -> None:
        """The application waits for more of a body."""
        if self._transport.is_closing():
            return
        if request.expects:
            self._transport.write(_CONTINUE)
            request.expects = False
        if not self._waiting:
            self._transport.resume_reading()

    # -------------------------------------------------------------- what goes out

    def _start(self, request: Request) -> None:
        self._current = request
        self._task = self._lobby.loop.create_task(self._serve(request))

    async def _serve(self, request: Request) -> None:
        answer: Answer | None = None
        try:
            answer = await self._lobby.app(request)
        except Exception:
            _LOG.exception("request_failed")
            answer = _FAILED
        finally:
            self._current = self._task = None
            if self._is_lost:
                self._lobby.leave(self)
            elif self._phase is not _Phase.FAREWELL and not self._transport.is_closing():
                self._answer(request, answer)

    def _answer(self, request: Request, answer: Answer | None) -> None:
        if answer is None:
            self._close()
            return
        is_last = not request.keeps or answer.closes or self._ends_here()
        try:
            text = as_bytes(answer, is_head=request.method == "HEAD", is_last=is_last)
        except ValueError:
            _LOG.exception("answer_failed")
            self._answer(request, _FAILED)
            return
        self._transport.write(text)
        if is_last:
            self._is_deaf = True
            self._part(lingers=self._incoming is not None)
        else:
            self._next()

    def _ends_here(self) -> bool:
        """Whether nothing is to be answered on this connection after this request."""
        if self._waiting:
            return False
        return self._lobby.is_closing or (self._is_over and self._last_word is None)

    def _next(self) -> None:
        """The request that waits behind the one that was answered, or nothing."""
        if self._waiting:
            if not self._is_choked:
                self._start(self._waiting.popleft())
        elif self._last_word is not None:
            self._say(self._last_word)
        elif self._phase is _Phase.ANSWER:
            self._await(_Phase.IDLE, self._limits.keep_alive_seconds)
        if not self._waiting and not self._is_choked:
            self._transport.resume_reading()

    def pause_writing(self) -> None:
        """Whoever does not take answers is not waited for longer than for the next request."""
        self._is_choked = True
        self._unread.set(self._limits.keep_alive_seconds)

    def resume_writing(self) -> None:
        self._is_choked = False
        self._unread.off()
        if self._current is None and self._phase is not _Phase.FAREWELL and not self._transport.is_closing():
            self._next()

    # -------------------------------------------------------------- time

    def _await(self, phase: _Phase, seconds: float) -> None:
        self._phase = phase
        self._lateness.set(seconds)

    def _await_head(self) -> None:
        """A head has come in part, or there are line ends where a request should begin."""
        word = self._head.wait(all_of_it=not self._has_ended)
        if word is not None:
            self._refuse(word)
        elif self._phase is not _Phase.HEAD:
            self._await(_Phase.HEAD, self._limits.head_seconds)

    def _await_body(self) -> None:
        self._body_end = self._lobby.loop.time() + self._limits.body_seconds
        self._watch_body()

    def _watch_body(self) -> None:
        self._watched_from = self._lobby.loop.time()
        self._body_size = 0
        self._await(_Phase.BODY, max(0.0, min(_WATCH_SECONDS, self._body_end - self._watched_from)))

    def _be_late(self) -> None:
        if self._phase is _Phase.BODY:
            self._check_body(self._lobby.loop.time())
        elif self._phase is not _Phase.FAREWELL and (self._current is not None or self._waiting):
            # The head of a request that was sent ahead: its answer is not due yet, so it is not late.
            self._await(_Phase.HEAD, self._limits.head_seconds)
        elif self._transport.get_write_buffer_size():
            self._transport.abort()
        else:
            self._is_deaf = True
            self._transport.close()

    def _check_body(self, now: float) -> None:
        slow = self._body_size < self._limits.body_rate * (now - self._watched_from)
        if self._waiting:
            # It waits behind other requests and is not read: that is not its sender's fault.
            self._await_body()
        elif slow or now >= self._body_end:
            self._refuse(self._lobby.words.slow_body)
        else:
            self._watch_body()

    # -------------------------------------------------------------- the end

    def _refuse(self, word: LastWord) -> None:
        """Say why and hang up: after the answers to earlier requests, whose senders wait for theirs."""
        if self._is_deaf:
            return
        self._is_deaf = True
        self._lobby.refused(word.status)
        bad, self._incoming = self._incoming, None
        self._phase = _Phase.ANSWER
        self._lateness.off()
        if bad is not None and bad is self._current:
            bad.lose()
            self._say(word)
        elif bad is not None and not self._waiting:
            # It has its answer; only its body is still coming.
            self._close()
        elif self._current is not None or self._waiting:
            if bad is not None:
                self._waiting.pop()
            self._last_word = word
        else:
            self._say(word)

    def _say(self, word: LastWord) -> None:
        if not self._transport.is_closing():
            self._transport.write(word.text)
            self._part(lingers=True)

    def _part(self, *, lingers: bool) -> None:
        """Nothing more is said. Who still sends is heard out a little: else it may not see why."""
        if not lingers:
            self._close()
        elif not self._transport.is_closing():
            self._await(_Phase.FAREWELL, _LINGER_SECONDS)
            try:
                self._transport.write_eof()
            except OSError:
                # It was reset, which is not seen while nothing is read.
                self._transport.abort()
            else:
                self._transport.resume_reading()

    def _close(self) -> None:
        """Close when everything is written; who does not take it is not waited for long."""
        if not self._transport.is_closing():
            self._transport.close()
            if self._transport.get_write_buffer_size():
                self._unread.set(self._limits.keep_alive_seconds)
