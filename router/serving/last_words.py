"""What a connection is told before it is closed, where no request got as far as the application."""

from __future__ import annotations

from dataclasses import dataclass
from http import HTTPStatus

import orjson

from router.settings import Limits


@dataclass(frozen=True, slots=True)
class LastWord:
    """A whole answer, ready to be written."""

    status: int
    text: bytes


@dataclass(frozen=True, slots=True)
class LastWords:
    """Every answer that a listener gives by itself."""

    no_http: LastWord
    no_upgrade: LastWord
    head_too_large: LastWord
    url_too_long: LastWord
    slow_body: LastWord


def last_words(limits: Limits) -> LastWords:
    """The answers, which name the limits."""
    return LastWords(
        no_http=_word(HTTPStatus.BAD_REQUEST, "not_http", "this is not an HTTP/1.1 request"),
        no_upgrade=_word(
            HTTPStatus.BAD_REQUEST, "no_upgrade", "this is HTTP/1.1 only; send the request without Upgrade"
        ),
        head_too_large=_word(
            HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE,
            "head_too_large",
            f"a request head may have {limits.header_bytes} bytes and {limits.headers} headers",
        ),
        url_too_long=_word(
            HTTPStatus.REQUEST_URI_TOO_LONG,
            "url_too_long",
            f"path and query may have {limits.url_bytes} bytes",
        ),
        slow_body=_word(
            HTTPStatus.REQUEST_TIMEOUT,
            "slow_body",
            f"the body took longer than {limits.body_seconds:g} s, or came slower than {limits.body_rate} "
            "bytes a second",
        ),
    )


def _word(status: HTTPStatus, code: str, reason: str) -> LastWord:
    body = orjson.dumps({"error": {"code": code, "reason": reason}})
    head = (
        f"HTTP/1.1 {status.value} {status.phrase}\r\ncontent-type: application/json\r\n"
        f"content-length: {len(body)}\r\nconnection: close\r\n\r\n"
    )
    return LastWord(status.value, head.encode() + body)
