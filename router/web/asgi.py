"""Requests and answers of the two listeners, on bare ASGI."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping, MutableMapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl

import orjson

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]
Headers = tuple[tuple[bytes, bytes], ...]

_JSON: Headers = ((b"content-type", b"application/json"),)
# A hit of gtag.js has hundreds; the length of addresses is bounded before.
_MOST_PARAMETERS = 1000


@dataclass(frozen=True, slots=True)
class Head:
    """A request without its body. Header names are lower-case, and repeated headers are joined."""

    method: str
    path: str
    headers: Mapping[str, str]
    query: Mapping[str, str]
    peer: str | None


@dataclass(frozen=True, slots=True)
class Answer:
    """What goes back."""

    status: int
    body: bytes
    headers: Headers = _JSON


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a whole request is not taken; the reason never quotes it.

    `retry_after` is in seconds. `close` ends the connection, for a body that is not going to be read.
    """

    status: int
    code: str
    reason: str
    retry_after: int | None = None
    close: bool = False
    headers: Headers = ()


def read_head(scope: Scope) -> Head:
    """The head of an ASGI request."""
    client = scope.get("client")
    return Head(
        scope["method"],
        scope["path"],
        _joined(scope["headers"]),
        _parameters(scope["query_string"]),
        client[0] if client else None,
    )


def _joined(pairs: Iterable[tuple[bytes, bytes]]) -> dict[str, str]:
    headers: dict[str, str] = {}
    for raw_name, raw_value in pairs:
        name, value = raw_name.decode("latin-1"), raw_value.decode("latin-1")
        if name in headers:
            value = f"{headers[name]}{'; ' if name == 'cookie' else ', '}{value}"
        headers[name] = value
    return headers


def _parameters(query: bytes) -> dict[str, str]:
    """The first of each parameter; none at all of a query with too many."""
    if not query:
        return {}
    try:
        pairs = parse_qsl(query.decode("latin-1"), max_num_fields=_MOST_PARAMETERS)
    except ValueError:
        return {}
    return dict(reversed(pairs))


def json_answer(status: int, value: Any, headers: Headers = ()) -> Answer:
    """A JSON answer."""
    return Answer(status, orjson.dumps(value), _JSON + headers)


def refuse(refusal: Refusal) -> Answer:
    """The answer to a request that is not taken."""
    headers = refusal.headers
    if refusal.retry_after is not None:
        headers += ((b"retry-after", str(refusal.retry_after).encode()),)
    if refusal.close:
        headers += ((b"connection", b"close"),)
    return json_answer(refusal.status, {"error": {"code": refusal.code, "reason": refusal.reason}}, headers)


async def send_answer(send: Send, answer: Answer, headers: Headers = ()) -> None:
    """Send an answer, with further headers."""
    every = [*answer.headers, *headers]
    if answer.status != 204:
        every.append((b"content-length", str(len(answer.body)).encode()))
    await send({"type": "http.response.start", "status": answer.status, "headers": every})
    await send({"type": "http.response.body", "body": answer.body})
