"""A router as a process, as little of it as a cluster needs: it takes ids over a socket, and delivers them.

A request is a line, `{"ids": […]}`; the answer `{"new": […]}` once they are durable, or `{"busy": seconds}`.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import sys
from typing import Any

from router.delivery.bounds import Bounds
from router.delivery.entry import Entry, dedup_key
from router.delivery.postgres.address import address_of
from router.delivery.postgres.clock import DatabaseClock
from router.delivery.postgres.spool import PostgresSpool
from router.delivery.retry import Policy
from router.delivery.spool import SpoolError
from router.delivery.surroundings import LaneSettings
from router.delivery.verdict import Accepted, Batch, Retry, Verdict
from router.delivery.worker import Deliverer
from router.logs import configure_logs


class Wire:
    """Sends a batch as a line of ids and waits for one in return."""

    def __init__(self, port: int) -> None:
        self._port = port

    async def send(self, batch: Batch) -> list[Verdict]:
        ids = [json.loads(entry.payload)["id"] for entry in batch.entries]
        try:
            reader, writer = await asyncio.open_connection("127.0.0.1", self._port)
        except OSError:
            return [Retry("not_sent")] * len(ids)
        try:
            writer.write(json.dumps({"from": os.getpid(), "ids": ids}).encode() + b"\n")
            answer = await asyncio.wait_for(reader.readline(), 10)
            return [Accepted() if answer else Retry("unknown", ambiguous=True)] * len(ids)
        except (OSError, TimeoutError):
            return [Retry("unknown", ambiguous=True)] * len(ids)
        finally:
            writer.close()
            with contextlib.suppress(OSError):
                await writer.wait_closed()


def entry_of(event_id: str, clock: DatabaseClock) -> Entry:
    now = clock.now()
    payload = json.dumps({"id": event_id, "more": "x" * 400}).encode()
    key = dedup_key("web", "PIXEL", "Purchase", event_id)
    return Entry(key, "shop", "web", "PIXEL", "Purchase", payload, int(now), now, "v1")


class Node:
    def __init__(self, spool: PostgresSpool, clock: DatabaseClock) -> None:
        self._spool = spool
        self._clock = clock

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError):
            while line := await reader.readline():
                answer = await self._answer(json.loads(line)["ids"])
                writer.write(json.dumps(answer).encode() + b"\n")
                await writer.drain()
        writer.close()

    async def _answer(self, ids: list[str]) -> dict[str, Any]:
        try:
            new = await self._spool.put([entry_of(each, self._clock) for each in ids])
        except SpoolError as refusal:
            return {"busy": getattr(refusal, "retry_after", 1.0)}
        return {"new": [each for each, stored in zip(ids, new, strict=True) if stored]}


async def run(asked: dict[str, Any]) -> None:
    clock = DatabaseClock()
    spool = await PostgresSpool.open(
        address_of(asked["url"]), clock=clock, lease_seconds=asked["lease"], pulse_seconds=asked["pulse"],
        bounds=Bounds(),
    )  # fmt: skip
    await spool.recover()
    policy = Policy(backoff_base=0.05, backoff_cap=0.3, breaker_first=0.1, breaker_cap=0.3)
    settings = LaneSettings(batch_max=asked["batch"], in_flight=2, linger=0.0)
    deliverer = Deliverer(
        spool, Wire(asked["tiktok"]), clock=clock, policy=policy, settings=settings, company=spool.company
    )
    server = await asyncio.start_server(Node(spool, clock).serve, "127.0.0.1", 0)
    deliverer.configure(["shop"])
    stopping = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stopping.set)
    sys.stdout.write(f"{server.sockets[0].getsockname()[1]}\n")
    sys.stdout.flush()
    await stopping.wait()
    server.close()
    await asyncio.sleep(0.05)  # what was read is answered
    await deliverer.drain(5)
    await spool.close()


if __name__ == "__main__":
    configure_logs(style="json", level="info")
    asyncio.run(run(json.loads(sys.argv[1])))
