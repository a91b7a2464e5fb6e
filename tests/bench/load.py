"""A load generator as a process: python load.py ADDRESS CONNECTIONS EVENTS SECONDS MARK

Every connection posts a body of EVENTS events, waits for its answer, posts the next. What was answered within
SECONDS is printed as JSON: requests by status, and their times in milliseconds.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections import Counter
from typing import Any

import httptools
import samples
import uvloop

WARM_SECONDS = 1.0
_ID = b"@@"
_HEAD = b"POST /v1/events HTTP/1.1\r\nhost: t\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n"


class Events:
    """Bodies of purchases and page views in turn, happening now, each with ids of its own."""

    def __init__(self, mark: str, size: int) -> None:
        self._mark = mark.encode()
        self._size = size
        self._made = 0
        self._texts = [
            _with_places(text)
            for pair in zip(samples.lines("purchase"), samples.lines("page_view"), strict=True)
            for text in pair
        ]

    def body(self) -> bytes:
        texts, mark, first = self._texts, self._mark, self._made
        self._made += self._size
        events = [
            (b"%b-%d" % (mark, number)).join(texts[number % len(texts)])
            for number in range(first, first + self._size)
        ]
        return events[0] if self._size == 1 else b"[" + b",".join(events) + b"]"


def _with_places(text: bytes) -> list[bytes]:
    """What stands between the places of the id."""
    event = json.loads(text)
    event["context"]["event_timestamp"] = int(time.time())
    event["id"] = _ID.decode()
    if "order_id" in event:
        event["order_id"] = _ID.decode()
    return json.dumps(event, separators=(",", ":")).encode().split(_ID)


class Poster(asyncio.Protocol):
    """One connection that is never idle until `end`."""

    def __init__(self, events: Events, end: float, found: list[tuple[float, float, int]]) -> None:
        self._events, self._end, self._found = events, end, found
        self.done = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: Any) -> None:
        self._transport = transport
        self._post()

    def _post(self) -> None:
        body = self._events.body()
        self._parser = httptools.HttpResponseParser(self)
        self._began = time.perf_counter()
        self._transport.write(_HEAD % len(body) + body)

    def data_received(self, data: bytes) -> None:
        self._parser.feed_data(data)

    def on_message_complete(self) -> None:
        now = time.perf_counter()
        self._found.append((now, now - self._began, self._parser.get_status_code()))
        if now < self._end:
            asyncio.get_running_loop().call_soon(self._post)
        else:
            self._transport.close()

    def connection_lost(self, problem: Exception | None) -> None:
        if not self.done.done():
            self.done.set_result(None)


async def load(address: str, connections: int, size: int, seconds: float, mark: str) -> dict[str, Any]:
    host, port = address.rsplit(":", 1)
    events, found = Events(mark, size), list[tuple[float, float, int]]()
    began = time.perf_counter()
    first, end = began + WARM_SECONDS, began + WARM_SECONDS + seconds
    loop = asyncio.get_running_loop()
    posters = [
        (await loop.create_connection(lambda: Poster(events, end, found), host, int(port)))[1]
        for _ in range(connections)
    ]
    await asyncio.gather(*(each.done for each in posters))
    counted = [(took, status) for at, took, status in found if first <= at <= end]
    times = sorted(took * 1000 for took, _ in counted) or [0.0]
    return {
        "answers": Counter(str(status) for _, status in counted),
        "answered_in_all": Counter(str(status) for _, _, status in found),
        "seconds": seconds,
        "p50_ms": times[len(times) // 2],
        "p99_ms": times[min(len(times) - 1, len(times) * 99 // 100)],
        "most_ms": times[-1],
    }


if __name__ == "__main__":
    uvloop.install()
    where, connections, size, seconds, mark = sys.argv[1:]
    print(json.dumps(asyncio.run(load(where, int(connections), int(size), float(seconds), mark))))
