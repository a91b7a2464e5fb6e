"""Daemons as processes of the launcher: started, stopped, killed and looked at from here."""

from __future__ import annotations

import atexit
import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from queue import Queue
from tempfile import TemporaryFile
from types import TracebackType
from typing import IO, Any, TextIO

import router

Streams = tuple[IO[Any], IO[Any], IO[Any]]

_ROOT = Path(__file__).parents[2]
_NOTHING = Path(os.devnull)


class Process:
    """As much of `subprocess.Popen` as is needed, of a process that somebody else started."""

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


@dataclass(frozen=True)
class Talk:
    """A process with our ends of its standard streams."""

    process: Process
    asks: TextIO
    says: TextIO
    warns: TextIO

    def end(self, typed: str = "", seconds: float = 30.0) -> tuple[int, str, str]:
        """Type the last of it and wait: the exit status, and what has not been read of what it said."""
        with contextlib.suppress(BrokenPipeError):
            self.asks.write(typed)
            self.asks.close()
        status = self.process.wait(seconds)
        with self.says, self.warns:
            return status, self.says.read(), self.warns.read()

    def close(self) -> None:
        """Whatever state it is in, it is gone afterwards."""
        self.process.kill()
        self.process.wait(30)
        for each in (self.asks, self.says, self.warns):
            with contextlib.suppress(BrokenPipeError):
                each.close()


def _pipe() -> tuple[TextIO, TextIO]:
    """Where to read, where to write."""
    source, sink = os.pipe()
    return os.fdopen(source, encoding="utf-8"), os.fdopen(sink, "w", buffering=1, encoding="utf-8")


class Launcher:
    """The process that forks daemons. A context manager; whatever still runs at its end is killed."""

    def __init__(self, forker: str = "tests.faults.forker") -> None:
        paths = os.pathsep.join([str(_ROOT), str(Path(router.__file__).parents[1])])
        self._orders, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            self._forker = subprocess.Popen(
                [sys.executable, "-m", forker], cwd=_ROOT, text=True,
                env={"PATH": os.environ["PATH"], "PYTHONPATH": paths},
                stdin=theirs, stdout=subprocess.PIPE,
            )  # fmt: skip
        self._processes: dict[int, Process] = {}
        self._started: Queue[Process | None] = Queue()
        self._listener = threading.Thread(target=self._listen, daemon=True)
        self._listener.start()

    def start(
        self, arguments: Sequence[str], environment: Mapping[str, str], folder: Path, said: Path, errors: Path
    ) -> Process:
        """A process that asks for nothing and whose words are added to two files."""
        with _NOTHING.open() as nothing, said.open("a") as out, errors.open("a") as error:
            return self.fork(arguments, environment, folder, (nothing, out, error))

    def run(
        self, arguments: Sequence[str], environment: Mapping[str, str], folder: Path, seconds: float = 60.0
    ) -> subprocess.CompletedProcess[str]:
        """A command that ends by itself."""
        with _NOTHING.open() as nothing, TemporaryFile("w+") as out, TemporaryFile("w+") as error:
            process = self.fork(arguments, environment, folder, (nothing, out, error))
            try:
                status = process.wait(seconds)
            finally:
                process.kill()
            out.seek(0)
            error.seek(0)
            return subprocess.CompletedProcess(list(arguments), status, out.read(), error.read())

    def talk(self, arguments: Sequence[str], environment: Mapping[str, str], folder: Path) -> Talk:
        """A process that is asked while it runs."""
        (asked, asks), (says, said), (warns, warned) = _pipe(), _pipe(), _pipe()
        with asked, said, warned:
            return Talk(self.fork(arguments, environment, folder, (asked, said, warned)), asks, says, warns)

    def fork(
        self, arguments: Sequence[str], environment: Mapping[str, str], folder: Path, streams: Streams
    ) -> Process:
        """`tagwright` with these arguments; `streams` are its standard input, output and error."""
        order = {"arguments": list(arguments), "environment": dict(environment), "folder": str(folder)}
        handles = [each.fileno() for each in streams]
        socket.send_fds(self._orders, [json.dumps(order).encode()], handles)
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

    def close(self) -> None:
        """Whatever still runs is killed."""
        self._orders.close()
        self._forker.wait(10)
        self._listener.join(10)
        assert self._forker.stdout is not None
        self._forker.stdout.close()

    def __enter__(self) -> Launcher:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


@cache
def launcher() -> Launcher:
    """The one that the tests of this process share. Ends with it."""
    opened = Launcher()
    atexit.register(opened.close)
    return opened
