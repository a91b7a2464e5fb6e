"""A worker's process: python -m router.daemon.workers.worker LINE PORT, both numbers of open sockets."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import sys
from collections.abc import Callable
from typing import Final

import structlog

from router.daemon.aside import aside
from router.daemon.collecting import spare_the_collector
from router.daemon.gathering import Gathering
from router.daemon.process import end_with_parent, keep_memory_private, run_loop
from router.daemon.taking import Backing
from router.daemon.workers.beginning import Beginning, Recipe, made_of
from router.daemon.workers.figures import Figures, figures_of
from router.daemon.workers.keeper import RemoteMemory, RemoteOrders, RemoteShadow, RemoteStore
from router.daemon.workers.line import Line
from router.delivery.clock import Clock, SystemClock
from router.delivery.postgres.clock import DatabaseClock
from router.logs import configure_logs
from router.serving import Listener, serve_on
from router.tracing import open_tracer
from router.web.intake import Intake
from router.web.metrics import Metrics

_LOG = structlog.get_logger()
_LOST: Final = 3
"""Exit status of a worker whose keeper is gone."""
_TRACES_SECONDS: Final = 1.0


class Worker:
    """Takes requests until it is told to stop. What it must not lose is with the keeper."""

    def __init__(self, port: socket.socket) -> None:
        self._port = port
        self.stopped = asyncio.Event()
        self.hung_up = asyncio.Event()
        self.line = Line(
            {"begin": self._begin, "rules": self._rules, "figures": self._figures, "drain": self._drain},
            {"keys": self._keys, "time": self._told_time},
            lost=self._lost,
        )
        self._clock: Clock = SystemClock()
        self._intake: Intake | None = None
        self._listener: Listener | None = None

    async def _begin(self, beginning: Beginning) -> str:
        """Take requests from now on; the version of the rules."""
        settings = self._settings = beginning.settings
        configure_logs(style=settings.logs.style, level=settings.logs.level)
        if beginning.told_time is not None:
            self._clock = DatabaseClock()
            self._told_time(beginning.told_time)
        self._deployment = made_of(beginning.recipe, settings)
        self._metrics = Metrics(self._clock.now)
        self._metrics.rules_loaded(self._deployment.program.version, self._deployment.events)
        self._tracer = open_tracer(settings)
        backing = self._backing(beginning)
        self._acceptor = backing.acceptor()
        intake = self._intake = backing.intake(self._acceptor)
        self._listener = await serve_on(
            intake, self._port, settings.limits, self._metrics.answered, settings.trusted_proxies
        )
        spare_the_collector()
        return self._deployment.program.version

    def _backing(self, beginning: Beginning) -> Backing:
        async def leapt() -> None:
            await self.line.call("leapt")

        return Backing(
            self._settings, lambda: self._deployment, self._metrics, self._clock, self._tracer,
            store=Gathering(RemoteStore(self.line)),
            orders=RemoteOrders(self.line),
            shadow=RemoteShadow(self.line) if beginning.shadowed else None,
            memory=RemoteMemory(self.line) if beginning.remembers else None,
            leapt=leapt,
        )  # fmt: skip

    async def _rules(self, recipe: Recipe) -> str:
        """These are in force from now on; their version."""
        self._deployment = await aside(lambda: made_of(recipe, self._settings), "rules")
        self._metrics.rules_loaded(self._deployment.program.version, self._deployment.events)
        spare_the_collector()
        return self._deployment.program.version

    async def _figures(self) -> Figures:
        return figures_of(self._metrics, self._acceptor)

    def _keys(self) -> None:
        if self._intake is not None:
            self._intake.reload_keys()

    def _told_time(self, ahead: float) -> None:
        if isinstance(self._clock, DatabaseClock):
            now = self._clock.monotonic()
            self._clock.told(now + ahead, now, now)

    async def _drain(self, seconds: float) -> Figures:
        """Take no more, finish what is at hand; the last figures."""
        if self._intake is not None:
            self._intake.draining = True
        if self._listener is not None:
            await self._listener.stop(seconds)
        await self._tracer.close(_TRACES_SECONDS)
        self.stopped.set()
        return await self._figures()

    def _lost(self) -> None:
        """Nothing can be promised any more; who waits for an answer sees the connection end."""
        if not self.stopped.is_set():
            os._exit(_LOST)
        self.hung_up.set()


async def work(line: socket.socket, port: socket.socket) -> None:
    """Until the keeper says that it is enough."""
    worker = Worker(port)
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        # They may be sent to the whole group; the keeper says what they mean.
        loop.add_signal_handler(number, _keep_on)
    await loop.connect_accepted_socket(_given(worker.line), line)
    await worker.stopped.wait()
    # The last answer has to get through before the process ends, however long it is.
    await asyncio.sleep(0)
    worker.line.close()
    await worker.hung_up.wait()


def _given(line: Line) -> Callable[[], Line]:
    return lambda: line


def _keep_on() -> None:
    pass


def main() -> None:
    """Both sockets are the parent's; nothing else is read from the command line."""
    line, port = (socket.socket(fileno=int(number)) for number in sys.argv[1:3])
    keep_memory_private()
    # One that hangs would keep its share of the port, and never see that the line has ended.
    end_with_parent()
    run_loop(work(line, port))


if __name__ == "__main__":
    main()
