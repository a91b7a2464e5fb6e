"""The daemon as a process: what signals mean to it, and how it ends."""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import resource
import signal
from collections.abc import Callable
from typing import Final

import structlog

from router.daemon.service import Service

_LOG = structlog.get_logger()
_ENDING: Final = (signal.SIGTERM, signal.SIGINT)
_PR_SET_DUMPABLE: Final = 4


async def run_service(service: Service, announce: Callable[[Service], None]) -> int:
    """Run until SIGTERM or SIGINT; SIGHUP reloads. A second signal ends at once. Returns the exit status.

    A signal that comes during the start counts as soon as the start is done.
    """
    stop, reload = asyncio.Event(), asyncio.Event()
    _listen_to_signals(stop, reload)
    await service.start()
    if not stop.is_set():
        _LOG.info("started", **await service.beginning())
        announce(service)
    reloading = asyncio.create_task(_reload_when_asked(service, reload))
    ends = [asyncio.create_task(each.wait()) for each in (service.broken, stop)]
    await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
    for task in (reloading, *ends):
        task.cancel()
    failed = service.broken.is_set()
    left = await service.stop()
    _LOG.info("stopped", open_requests=left, spool_broken=failed)
    return 1 if failed else 0


def _listen_to_signals(stop: asyncio.Event, reload: asyncio.Event) -> None:
    loop = asyncio.get_running_loop()

    def end() -> None:
        stop.set()
        for number in _ENDING:
            loop.remove_signal_handler(number)
            # Whatever the process is doing then, the system ends it; what is on disk is whole all the time.
            signal.signal(number, signal.SIG_DFL)

    for number in _ENDING:
        loop.add_signal_handler(number, end)
    loop.add_signal_handler(signal.SIGHUP, reload.set)


async def _reload_when_asked(service: Service, asked: asyncio.Event) -> None:
    """One at a time; signals that come during a reload are one more."""
    while True:
        await asked.wait()
        asked.clear()
        await service.reload()


def keep_memory_private() -> None:
    """No core dumps, and no look into the process by others of the same user: it holds tokens and people."""
    with contextlib.suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    # Systems other than Linux do not know it.
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)
