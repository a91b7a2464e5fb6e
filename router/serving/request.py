"""A request: its head, and its body while it comes in."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Final, NamedTuple, Protocol
from urllib.parse import parse_qsl

from router.serving.answers import Answer

# A hit of gtag.js has hundreds; the length of addresses is bounded before.
_MOST_PARAMETERS: Final = 1000
# As much as comes at once: an application that waits is given it in the next turn of the loop.
_ENOUGH_BYTES: Final = 262_144


class Source(Protocol):
    """Where a body comes from; it is slowed down while nobody takes what has come."""

    def go_on(self, request: Request) -> None: ...

    def hold(self) -> None: ...


class Part(NamedTuple):
    """What has come of a body since the last time, and whether more is to come."""

    data: bytes
    more: bool


class Request:
    """A request. Header names are lower-case, and repeated headers are joined; `peer` is the address at the
    other end. The query has the first of each parameter, and none at all where there are too many.
    """

    __slots__ = (
        "_body",
        "_gone",
        "_is_new",
        "_is_whole",
        "_query",
        "_source",
        "_waiter",
        "expects",
        "headers",
        "keeps",
        "method",
        "path",
        "peer",
        "query_string",
    )

    def __init__(
        self,
        method: str,
        path: str,
        query_string: bytes,
        headers: Mapping[str, str],
        peer: str | None,
        source: Source,
        *,
        keeps: bool = True,
    ) -> None:
        self.method = method
        self.path = path
        self.query_string = query_string
        self.headers = headers
        self.peer = peer
        self.keeps = keeps
        """Whether the connection may be used again."""
        self.expects = headers.get("expect", "").lower() == "100-continue"
        """Whether the sender waits to be told that its body is wanted."""
        self._source = source
        self._query: dict[str, str] | None = None
        self._body: bytes | bytearray = b""
        self._is_new = False
        self._is_whole = False
        self._gone = False
        self._waiter: asyncio.Future[None] | None = None

    def __repr__(self) -> str:
        """Nothing of what was sent: it may hold keys and persons."""
        return f"<Request {self.method}>"

    @property
    def query(self) -> Mapping[str, str]:
        """The parameters of the address."""
        if self._query is None:
            self._query = _parameters(self.query_string) if self.query_string else {}
        return self._query

    @property
    def at_hand(self) -> int | None:
        """The bytes that `take` would give, where all of the body has come; None where more is to come."""
        return len(self._body) if self._is_whole else None

    def take(self) -> bytes:
        """What has come of the body since the last time."""
        data, self._body, self._is_new = self._body, b"", False
        return bytes(data)

    async def part(self) -> Part | None:
        """What has come of the body, as soon as there is something; None when the sender has gone.

        After the last part there is nothing to come but that.
        """
        while not (self._is_new or self._gone):
            self._source.go_on(self)
            self._waiter = asyncio.get_running_loop().create_future()
            await self._waiter
        if self._gone and not (self._is_new and self._is_whole):
            return None
        return Part(self.take(), not self._is_whole)

    async def body(self, most: int) -> bytes | None:
        """The whole body; None when the sender has gone, or it has more than `most` bytes.

        What is too much is read and forgotten.
        """
        body, size, more = bytearray(), 0, True
        while more:
            part = await self.part()
            if part is None:
                return None
            size, more = size + len(part.data), part.more
            if size <= most:
                body += part.data
        return bytes(body) if size <= most else None

    # -------------------------------------------------------------- for the connection

    def feed(self, data: bytes) -> None:
        """More of the body has come."""
        if self._body:
            if isinstance(self._body, bytes):
                self._body = bytearray(self._body)
            self._body += data
        else:
            self._body = data
        self._is_new = True
        self.expects = False
        if len(self._body) > _ENOUGH_BYTES:
            self._source.hold()
        self._wake()

    def finish(self) -> None:
        """All of the body has come."""
        self._is_whole = self._is_new = True
        self.expects = False
        self._wake()

    def lose(self) -> None:
        """The sender has gone, or is not heard any longer."""
        self._gone = True
        self._wake()

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)


App = Callable[[Request], Awaitable[Answer | None]]
"""What answers requests. None where nobody waits for an answer; the connection is closed then."""


def joined(pairs: Iterable[tuple[bytes, bytes]]) -> dict[str, str]:
    """Headers by lower-case name; of those that are repeated the values are joined."""
    headers: dict[str, str] = {}
    for raw_name, raw_value in pairs:
        name, value = raw_name.decode("latin-1").lower(), raw_value.decode("latin-1")
        if name in headers:
            value = f"{headers[name]}{'; ' if name == 'cookie' else ', '}{value}"
        headers[name] = value
    return headers


def _parameters(query: bytes) -> dict[str, str]:
    """The first of each parameter; none at all of a query with too many."""
    try:
        pairs = parse_qsl(query.decode("latin-1"), max_num_fields=_MOST_PARAMETERS)
    except ValueError:
        return {}
    return dict(reversed(pairs))
