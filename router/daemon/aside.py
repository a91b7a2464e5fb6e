"""Slow work beside the event loop, in a thread that nobody has to wait for when the process ends."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Callable
from typing import TypeVar

_T = TypeVar("_T")


async def aside(work: Callable[[], _T], name: str) -> _T:
    """The result of `work`, or what it raised. When cancelled, the thread is left to itself.

    `asyncio.to_thread` would hold the end of the process up until a file on a lost disk answers.
    """
    loop = asyncio.get_running_loop()
    done: asyncio.Future[_T] = loop.create_future()

    def tell(report: Callable[[], None]) -> None:
        # The loop may be gone, or nobody may wait any more.
        with contextlib.suppress(RuntimeError):
            loop.call_soon_threadsafe(lambda: None if done.done() else report())

    def run() -> None:
        try:
            result = work()
        except BaseException as problem:
            failure = problem
            tell(lambda: done.set_exception(failure))
        else:
            tell(lambda: done.set_result(result))

    threading.Thread(target=run, name=name, daemon=True).start()
    return await done
