"""A single call of TikTok's Business API, outside the delivery of events."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import httpx
import orjson

from router.tiktok.answers import Reply, read
from router.tiktok.client import ANSWER_BYTES, TIMEOUT


@dataclass(frozen=True, slots=True)
class Heard:
    """An HTTP answer, and the `Date` that its server wrote."""

    reply: Reply
    date: str = ""


@dataclass(frozen=True, slots=True)
class Unheard:
    """There was no answer; `why` is the kind of failure."""

    why: str

    def __str__(self) -> str:
        return f"there was no answer ({self.why})"


def make_client() -> httpx.Client:
    """Follows no redirects (they would carry secrets away), takes no proxy from the environment."""
    return httpx.Client(follow_redirects=False, trust_env=False, timeout=TIMEOUT)


def post(http: httpx.Client, url: str, body: Mapping[str, Any], token: str = "") -> Heard | Unheard:
    """Post JSON. What the network does is a value."""
    headers = {"Content-Type": "application/json", "Accept-Encoding": "identity"}
    if token:
        headers["Access-Token"] = token
    return _heard(http, "POST", url, orjson.dumps(body), headers)


def look(http: httpx.Client, url: str) -> Heard | Unheard:
    """Ask for the head of a page, which changes nothing and shows nothing."""
    return _heard(http, "HEAD", url, b"", {"Accept-Encoding": "identity"})


def _heard(
    http: httpx.Client, method: str, url: str, content: bytes, headers: Mapping[str, str]
) -> Heard | Unheard:
    try:
        with http.stream(method, url, content=content, headers=headers) as response:
            body = bytearray()
            for chunk in response.iter_raw():
                body += chunk
                if len(body) > ANSWER_BYTES:
                    return Unheard("too long an answer")
    except (httpx.HTTPError, httpx.StreamError, httpx.InvalidURL) as problem:
        return Unheard(type(problem).__name__)
    return Heard(read(response.status_code, bytes(body)), response.headers.get("date", ""))
