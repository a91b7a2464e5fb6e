"""A crew whose workers fail, hang, or start while rules change."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import sys
from collections.abc import Callable, Coroutine, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from structlog.testing import capture_logs

from router.daemon.workers import crew as crews
from router.daemon.workers.crew import Crew
from router.daemon.workers.line import LineLost
from router.delivery.clock import SystemClock
from router.settings import Address

# A worker in a few lines: it begins when a file says so, and tells of the rules it has.
WORKER = """
import asyncio, os, socket, sys
from router.daemon.workers.figures import Figures
from router.daemon.workers.line import Line

rules = []

async def begin(beginning):
    rules.append(beginning.rules)
    line.tell("heard", os.getpid(), beginning.rules)
    while not os.path.exists(beginning.gate):
        await asyncio.sleep(0.01)
    if beginning.rules == "bad":
        raise ValueError(beginning.rules)

async def take(new):
    line.tell("heard", os.getpid(), new)

async def figures():
    return Figures(outcomes={("send", "-"): 1})

async def drain(seconds):
    asyncio.get_running_loop().call_later(0.01, os._exit, 0)
    return Figures(outcomes={("send", "-"): 2})

line = Line({"begin": begin, "rules": take, "figures": figures, "drain": drain}, {}, lambda: os._exit(3))

async def work():
    end = socket.socket(fileno=int(sys.argv[1]))
    await asyncio.get_running_loop().connect_accepted_socket(lambda: line, end)
    await asyncio.Event().wait()

asyncio.run(work())
"""


class Stage:
    """A crew of one such worker, and what was heard of it."""

    def __init__(self, folder: Path) -> None:
        self.gate = folder / "gate"
        self.rules = "old"
        self.heard: list[tuple[int, str]] = []
        self.restarts = 0
        self.crew = Crew(
            1, Address("127.0.0.1", 0), {}, {"heard": self._hear}, self._beginning, (), SystemClock(),
            self._restarted,
        )  # fmt: skip

    def _hear(self, pid: int, rules: str) -> None:
        self.heard.append((pid, rules))

    def _beginning(self) -> Any:
        return SimpleNamespace(rules=self.rules, gate=str(self.gate), told_time=None)

    def _restarted(self) -> None:
        self.restarts += 1

    async def reload(self, rules: str) -> None:
        self.rules = rules
        await self.crew.take(rules)  # type: ignore[arg-type] # this worker takes any

    async def sent(self) -> int:
        return (await self.crew.count()).outcomes.get(("send", "-"), 0)


@pytest.fixture(autouse=True)
def _worker_of_a_few_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    def command(line: socket.socket, _port: socket.socket) -> Sequence[str]:
        return (sys.executable, "-c", WORKER, str(line.fileno()))

    monkeypatch.setattr(crews, "_command", command)
    monkeypatch.setattr(crews, "_ENDING_SECONDS", 0.2)


async def until(question: Callable[[], object]) -> None:
    async with asyncio.timeout(20):
        while not question():  # noqa: ASYNC110 - what is asked for happens in other processes
            await asyncio.sleep(0.01)


def play(folder: Path, scene: Callable[[Stage], Coroutine[Any, Any, None]]) -> list[str]:
    """What was logged in a scene."""

    async def whole() -> None:
        stage = Stage(folder)
        try:
            await scene(stage)
        finally:
            await stage.crew.stop(1.0)

    with capture_logs() as lines:
        asyncio.run(whole())
    return [each["event"] for each in lines]


def test_rules_that_come_while_a_worker_starts_are_its_rules(tmp_path: Path) -> None:
    async def scene(stage: Stage) -> None:
        starting = asyncio.create_task(stage.crew.start())
        await until(lambda: stage.heard)
        assert stage.crew.running == 0
        await stage.reload("new")
        assert [rules for _, rules in stage.heard] == ["old", "new"]
        stage.gate.touch()
        await starting
        assert stage.crew.running == 1

    assert play(tmp_path, scene) == []


def test_a_worker_that_cannot_start_is_said_to_be_so(tmp_path: Path) -> None:
    async def scene(stage: Stage) -> None:
        stage.gate.touch()
        stage.rules = "bad"
        with pytest.raises(LineLost, match="a worker cannot start: ValueError"):
            await stage.crew.start()

    assert "worker_not_started" in play(tmp_path, scene)


def test_a_worker_that_does_not_come_up_is_not_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(crews, "_START_SECONDS", 0.05)

    async def scene(stage: Stage) -> None:
        with pytest.raises(LineLost, match="a worker cannot start: TimeoutError"):
            await stage.crew.start()

    assert "worker_not_started" in play(tmp_path, scene)


async def hanging(stage: Stage) -> int:
    """A worker that has started, was looked at, and hangs."""
    stage.gate.touch()
    await stage.crew.start()
    assert await stage.sent() == 1
    pid = stage.heard[0][0]
    os.kill(pid, signal.SIGSTOP)
    return pid


async def replaced(stage: Stage, pid: int) -> None:
    """Another worker is in its place, and nothing that it counted is lost or counted twice."""
    await until(lambda: stage.restarts == 1 and stage.crew.running == 1)
    assert stage.heard[-1][0] != pid
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)
    assert await stage.sent() == 2


def test_of_a_worker_that_hangs_the_last_figures_are_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(crews, "_COUNT_SECONDS", 0.05)

    async def scene(stage: Stage) -> None:
        await hanging(stage)
        assert await stage.sent() == 1
        assert stage.restarts == 0

    assert play(tmp_path, scene) == ["worker_not_drained"]


def test_a_worker_that_is_silent_is_replaced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(crews, "_LOOK_SECONDS", 0.05)
    monkeypatch.setattr(crews, "_SILENT_SECONDS", 0.5)

    async def scene(stage: Stage) -> None:
        await replaced(stage, await hanging(stage))

    assert play(tmp_path, scene)[:2] == ["worker_silent", "worker_died"]


def test_a_worker_that_does_not_take_rules_is_replaced_by_one_that_has_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(crews, "_RULES_SECONDS", 0.05)

    async def scene(stage: Stage) -> None:
        pid = await hanging(stage)
        await stage.reload("new")
        await replaced(stage, pid)
        assert stage.heard[-1][1] == "new"

    assert play(tmp_path, scene) == ["worker_died"]


def test_a_worker_that_hangs_is_gone_when_its_crew_has_stopped(tmp_path: Path) -> None:
    pids: list[int] = []

    async def scene(stage: Stage) -> None:
        pids.append(await hanging(stage))

    assert play(tmp_path, scene) == ["worker_not_drained"]
    assert not Path(f"/proc/{pids[0]}").exists()
