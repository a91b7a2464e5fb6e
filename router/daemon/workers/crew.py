"""The workers of a keeper: started, told what changes, started again when they die, stopped."""

from __future__ import annotations

import asyncio
import os
import socket
import sys
from asyncio.subprocess import DEVNULL, Process
from collections.abc import Callable, Collection, Sequence
from pathlib import Path
from typing import Any, Final

import structlog

import router
from router.daemon.workers.beginning import Beginning, Recipe
from router.daemon.workers.figures import Figures
from router.daemon.workers.line import Calls, Line, LineLost, Told
from router.delivery.clock import Clock
from router.serving import bound_ports
from router.settings import Address

_LOG = structlog.get_logger()
_QUICK_SECONDS: Final = 10.0
_FIRST_REST: Final = 0.5
_LONGEST_REST: Final = 30.0
_ENDING_SECONDS: Final = 1.0
_TIME_SECONDS: Final = 1.0


class Hand:
    """One worker of the crew: its place in it outlives the process."""

    def __init__(self, port: socket.socket) -> None:
        self.port = port
        self.line: Line | None = None
        self.figures = Figures()
        self.rest = _FIRST_REST


class Crew:
    """Workers on one address. `calls` and `told` are what they ask and tell the keeper.

    `beginning` says what a worker starts with at that moment; `secrets` what its environment is not to hold.
    """

    def __init__(
        self,
        count: int,
        address: Address,
        calls: Calls,
        told: Told,
        beginning: Callable[[], Beginning],
        secrets: Collection[str],
        clock: Clock,
        restarted: Callable[[], None],
    ) -> None:
        self._calls = calls
        self._told = told
        self._beginning = beginning
        self._secrets = frozenset(secrets)
        self._clock = clock
        self._restarted = restarted
        self.address, ports = bound_ports(address, count)
        self._hands = [Hand(port) for port in ports]
        self._retired = Figures()
        self._keeping: list[asyncio.Task[None]] = []
        self._stopping = False

    @property
    def running(self) -> int:
        """How many take requests."""
        return sum(hand.line is not None for hand in self._hands)

    async def start(self) -> None:
        """Returns when all of them take requests. Raises `LineLost` when one cannot start."""
        started = [asyncio.get_running_loop().create_future() for _ in self._hands]
        self._keeping = [
            asyncio.create_task(self._keep(hand, begun))
            for hand, begun in zip(self._hands, started, strict=True)
        ]
        self._keeping.append(asyncio.create_task(self._tell_time()))
        try:
            await asyncio.gather(*started)
        except BaseException:
            await self.stop(0.0)
            raise

    async def take(self, recipe: Recipe) -> None:
        """Have all of them go by these rules; returns when they do. One that cannot is started again."""
        await asyncio.gather(*(self._retake(hand, recipe) for hand in self._hands))

    async def _retake(self, hand: Hand, recipe: Recipe) -> None:
        if hand.line is None:
            return
        try:
            await hand.line.call("rules", recipe)
        except (LineLost, RuntimeError):
            # It gets the rules when it starts.
            hand.line.close()

    def tell(self, name: str, *arguments: Any) -> None:
        """Say something to all of them."""
        for hand in self._hands:
            if hand.line is not None:
                hand.line.tell(name, *arguments)

    async def count(self) -> Figures:
        """What all have counted, those that are gone among them."""
        await asyncio.gather(*map(self._look, self._hands))
        return sum((hand.figures for hand in self._hands), self._retired)

    async def _look(self, hand: Hand) -> None:
        if hand.line is not None:
            try:
                hand.figures = await hand.line.call("figures")
            except (LineLost, RuntimeError):
                return

    async def stop(self, seconds: float) -> None:
        """Have them take no more and finish what is at hand; what is left after `seconds` is cut off."""
        self._stopping = True
        await asyncio.gather(*(self._drain(hand, seconds) for hand in self._hands))
        for task in self._keeping[-1:]:
            task.cancel()
        if self._keeping:
            await asyncio.wait(self._keeping, timeout=_ENDING_SECONDS)
        for task in self._keeping:
            task.cancel()
        await asyncio.gather(*self._keeping, return_exceptions=True)
        for hand in self._hands:
            hand.port.close()

    async def _drain(self, hand: Hand, seconds: float) -> None:
        if hand.line is None:
            return
        try:
            async with asyncio.timeout(seconds + _ENDING_SECONDS):
                hand.figures = await hand.line.call("drain", seconds)
        except (LineLost, RuntimeError, TimeoutError):
            _LOG.warning("worker_not_drained")

    # -------------------------------------------------------------- one worker

    async def _keep(self, hand: Hand, begun: asyncio.Future[None]) -> None:
        """Run the hand's process, and another one when it has ended."""
        while not self._stopping:
            since = self._clock.monotonic()
            try:
                status = await self._run(hand, begun)
            except (OSError, LineLost, RuntimeError) as problem:
                status = -1
                if not begun.done():
                    begun.set_exception(LineLost(f"a worker cannot start: {problem}"))
            if self._stopping:
                return
            self._retired += hand.figures
            hand.figures = Figures()
            self._restarted()
            _LOG.error("worker_died", status=status)
            quick = self._clock.monotonic() - since < _QUICK_SECONDS
            hand.rest = min(_LONGEST_REST, hand.rest * 2) if quick else _FIRST_REST
            await self._clock.sleep(hand.rest if quick else 0.0)

    async def _run(self, hand: Hand, begun: asyncio.Future[None]) -> int:
        """One process from its start to its end; its exit status."""
        ended = asyncio.Event()
        line = Line(self._calls, self._told, lost=ended.set)
        process = await self._spawn(hand, line)
        try:
            await line.call("begin", self._beginning())
            hand.line = line
            if not begun.done():
                begun.set_result(None)
            await ended.wait()
        finally:
            hand.line = None
            line.close()
            status = await _ended(process)
        return status

    async def _spawn(self, hand: Hand, line: Line) -> Process:
        mine, theirs = socket.socketpair()
        try:
            process = await asyncio.create_subprocess_exec(
                *_command(theirs, hand.port), pass_fds=(theirs.fileno(), hand.port.fileno()),
                stdin=DEVNULL, stdout=DEVNULL, env=self._environment(),
            )  # fmt: skip
            mine.setblocking(False)
            await asyncio.get_running_loop().connect_accepted_socket(lambda: line, mine)
        except BaseException:
            mine.close()
            raise
        finally:
            theirs.close()
        return process

    def _environment(self) -> dict[str, str]:
        """Without the tokens, which a worker has no use for."""
        bare = {name: value for name, value in os.environ.items() if value not in self._secrets}
        here = str(Path(router.__file__).parents[1])
        paths = [here, *filter(None, [bare.get("PYTHONPATH")])]
        return {**bare, "PYTHONPATH": os.pathsep.join(paths)}

    async def _tell_time(self) -> None:
        """Routers of one database go by its clock, and so do their workers."""
        while self._beginning().told_time is not None:
            await self._clock.sleep(_TIME_SECONDS)
            self.tell("time", self._beginning().told_time)


def _command(line: socket.socket, port: socket.socket) -> Sequence[str]:
    # -P: modules in the directory where the daemon runs are none of ours.
    module = "router.daemon.workers.worker"
    return (sys.executable, "-P", "-m", module, str(line.fileno()), str(port.fileno()))


async def _ended(process: Process) -> int:
    """The exit status; a process that does not end by itself is ended."""
    try:
        async with asyncio.timeout(_ENDING_SECONDS):
            return await process.wait()
    except TimeoutError:
        process.kill()
        return await process.wait()


def told_time_of(clock: Clock, *, shared: bool) -> float | None:
    """What the keeper's clock adds to the monotonic one; None where it is the machine's wall clock."""
    return clock.now() - clock.monotonic() if shared else None
