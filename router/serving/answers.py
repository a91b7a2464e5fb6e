"""What goes back: answers, refusals, and how they are written."""

from __future__ import annotations

import time
from dataclasses import dataclass
from email.utils import formatdate
from functools import lru_cache
from http import HTTPStatus
from typing import Any, Final, NamedTuple

import orjson

Headers = tuple[tuple[bytes, bytes], ...]

_JSON: Final[Headers] = ((b"content-type", b"application/json"),)
_CLOSE: Final = (b"connection", b"close")
_BODILESS: Final = frozenset({204, 304})
_PHRASES: Final = {each.value: each.phrase for each in HTTPStatus}


class Answer(NamedTuple):
    """What goes back; its length is added where it is written."""

    status: int
    body: bytes
    headers: Headers = _JSON

    @property
    def closes(self) -> bool:
        """Whether nothing more is taken on the connection."""
        return _CLOSE in self.headers


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


def json_answer(status: int, value: Any, headers: Headers = ()) -> Answer:
    """A JSON answer."""
    return Answer(status, orjson.dumps(value), _JSON + headers)


def refuse(refusal: Refusal) -> Answer:
    """The answer to a request that is not taken."""
    headers = refusal.headers
    if refusal.retry_after is not None:
        headers += ((b"retry-after", str(refusal.retry_after).encode()),)
    if refusal.close:
        headers += (_CLOSE,)
    return json_answer(refusal.status, {"error": {"code": refusal.code, "reason": refusal.reason}}, headers)


def as_bytes(answer: Answer, *, is_head: bool, is_last: bool) -> bytes:
    """An answer as it is written, in one piece; `is_head` leaves out the body that HEAD did not ask for.

    Raises ValueError for a header that would begin another line: whatever is told of a request was checked
    before.
    """
    lines = [_first_lines(answer.status, int(time.time()))]
    for name, value in answer.headers:
        lines += (name, b": ", value, b"\r\n")
    head = b"".join(lines)
    _check(head, 2 + len(answer.headers))
    has_body = answer.status not in _BODILESS
    length = b"content-length: %d\r\n" % len(answer.body) if has_body else b""
    closing = b"connection: close\r\n" if is_last and not answer.closes else b""
    body = answer.body if has_body and not is_head else b""
    return b"%b%b%b\r\n%b" % (head, length, closing, body)


def _check(head: bytes, lines: int) -> None:
    if head.count(b"\n") != lines or head.count(b"\r") != lines or b"\0" in head:
        raise ValueError("a header of an answer has a line end in it")


@lru_cache(maxsize=32)
def _first_lines(status: int, second: int) -> bytes:
    date = formatdate(second, usegmt=True)
    return f"HTTP/1.1 {status} {_PHRASES.get(status, '')}\r\ndate: {date}\r\n".encode()
