"""Where events come in: a request is answered once its events are safe."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final, Protocol

import structlog

from router.inputs import FORMATS, Decoded, Format, RawRequest, decode, parse_cookies
from router.inputs.formats import content_type
from router.lang.outcome import Arrival
from router.settings import Settings, WriteKey
from router.web.asgi import (
    Answer,
    Head,
    Receive,
    Refusal,
    Scope,
    Send,
    json_answer,
    read_head,
    refuse,
    send_answer,
)
from router.web.body import Loan, Memory, leaves_much, read_body, soon
from router.web.cors import Cors
from router.web.keys import KeyRing, TokenBucket
from router.web.metrics import Metrics
from router.web.peer import client_ip

OUTCOMES: Final = ("send", "skip", "drop", "unhandled", "duplicate")
_ROUTES: Final = {route: each for each in FORMATS.values() for route in each.routes}
_STATUS_OF_PROBLEM: Final = {
    "not_json": 400,
    "body_too_large": 413,
    "too_many_events": 413,
    "too_many_values": 413,
}
_LOG = structlog.get_logger()


class Busy(Exception):  # noqa: N818 (it is a state, not a fault)
    """Nothing can be taken now. `retry_after` is in seconds, the reason is for the sender."""

    def __init__(self, retry_after: int, reason: str) -> None:
        super().__init__(reason)
        self.retry_after = retry_after
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Receipt:
    """How many events had which outcome; the keys are those of `OUTCOMES`."""

    outcomes: Mapping[str, int]


class Acceptor(Protocol):
    """Takes events and returns when they are safe. Raises `Busy` when it has taken none of them."""

    async def accept(self, arrivals: Sequence[Arrival]) -> Receipt: ...


@dataclass(frozen=True, slots=True)
class _Admission:
    format: Format
    key: WriteKey | None


class Intake:
    """The ASGI application of the listener. Set `draining` to take nothing more."""

    def __init__(
        self, acceptor: Acceptor, settings: Settings, metrics: Metrics, clock: Callable[[], float] = time.time
    ) -> None:
        self.draining = False
        self._acceptor = acceptor
        self._settings = settings
        self._metrics = metrics
        self._clock = clock
        self._keys = KeyRing(settings.write_keys)
        self._rates = {
            key.name: TokenBucket(key.rate, clock()) for key in settings.write_keys if key.rate is not None
        }
        self._cors = Cors(settings.cors_origins)
        self._memory = Memory(settings.limits.in_flight_bytes)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        head = read_head(scope)
        answer = await self._answer_any(head, receive)
        if answer is not None:
            self._metrics.answered(answer.status)
            await send_answer(send, answer, self._cors.headers(head.headers.get("origin")))

    async def _answer_any(self, head: Head, receive: Receive) -> Answer | None:
        try:
            return await self._answer(head, receive)
        except Busy as busy:
            return refuse(Refusal(503, "busy", busy.reason, busy.retry_after))
        except Exception:
            _LOG.exception("request_failed", path=head.path if head.path in _ROUTES else None)
            return refuse(
                Refusal(500, "internal", "an error of the router; nothing of this request was taken")
            )

    async def _answer(self, head: Head, receive: Receive) -> Answer | None:
        if head.method == "OPTIONS" and head.path in _ROUTES:
            return self._cors.preflight(head.headers.get("origin"))
        admission = self._admit(head)
        if isinstance(admission, Refusal):
            return refuse(replace(admission, close=leaves_much(head)))
        with Loan(self._memory) as loan:
            body = await read_body(head, receive, self._settings.limits, loan)
            if isinstance(body, Refusal):
                return refuse(body)
            return None if body is None else await self._take(admission, head, body)

    def _admit(self, head: Head) -> _Admission | Refusal:
        """Everything that can be said before the body is read."""
        chosen = _ROUTES.get(head.path)
        if chosen is None:
            return Refusal(404, "not_found", "events go to " + " or ".join(sorted(_ROUTES)))
        if head.method != "POST":
            allow = ((b"allow", b"POST, OPTIONS"),)
            return Refusal(405, "not_allowed", "events are posted", headers=allow)
        if self.draining:
            return Refusal(503, "draining", "the router is stopping", retry_after=soon())
        key = self._keys.find(head.headers, head.query, chosen.key_parameter) if self._keys else None
        if self._keys and key is None:
            return _unauthorized()
        if content_type(head.headers.get("content-type", "")) not in chosen.content_types:
            types = ", ".join(each for each in chosen.content_types if each)
            return Refusal(415, "unknown_content_type", f"Content-Type may be {types}")
        return self._over_rate(key) or _Admission(chosen, key)

    def _over_rate(self, key: WriteKey | None) -> Refusal | None:
        bucket = self._rates.get(key.name) if key else None
        wait = bucket.wait(self._clock()) if bucket else 0.0
        if not wait:
            return None
        return Refusal(429, "too_many_requests", "this key is over its rate", math.ceil(wait))

    async def _take(self, admission: _Admission, head: Head, body: bytes) -> Answer:
        decoded = decode(admission.format.name, self._raw(admission.key, head, body), self._settings)
        if decoded.problem is not None:
            self._metrics.rejected(decoded.problem.code)
            status = _STATUS_OF_PROBLEM[decoded.problem.code]
            return refuse(Refusal(status, decoded.problem.code, decoded.problem.reason))
        receipt = await self._acceptor.accept(decoded.arrivals) if decoded.arrivals else Receipt({})
        self._count(admission.format, decoded)
        return _receipt_answer(decoded, receipt)

    def _raw(self, key: WriteKey | None, head: Head, body: bytes) -> RawRequest:
        return RawRequest(
            body,
            self._clock(),
            head.headers,
            head.query,
            parse_cookies(head.headers.get("cookie")),
            client_ip(head.peer, head.headers.get("x-forwarded-for"), self._settings.trusted_proxies),
            key.name if key else None,
            from_visitor=_from_visitor(key, head),
        )

    def _count(self, chosen: Format, decoded: Decoded) -> None:
        self._metrics.received(chosen.name, len(decoded.arrivals) + len(decoded.rejections))
        for rejection in decoded.rejections:
            self._metrics.rejected(rejection.code)


def _from_visitor(key: WriteKey | None, head: Head) -> bool:
    """Browsers name the page they post from; a shop's server must not pass for its customer."""
    sender = key.sender if key else "auto"
    if sender == "auto":
        return "origin" in head.headers or "sec-fetch-mode" in head.headers
    return sender == "visitor"


def _unauthorized() -> Refusal:
    return Refusal(
        401,
        "unauthorized",
        "show a write key: Authorization: Bearer, Basic user name, or X-Write-Key",
        headers=((b"www-authenticate", b"Bearer"),),
    )


def _receipt_answer(decoded: Decoded, receipt: Receipt) -> Answer:
    all_rejected = decoded.rejections and not decoded.arrivals
    return json_answer(
        400 if all_rejected else 202,
        {
            "accepted": len(decoded.arrivals),
            "rejected": decoded.rejections,
            "outcomes": {name: receipt.outcomes.get(name, 0) for name in OUTCOMES},
        },
    )
