"""Daemons as processes of the launcher: started, stopped, killed and looked at from here."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from queue import Queue
from types import TracebackType
from typing import Any

import router

_ROOT = Path(__file__).parents[2]


class Process:
    """As much of `subprocess.Popen` as is needed, of a process that somebody else started."""

    stdout = None

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self.returncode: int | None = None
        self._gone = threading.Event()

    def ended(self, status: int) -> None:
        self.returncode = status
        self._gone.set()

    def poll(self) -> int | None:
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        if not self._gone.wait(timeout) or self.returncode is None:
            raise subprocess.TimeoutExpired("tagwright run", timeout or 0)
        return self.returncode

    def send_signal(self, number: int) -> None:
        if self.returncode is None:
            os.kill(self.pid, number)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)

    def resources(self) -> tuple[int, int, int]:
        """Resident bytes, open files, threads."""
        at = Path(f"/proc/{self.pid}")
        pages = int((at / "statm").read_text().split()[1])
        return pages * os.sysconf("SC_PAGESIZE"), _entries(at / "fd"), _entries(at / "task")


def _entries(directory: Path) -> int:
    # A process that keeps its memory private shows its open files to root alone.
    with contextlib.suppress(PermissionError):
        return sum(1 for _ in directory.iterdir())
    return 0


class Launcher:
    """The process that forks daemons. A context manager; whatever still runs at its end is killed."""

    def __init__(self) -> None:
        paths = os.pathsep.join([str(_ROOT), str(Path(router.__file__).parents[1])])
        self._forker = subprocess.Popen(
            [sys.executable, "-m", "tests.faults.forker"], cwd=_ROOT, text=True,
            env={"PATH": os.environ["PATH"], "PYTHONPATH": paths},
            stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        )  # fmt: skip
        self._processes: dict[int, Process] = {}
        self._started: Queue[Process | None] = Queue()
        self._listener = threading.Thread(target=self._listen, daemon=True)
        self._listener.start()

    def start(
        self, arguments: Sequence[str], environment: Mapping[str, str], folder: Path, said: Path, errors: Path
    ) -> Process:
        order: dict[str, Any] = {
            "arguments": list(arguments), "environment": dict(environment), "folder": str(folder),
            "said": str(said), "errors": str(errors),
        }  # fmt: skip
        assert self._forker.stdin is not None
        self._forker.stdin.write(json.dumps(order) + "\n")
        self._forker.stdin.flush()
        process = self._started.get(timeout=30)
        if process is None:
            raise AssertionError("the launcher has ended; what it said stands above")
        return process

    def _listen(self) -> None:
        assert self._forker.stdout is not None
        for line in self._forker.stdout:
            told = json.loads(line)
            if pid := told.get("pid"):
                self._processes[pid] = Process(pid)
                self._started.put(self._processes[pid])
            else:
                self._processes.pop(told["gone"]).ended(told["status"])
        self._started.put(None)

    def __enter__(self) -> Launcher:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._forker.stdin is not None
        self._forker.stdin.close()
        self._forker.wait(10)
        self._listener.join(10)
        assert self._forker.stdout is not None
        self._forker.stdout.close()
