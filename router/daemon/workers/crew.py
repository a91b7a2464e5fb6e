"""The workers of a keeper: started, told what changes, started again when they die, stopped."""

from __future__ import annotations

import asyncio
import contextlib
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
# How long a worker may take to start, and to take rules; after how long it is asked meanwhile whether it is
# there; how long it may take to answer; how often it is looked at, and how long it may then be silent.
_START_SECONDS: Final = 60.0
_RULES_SECONDS: Final = 60.0
_PATIENT_SECONDS: Final = 4.0
_COUNT_SECONDS: Final = 1.0
_LOOK_SECONDS: Final = 10.0
_SILENT_SECONDS: Final = 30.0


class Hand:
    """One worker of the crew: its place in it outlives the process."""

    def __init__(self, port: socket.socket) -> None:
        self.port = port
        self.line: Line | None = None
        self.serves = False
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
        return sum(hand.serves for hand in self._hands)

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
        """Have all of them go by these rules; returns when they do.

        One that cannot, or does not say so in time, is started again. One that is starting is told as well:
        it may have begun with other rules.
        """
        await asyncio.gather(*(self._retake(hand, recipe) for hand in self._hands))

    async def _retake(self, hand: Hand, recipe: Recipe) -> None:
        if hand.line is None:
            return
        line = hand.line
        try:
            async with asyncio.timeout(_RULES_SECONDS):
                await self._taken(hand, asyncio.ensure_future(line.call("rules", recipe)))
        except (LineLost, RuntimeError, TimeoutError):
            # It gets the rules when it starts.
            line.cut()

    async def _taken(self, hand: Hand, taking: asyncio.Future[Any]) -> None:
        """A large rule set takes long, and a worker goes on meanwhile; a silent one is not waited for."""
        try:
            while not (await asyncio.wait({taking}, timeout=_PATIENT_SECONDS))[0]:
                if not await self._look(hand, _COUNT_SECONDS):
                    raise TimeoutError
            taking.result()
        finally:
            taking.cancel()

    def tell(self, name: str, *arguments: Any) -> None:
        """Say something to all of them."""
        for hand in self._hands:
            if hand.line is not None:
                hand.line.tell(name, *arguments)

    async def count(self) -> Figures:
        """What all have counted, those that are gone among them; of one that is silent, what it said last."""
        await asyncio.gather(*(self._look(hand, _COUNT_SECONDS) for hand in self._hands))
        return sum((hand.figures for hand in self._hands), self._retired)

    async def _look(self, hand: Hand, seconds: float) -> bool:
        """Have the worker say what it counted; false when it is silent for so many seconds."""
        if hand.line is None or not hand.serves:
            return True
        try:
            async with asyncio.timeout(seconds):
                hand.figures = await hand.line.call("figures")
        except TimeoutError:
            return False
        except (LineLost, RuntimeError):
            pass
        return True

    async def stop(self, seconds: float) -> None:
        """Have them take no more and finish what is at hand; what is left after `seconds` is cut off."""
        self._stopping = True
        for hand, task in zip(self._hands, self._keeping, strict=False):
            # Nothing is at hand where a process starts, or is rested from one.
            if not hand.serves:
                task.cancel()
        for task in self._keeping[len(self._hands) :]:
            task.cancel()
        await asyncio.gather(*(self._drain(hand, seconds) for hand in self._hands))
        await asyncio.gather(*self._keeping, return_exceptions=True)
        for hand in self._hands:
            hand.port.close()

    async def _drain(self, hand: Hand, seconds: float) -> None:
        line = hand.line
        if line is None or not hand.serves:
            return
        try:
            async with asyncio.timeout(seconds + _ENDING_SECONDS):
                hand.figures = await line.call("drain", seconds)
        except (LineLost, RuntimeError, TimeoutError):
            _LOG.warning("worker_not_drained")
        finally:
            line.cut()

    # -------------------------------------------------------------- one worker

    async def _keep(self, hand: Hand, begun: asyncio.Future[None]) -> None:
        """Run the hand's process, and another one when it has ended."""
        while not self._stopping:
            since = self._clock.monotonic()
            try:
                status = await self._run(hand, begun)
            except Exception as problem:
                status = -1
                why = str(problem) or type(problem).__name__
                _LOG.warning("worker_not_started", error=type(problem).__name__)
                if not begun.done():
                    begun.set_exception(LineLost(f"a worker cannot start: {why}"))
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
            # Rules that come into force from here on are said after those that it begins with.
            hand.line = line
            async with asyncio.timeout(_START_SECONDS):
                await line.call("begin", self._beginning())
            hand.serves = True
            if not begun.done():
                begun.set_result(None)
            await self._watch(hand, ended)
        finally:
            hand.line, hand.serves = None, False
            line.cut()
            status = await _ended(process)
        return status

    async def _watch(self, hand: Hand, ended: asyncio.Event) -> None:
        """Until the process ends, or hangs: its share of the port is then answered by nobody."""
        while not ended.is_set():
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_LOOK_SECONDS):
                    await ended.wait()
            if not await self._look(hand, _SILENT_SECONDS):
                _LOG.error("worker_silent")
                return

    async def _spawn(self, hand: Hand, line: Line) -> Process:
        mine, theirs = socket.socketpair()
        mine.setblocking(False)
        try:
            await asyncio.get_running_loop().connect_accepted_socket(lambda: line, mine)
            return await asyncio.create_subprocess_exec(
                *_command(theirs, hand.port), pass_fds=(theirs.fileno(), hand.port.fileno()),
                stdin=DEVNULL, stdout=DEVNULL, env=self._environment(),
            )  # fmt: skip
        except BaseException:
            line.cut()
            mine.close()
            raise
        finally:
            theirs.close()

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
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_ENDING_SECONDS):
                await process.wait()
    finally:
        if process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
        # Also when this is cancelled: nobody else asks how it ended.
        status = await process.wait()
    return status


def told_time_of(clock: Clock, *, shared: bool) -> float | None:
    """What the keeper's clock adds to the monotonic one; None where it is the machine's wall clock."""
    return clock.now() - clock.monotonic() if shared else None
