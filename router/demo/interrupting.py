"""Whatever asks the demonstration to end, it unwinds as Ctrl-C does: nothing of it is left behind."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

_ENDING: Final = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Interrupted(KeyboardInterrupt):
    """Ctrl-C, a polite `kill`, or the end of the terminal.

    A type of our own: a plain KeyboardInterrupt that passes through a text the interpreter executes has
    `python -m` end by SIGINT, caught or not. Dataclasses and named tuples are made so, at every import.
    """


@contextmanager
def signals_like_ctrl_c() -> Iterator[None]:
    """Raises Interrupted at SIGINT, SIGTERM and SIGHUP, but for those that are ignored.

    Shells start background jobs with SIGINT ignored, and `nohup` ignores SIGHUP.
    """
    before = {each: signal.getsignal(each) for each in _ENDING}
    for each, handler in before.items():
        if handler is not signal.SIG_IGN:
            signal.signal(each, _interrupt)
    try:
        yield
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)


def _interrupt(_number: int, _frame: object) -> None:
    raise Interrupted
