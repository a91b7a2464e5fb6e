"""The daemon as a process: what signals mean to it, and how it ends."""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import resource
import signal
from collections.abc import Callable, Coroutine
from typing import Any, Final, TypeVar

import structlog

from router.daemon.collecting import spare_the_collector
from router.daemon.service import Service

T = TypeVar("T")
_LOG = structlog.get_logger()
_ENDING: Final = (signal.SIGTERM, signal.SIGINT)
_PR_SET_PDEATHSIG: Final = 1
_PR_SET_DUMPABLE: Final = 4


async def run_service(service: Service, announce: Callable[[Service], None]) -> int:
    """Run until SIGTERM or SIGINT; SIGHUP reloads. A second signal ends at once. Returns the exit status.

    A signal that comes during the start counts as soon as the start is done.
    """
    stop, reload = asyncio.Event(), asyncio.Event()
    end_when_asked(stop.set)
    asyncio.get_running_loop().add_signal_handler(signal.SIGHUP, reload.set)
    await service.start()
    spare_the_collector()
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


def end_when_asked(stop: Callable[[], object]) -> None:
    """Call `stop` at the first SIGTERM or SIGINT; a second ends the process. Needs a running loop."""
    loop = asyncio.get_running_loop()

    def end() -> None:
        stop()
        for number in _ENDING:
            loop.remove_signal_handler(number)
            # Whatever the process is doing then, the system ends it; what is on disk is whole all the time.
            signal.signal(number, signal.SIG_DFL)

    for number in _ENDING:
        loop.add_signal_handler(number, end)


async def _reload_when_asked(service: Service, asked: asyncio.Event) -> None:
    """One at a time; signals that come during a reload are one more."""
    while True:
        await asked.wait()
        asked.clear()
        await service.reload()


def run_loop(work: Coroutine[Any, Any, T]) -> T:
    """Run to the end, on uvloop where there is one: a request costs half as much there."""
    with asyncio.Runner(loop_factory=_loop_factory()) as runner:
        return runner.run(work)


def _loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    try:
        import uvloop
    except ImportError:
        return None
    return uvloop.new_event_loop


def keep_memory_private() -> None:
    """No core dumps, and no look into the process by others of the same user: it holds tokens and people."""
    with contextlib.suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    _prctl(_PR_SET_DUMPABLE, 0)


def end_with_parent() -> None:
    """Whatever this process is doing when its parent dies, the system ends it."""
    _prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def _prctl(option: int, value: int) -> None:
    # Systems other than Linux do not know it.
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(option, value, 0, 0, 0)
