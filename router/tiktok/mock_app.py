"""The mock's HTTP side: the path that TikTok has, and paths to look inside and steer it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from typing import Any, Final

import orjson

from router.tiktok.mock_oauth import PORTAL, REVOKE, TOKEN, MockOAuth
from router.tiktok.mock_script import Scripted, scripted
from router.tiktok.mock_state import Answer, MockState, Rights

TRACK: Final = "/open_api/v1.3/event/track/"
_TRACK_OF_OTHER_VERSION: Final = ("/open_api/", "/event/track/")
_NO_JSON: Final = b"<html><body>no JSON here</body></html>"
MAX_BODY: Final = 10 * 1024 * 1024

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]


class MockApp:
    """The ASGI application: the path of TikTok that takes events, those of a login, and `/_mock/…` to look
    inside and steer it.

    A body over `max_body` bytes is refused; TikTok publishes no limit. `apps` maps ids of developer apps to
    their secrets; without any, every app may log in.
    """

    def __init__(
        self,
        tokens: Rights | None = None,
        clock: Callable[[], float] = time.time,
        max_body: int = MAX_BODY,
        apps: Mapping[str, str] | None = None,
    ) -> None:
        self.state = MockState(tokens, clock)
        self.oauth = MockOAuth(self.state, clock, apps or {})
        self.closing = asyncio.Event()
        self._max_body = max_body
        self._serial = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one HTTP request."""
        path, method = scope["path"], scope["method"]
        body = await _read(receive, self._max_body)
        if path.startswith("/_mock/"):
            await self._control(method, path.removeprefix("/_mock/"), body or b"", send)
        elif path == TRACK and method == "POST":
            await self._track(_headers(scope), body, receive, send)
        elif path == PORTAL and method == "GET":
            await self._consent(scope["query_string"].decode("latin-1"), send)
        elif path in (TOKEN, REVOKE) and method == "POST":
            await self._answer(send, *self.oauth.answer(path, _headers(scope), body or b""))
        else:
            await self._answer(send, _misdirected(path, method))

    async def _track(self, headers: dict[str, str], body: bytes | None, receive: Receive, send: Send) -> None:
        if body is None:
            answer = Answer(40002, f"the request body is larger than {self._max_body} bytes")
            self.state.note(headers, b"", answer, scripted=False)
            await self._answer(send, answer)
            return
        script = self.state.next_scripted()
        if script is None:
            answer = self.state.track(headers, body)
            self.state.note(headers, body, answer, scripted=False)
            await self._answer(send, answer)
        else:
            await self._follow(script, headers, body, receive, send)

    async def _follow(
        self, script: Scripted, headers: dict[str, str], body: bytes, receive: Receive, send: Send
    ) -> None:
        usual = self.state.track(headers, body) if script.takes_events else None
        told = Answer(script.code, script.message, script.status or 200) if script.code is not None else usual
        if script.is_silent:
            told = None
        self.state.note(headers, body, told, scripted=True)
        await asyncio.sleep(script.delay)
        if told is not None:
            await self._answer(send, told)
        elif script.hang:
            await self._hang(receive)
        elif script.redirect is not None:
            await _respond(send, 307, b"", [(b"location", script.redirect.encode())])
        else:
            await _respond(send, script.status or 200, _NO_JSON, [(b"content-type", b"text/html")])

    async def _hang(self, receive: Receive) -> None:
        gone = asyncio.ensure_future(receive())
        closing = asyncio.ensure_future(self.closing.wait())
        await asyncio.wait({gone, closing}, return_when=asyncio.FIRST_COMPLETED)
        for each in (gone, closing):
            each.cancel()

    async def _consent(self, query: str, send: Send) -> None:
        back = self.oauth.consent(query)
        if back is None:
            await self._answer(send, Answer(40002, "app_id, redirect_uri and state are required", 400))
        else:
            await _respond(send, 302, b"", [(b"location", back.encode())])

    async def _answer(self, send: Send, answer: Answer, data: Mapping[str, Any] | None = None) -> None:
        self._serial += 1
        body = {
            "code": answer.code,
            "message": answer.message,
            "request_id": f"mock{self._serial:012d}",
            "data": dict(data or {}),
        }
        await _json(send, answer.status, body)

    async def _control(self, method: str, action: str, body: bytes, send: Send) -> None:
        match method, action:
            case "GET", "counted":
                await _json(send, 200, self.state.counted())
            case "GET", "requests":
                await _json(send, 200, self.state.requests())
            case "GET", "stats":
                await _json(send, 200, self.state.stats())
            case "POST", "script" | "revoke" | "reset":
                problem = self._steer(action, body)
                await _json(send, 400 if problem else 200, {"error": problem} if problem else {"ok": True})
            case _:
                await _json(send, 404, {"error": "GET counted, requests, stats; POST script, revoke, reset"})

    def _steer(self, action: str, body: bytes) -> str | None:
        if action == "reset":
            self.state.reset()
            return None
        try:
            value = orjson.loads(body)
        except orjson.JSONDecodeError:
            return "the body is not JSON"
        return self._revoke(value) if action == "revoke" else self._script(value)

    def _revoke(self, value: Any) -> str | None:
        token = value.get("token") if isinstance(value, dict) else None
        if not isinstance(token, str) or not token:
            return 'write {"token": "…"}'
        self.state.revoke(token)
        return None

    def _script(self, value: Any) -> str | None:
        answers = [scripted(each) for each in (value if isinstance(value, list) else [value])]
        for each in answers:
            if isinstance(each, str):
                return each
        self.state.script(each for each in answers if isinstance(each, Scripted))
        return None


def _misdirected(path: str, method: str) -> Answer:
    """How an address that is not the one is answered: a code for other versions, else HTTP 404 or 405 (L)."""
    if path == TRACK:
        return Answer(40002, f"{method} is not supported, use POST", 405)
    start, end = _TRACK_OF_OTHER_VERSION
    if path.startswith(start) and path.endswith(end):
        return Answer(40006, "the API version is not supported, use v1.3")
    if f"{path}/" == TRACK:
        return Answer(40400, "no such path: the trailing slash is missing", 404)
    return Answer(40400, "no such path", 404)


def _headers(scope: Scope) -> dict[str, str]:
    return {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]}


async def _read(receive: Receive, most: int) -> bytes | None:
    """The whole body, None when it is longer than `most` bytes; what is too much is read and forgotten."""
    body, length = bytearray(), 0
    while True:
        message = await receive()
        chunk = message.get("body", b"")
        length += len(chunk)
        if length <= most:
            body += chunk
        if not message.get("more_body"):
            return bytes(body) if length <= most else None


async def _json(send: Send, status: int, value: Any) -> None:
    await _respond(send, status, orjson.dumps(value), [(b"content-type", b"application/json")])


async def _respond(send: Send, status: int, body: bytes, headers: list[tuple[bytes, bytes]]) -> None:
    length = (b"content-length", str(len(body)).encode())
    await send({"type": "http.response.start", "status": status, "headers": [*headers, length]})
    await send({"type": "http.response.body", "body": body})
