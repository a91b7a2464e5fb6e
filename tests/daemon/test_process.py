"""What signals mean to the process, at whatever moment they come."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, cast

import pytest

from router.daemon import Service, run_service


class Scripted:
    """A service that tells what is done with it; `start` and `reload` last until they are let go."""

    def __init__(self) -> None:
        self.told: list[str] = []
        self.broken = asyncio.Event()
        self.started, self.reloaded, self.reloaded_twice = (asyncio.Event() for _ in range(3))
        self.go = asyncio.Event()
        self.go.set()

    async def start(self) -> None:
        self.told.append("start")
        self.started.set()
        await self.go.wait()

    async def reload(self) -> bool:
        self.told.append("reload")
        self.reloaded.set()
        await self.go.wait()
        self.told.append("reloaded")
        if self.told.count("reloaded") == 2:
            self.reloaded_twice.set()
        return True

    async def stop(self) -> int:
        self.told.append("stop")
        return 0

    async def beginning(self) -> dict[str, Any]:
        return {}

    def announced(self, _service: Service) -> None:
        self.told.append("announced")


@contextmanager
def signals_as_before() -> Iterator[None]:
    numbers = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
    before = [signal.getsignal(each) for each in numbers]
    try:
        yield
    finally:
        for number, handler in zip(numbers, before, strict=True):
            signal.signal(number, handler)


def lived(story: Any) -> tuple[int, list[str]]:
    async def run() -> tuple[int, list[str]]:
        service = Scripted()
        task = asyncio.create_task(run_service(cast(Service, service), service.announced))
        await story(service)
        return await task, service.told

    with signals_as_before():
        return asyncio.run(run())


def send(number: signal.Signals) -> None:
    os.kill(os.getpid(), number)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_stops(number: signal.Signals) -> None:
    async def story(service: Scripted) -> None:
        await service.started.wait()
        send(number)

    assert lived(story) == (0, ["start", "announced", "stop"])


def test_a_signal_during_the_start_stops_as_soon_as_it_is_done() -> None:
    async def story(service: Scripted) -> None:
        service.go.clear()
        await service.started.wait()
        send(signal.SIGTERM)
        await asyncio.sleep(0.01)
        service.go.set()

    assert lived(story) == (0, ["start", "stop"])


def test_a_signal_during_a_reload_does_not_wait_for_it() -> None:
    async def story(service: Scripted) -> None:
        await service.started.wait()
        service.go.clear()
        send(signal.SIGHUP)
        await service.reloaded.wait()
        send(signal.SIGTERM)

    assert lived(story) == (0, ["start", "announced", "reload", "stop"])


def test_signals_during_a_reload_are_one_more_reload() -> None:
    async def story(service: Scripted) -> None:
        await service.started.wait()
        service.go.clear()
        send(signal.SIGHUP)
        await service.reloaded.wait()
        for _ in range(5):
            send(signal.SIGHUP)
            await asyncio.sleep(0.01)
        service.go.set()
        await service.reloaded_twice.wait()
        send(signal.SIGTERM)

    assert lived(story)[1] == ["start", "announced", *["reload", "reloaded"] * 2, "stop"]


def test_a_broken_disk_ends_with_status_1() -> None:
    async def story(service: Scripted) -> None:
        await service.started.wait()
        service.broken.set()

    assert lived(story) == (1, ["start", "announced", "stop"])


def test_memory_is_kept_private() -> None:
    script = (
        "import ctypes, resource; from router.daemon import keep_memory_private; keep_memory_private();"
        "print(ctypes.CDLL(None).prctl(3, 0, 0, 0, 0), resource.getrlimit(resource.RLIMIT_CORE))"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout == "0 (0, 0)\n"
