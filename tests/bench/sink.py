"""What stands for TikTok, as a process: python sink.py

It prints the address that it listens on, answers every batch with code 0 at once, and prints how many events
it got, in all, whenever a line comes on its standard input.
"""

from __future__ import annotations

import asyncio
import sys
from typing import Any

import httptools
import uvloop

_ANSWER = b'{"code":0,"message":"OK","request_id":"bench","data":{}}'
_REPLY = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n%b" % (
    len(_ANSWER),
    _ANSWER,
)


class Sink(asyncio.Protocol):
    events = 0

    def connection_made(self, transport: Any) -> None:
        self._transport = transport
        self._parser = httptools.HttpRequestParser(self)
        self._parts: list[bytes] = []

    def data_received(self, data: bytes) -> None:
        self._parser.feed_data(data)

    def on_body(self, body: bytes) -> None:
        self._parts.append(body)

    def on_message_complete(self) -> None:
        Sink.events += b"".join(self._parts).count(b'"event_id":')
        self._parts.clear()
        self._transport.write(_REPLY)


async def serve() -> None:
    loop = asyncio.get_running_loop()
    server = await loop.create_server(Sink, "127.0.0.1", 0)
    print(f"127.0.0.1:{server.sockets[0].getsockname()[1]}", flush=True)
    while await loop.run_in_executor(None, sys.stdin.readline):
        print(Sink.events, flush=True)


if __name__ == "__main__":
    uvloop.install()
    asyncio.run(serve())
