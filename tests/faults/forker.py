"""Starts daemons by fork, with their faults armed: a start costs a tenth of a new interpreter's.

Reads one JSON object a line: arguments, environment, folder, and files for what the daemon says. Answers
with the process id, and later with the status that each process ended with. When its input ends, so do all.
"""

from __future__ import annotations

import ctypes
import json
import os
import random
import signal
import sys
import traceback
from typing import Any, NoReturn

from router.cli import main
from router.cli import run as _run  # noqa: F401 - read before the fork instead of after each

from . import points

_PR_SET_PDEATHSIG = 1


def serve() -> None:
    """Until the input ends."""
    children: set[int] = set()
    signal.signal(signal.SIGCHLD, lambda *_: _reap(children))
    for line in sys.stdin:
        signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGCHLD])
        child = os.fork()
        if child == 0:
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGCHLD])
            _become(json.loads(line))
        children.add(child)
        _tell({"pid": child})
        signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGCHLD])


def _reap(children: set[int]) -> None:
    for child in list(children):
        found, status = os.waitpid(child, os.WNOHANG)
        if found:
            children.discard(child)
            _tell({"gone": child, "status": os.waitstatus_to_exitcode(status)})


def _tell(what: dict[str, int]) -> None:
    os.write(1, json.dumps(what).encode() + b"\n")


def _become(order: dict[str, Any]) -> NoReturn:
    os.setsid()
    # No daemon outlives the launcher, however that ends.
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    for handle, name in ((1, order["said"]), (2, order["errors"])):
        file = os.open(name, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        os.dup2(file, handle)
        os.close(file)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
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
