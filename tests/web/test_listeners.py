"""Listeners start where they are told to and finish what they have begun."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Sequence

import httpx
import pytest

from router.lang.outcome import Arrival
from router.serving import listen
from router.settings import Address, Limits, Settings
from router.web.acceptance import Receipt
from router.web.intake import Intake
from router.web.metrics import Metrics


class Slow:
    """Accepts when it is told to."""

    def __init__(self) -> None:
        self.begun = asyncio.Event()
        self.go = asyncio.Event()

    async def accept(self, arrivals: Sequence[Arrival], *_: object) -> Receipt:
        self.begun.set()
        await self.go.wait()
        return Receipt({"send": len(arrivals)})


def test_stopping_finishes_the_request_at_hand_and_leaves_signals_alone() -> None:
    async def play() -> tuple[int, bool]:
        slow = Slow()
        before = signal.getsignal(signal.SIGTERM)
        listener = await listen(Intake(slow, Settings(), Metrics()), Address("127.0.0.1", 0), Limits())
        url = f"http://{listener.address}/v1/events"
        async with httpx.AsyncClient() as client:
            request = asyncio.create_task(client.post(url, json={"event_name": "a"}))
            await slow.begun.wait()
            untouched = signal.getsignal(signal.SIGTERM) == before
            stopping = asyncio.create_task(listener.stop(5))
            await asyncio.sleep(0)
            slow.go.set()
            status = (await request).status_code
            await stopping
            with pytest.raises(httpx.ConnectError):
                await client.post(url, json={})
        return status, untouched

    assert asyncio.run(play()) == (202, True)


def test_an_address_in_use_is_an_error_of_the_world() -> None:
    async def play() -> None:
        async with await listen(
            Intake(Slow(), Settings(), Metrics()), Address("127.0.0.1", 0), Limits()
        ) as first:
            with pytest.raises(OSError, match="in use"):
                await listen(Intake(Slow(), Settings(), Metrics()), first.address, Limits())

    asyncio.run(play())
