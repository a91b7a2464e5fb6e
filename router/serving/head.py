"""The head of a request while it comes in, within its bounds."""

from __future__ import annotations

import httptools

from router.serving.last_words import LastWord, LastWords
from router.serving.request import Request, Source, joined
from router.serving.target import split_target
from router.settings import Limits


class Head:
    """What a parser tells of the head of a request. Of its size one knows at first how much came with it."""

    __slots__ = ("_came", "_is_open", "_least", "_limits", "_most", "_pairs", "_url", "_words")

    def __init__(self, limits: Limits, words: LastWords) -> None:
        self._limits = limits
        self._words = words
        self._url = b""
        self._pairs: list[tuple[bytes, bytes]] = []
        self._is_open = False
        self._came = 0
        self._least = 0
        self._most = 0

    @property
    def is_open(self) -> bool:
        """Whether it has begun and has not ended."""
        return self._is_open

    def on_message_begin(self) -> None:
        self._url = b""
        self._pairs = []
        self._is_open = True

    def on_url(self, url: bytes) -> None:
        self._url += url

    def on_header(self, name: bytes, value: bytes) -> None:
        """What stands behind the body is no header: proxies have not looked at it."""
        if self._is_open:
            self._pairs.append((name, value))

    def feed(self, size: int) -> None:
        """So many bytes are going to be parsed."""
        self._came = size

    def wait(self, *, all_of_it: bool) -> LastWord | None:
        """The bytes that were parsed have not brought its end; perhaps not `all_of_it` were of this head."""
        self._most += self._came
        if all_of_it:
            self._least += self._came
        return self._words.head_too_large if self._least > self._limits.header_bytes else None

    def end(self) -> None:
        """The request is whole; another head may follow."""
        self._least = self._most = 0

    def request(
        self, parser: httptools.HttpRequestParser, peer: str | None, source: Source
    ) -> Request | LastWord:
        """The request, all of whose head has come, or why it is not taken."""
        self._is_open = False
        problem = self._problem(parser)
        if problem is not None:
            return problem
        target, headers = split_target(self._url), joined(self._pairs)
        version = parser.get_http_version()
        if target is None or not _is_sound(version, headers):
            return self._words.no_http
        if version == "1.0":
            # Its sender knows of no answer before the answer.
            headers.pop("expect", None)
        path, query = target
        return Request(
            parser.get_method().decode(), path, query, headers, peer, source,
            keeps=version == "1.1" and parser.should_keep_alive(),
        )  # fmt: skip

    def _problem(self, parser: httptools.HttpRequestParser) -> LastWord | None:
        if len(self._url) > self._limits.url_bytes:
            return self._words.url_too_long
        if len(self._pairs) > self._limits.headers or self._is_too_large():
            return self._words.head_too_large
        # Of another protocol the parser would swallow the body.
        return self._words.no_upgrade if parser.should_upgrade() else None

    def _is_too_large(self) -> bool:
        """Its bytes need not be counted where few came in all."""
        most = self._limits.header_bytes
        if self._most + self._came <= most:
            return False
        return len(self._url) + sum(len(name) + len(value) for name, value in self._pairs) > most


def _is_sound(version: str, headers: dict[str, str]) -> bool:
    """The parser takes versions and codings that only those send who try what comes of it."""
    coding = headers.get("transfer-encoding")
    if version == "1.0":
        return coding is None
    return version == "1.1" and (coding is None or coding.strip(" \t").lower() == "chunked")
