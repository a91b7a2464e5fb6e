"""The mock's HTTP side: the path that TikTok has, and paths to look inside and steer it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping
from typing import Any, Final

import orjson

from router.serving import Answer as HttpAnswer
from router.serving import Headers, Request, json_answer
from router.tiktok.mock_oauth import PORTAL, REVOKE, TOKEN, MockOAuth
from router.tiktok.mock_script import Scripted, scripted
from router.tiktok.mock_state import Answer, MockState, Rights

TRACK: Final = "/open_api/v1.3/event/track/"
_TRACK_OF_OTHER_VERSION: Final = ("/open_api/", "/event/track/")
_HTML: Final[Headers] = ((b"content-type", b"text/html"),)
_NO_JSON: Final = b"<html><body>no JSON here</body></html>"
MAX_BODY: Final = 10 * 1024 * 1024


class MockApp:
    """The application: the path of TikTok that takes events, those of a login, and `/_mock/…` to look
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

    async def __call__(self, request: Request) -> HttpAnswer | None:
        """Answer one HTTP request."""
        path, method = request.path, request.method
        body = await request.body(self._max_body)
        if path.startswith("/_mock/"):
            return self._control(method, path.removeprefix("/_mock/"), body or b"")
        if path == TRACK and method == "POST":
            return await self._track(request, body)
        if path == PORTAL and method == "GET":
            return self._consent(request.query_string.decode("latin-1"))
        if path in (TOKEN, REVOKE) and method == "POST":
            return self._answer(*self.oauth.answer(path, request.headers, body or b""))
        return self._answer(_misdirected(path, method))

    async def _track(self, request: Request, body: bytes | None) -> HttpAnswer | None:
        headers = request.headers
        if body is None:
            answer = Answer(40002, f"the request body is larger than {self._max_body} bytes")
            self.state.note(headers, b"", answer, scripted=False)
            return self._answer(answer)
        script = self.state.next_scripted()
        if script is not None:
            return await self._follow(script, request, body)
        answer = self.state.track(headers, body)
        self.state.note(headers, body, answer, scripted=False)
        return self._answer(answer)

    async def _follow(self, script: Scripted, request: Request, body: bytes) -> HttpAnswer | None:
        headers = request.headers
        usual = self.state.track(headers, body) if script.takes_events else None
        told = Answer(script.code, script.message, script.status or 200) if script.code is not None else usual
        if script.is_silent:
            told = None
        self.state.note(headers, body, told, scripted=True)
        await asyncio.sleep(script.delay)
        if told is not None:
            return self._answer(told)
        if script.hang:
            await self._hang(request)
            return None
        if script.redirect is not None:
            return _redirected(307, script.redirect)
        return HttpAnswer(script.status or 200, _NO_JSON, _HTML)

    async def _hang(self, request: Request) -> None:
        """Say nothing until the client has gone, or the mock ends."""
        gone = asyncio.ensure_future(request.part())
        closing = asyncio.ensure_future(self.closing.wait())
        await asyncio.wait({gone, closing}, return_when=asyncio.FIRST_COMPLETED)
        for each in (gone, closing):
            each.cancel()

    def _consent(self, query: str) -> HttpAnswer:
        back = self.oauth.consent(query)
        if back is None:
            return self._answer(Answer(40002, "app_id, redirect_uri and state are required", 400))
        return _redirected(302, back)

    def _answer(self, answer: Answer, data: Mapping[str, Any] | None = None) -> HttpAnswer:
        self._serial += 1
        body = {
            "code": answer.code,
            "message": answer.message,
            "request_id": f"mock{self._serial:012d}",
            "data": dict(data or {}),
        }
        return json_answer(answer.status, body)

    def _control(self, method: str, action: str, body: bytes) -> HttpAnswer:
        match method, action:
            case "GET", "counted":
                return json_answer(200, self.state.counted())
            case "GET", "requests":
                return json_answer(200, self.state.requests())
            case "GET", "stats":
                return json_answer(200, self.state.stats())
            case "POST", "script" | "revoke" | "reset":
                problem = self._steer(action, body)
                return json_answer(400 if problem else 200, {"error": problem} if problem else {"ok": True})
            case _:
                return json_answer(404, {"error": "GET counted, requests, stats; POST script, revoke, reset"})

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


def _redirected(status: int, place: str) -> HttpAnswer:
    return HttpAnswer(status, b"", ((b"location", place.encode()),))
