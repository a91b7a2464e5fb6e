"""Starts `tagwright` by fork, with its faults armed if there are any: without the cost of a new interpreter.

Takes orders from the socket that is its standard input, a message each: a JSON object with arguments,
environment and folder, and the three standard streams. Answers with the process id, and later with the status
that each process ended with. When its input ends, so do all.
"""

from __future__ import annotations

import ctypes
import gc
import json
import os
import random
import signal
import socket
import sys
import traceback
from collections.abc import Sequence
from typing import Any, NoReturn

import click

from router.assets import asset
from router.cli import COMMANDS, main
from router.rulebook import load

from . import points

LARGEST_ORDER = 1 << 17
_PR_SET_PDEATHSIG = 1


def serve() -> None:
    """Until the input ends."""
    _read()
    children: set[int] = set()
    signal.signal(signal.SIGCHLD, lambda *_: _reap(children))
    orders = socket.socket(fileno=os.dup(0))
    while True:
        order, streams, _, _ = socket.recv_fds(orders, LARGEST_ORDER, 3)
        if not order:
            return
        signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGCHLD])
        child = os.fork()
        if child == 0:
            orders.close()
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGCHLD])
            _become(json.loads(order), streams)
        for each in streams:
            os.close(each)
        children.add(child)
        _tell({"pid": child})
        signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGCHLD])


def _read() -> None:
    """All commands and what nearly every rule set uses, before the forks instead of after each."""
    context = click.Context(main)
    for name in COMMANDS:
        main.get_command(context, name)
    load([asset("rules/standard.rules")])
    gc.collect()
    gc.freeze()


def _reap(children: set[int]) -> None:
    for child in list(children):
        found, status = os.waitpid(child, os.WNOHANG)
        if found:
            children.discard(child)
            _tell({"gone": child, "status": os.waitstatus_to_exitcode(status)})


def _tell(what: dict[str, int]) -> None:
    os.write(1, json.dumps(what).encode() + b"\n")


def _become(order: dict[str, Any], streams: Sequence[int]) -> NoReturn:
    os.setsid()
    # No daemon outlives the launcher, however that ends.
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    for handle, stream in enumerate(streams):
        os.dup2(stream, handle)
        os.close(stream)
    os.chdir(order["folder"])
    os.environ.clear()
    os.environ.update(order["environment"])
    random.seed()
    status = 1
    try:
        points.arm(os.environ)
        main.main(order["arguments"], prog_name="tagwright", standalone_mode=True)
    except SystemExit as end:
        status = end.code if isinstance(end.code, int) else int(end.code is not None)
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)


if __name__ == "__main__":
    serve()
