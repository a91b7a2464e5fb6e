"""The daemon as a child process, with an environment of its own, ended whatever happens."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

LOG: Final = "daemon.log"
CONFIG: Final = "tagwright.toml"
DATA: Final = "data"
_ADDRESSES: Final = re.compile(r"^listening on (\S+)$.*^admin on (\S+)$", re.MULTILINE | re.DOTALL)
_START_SECONDS: Final = 30.0
# The daemon promises ten; a machine that is busy may need a little more.
_DRAIN_SECONDS: Final = 15.0
_END_SECONDS: Final = 3.0
_LOOK_SECONDS: Final = 0.02
_OURS: Final = ("TIKTOK_", "TAGWRIGHT_")


class DaemonFailed(Exception):  # noqa: N818 (it is an event of the world, told to the user)
    """The daemon did not start, or ended on its own."""


@dataclass(frozen=True, slots=True)
class Daemon:
    """A running daemon; the addresses are base URLs."""

    process: subprocess.Popen[bytes]
    log: Path
    address: str
    admin: str

    def check(self) -> None:
        """Raises DaemonFailed when it runs no more."""
        if self.process.poll() is not None:
            raise DaemonFailed(f"the daemon ended with status {self.process.returncode}")

    def stop(self) -> None:
        """Have it finish and end. Raises DaemonFailed when it does not, or ends with a failure."""
        self.process.terminate()
        try:
            status = self.process.wait(_DRAIN_SECONDS)
        except subprocess.TimeoutExpired:
            raise DaemonFailed(f"the daemon did not stop within {_DRAIN_SECONDS:g} s") from None
        if status != 0:
            raise DaemonFailed(f"the daemon stopped with status {status}")


@contextmanager
def running_daemon(home: Path, rules: Path, variables: Mapping[str, str]) -> Iterator[Daemon]:
    """`tagwright run` in the folder `home`, where its settings are. Raises DaemonFailed if it does not start.

    Of the environment it gets everything but the variables that rules and settings read; those are
    `variables`.
    """
    log = home / LOG
    with log.open("wb") as out:
        process = subprocess.Popen(  # noqa: S603 (our own command, no shell)
            _command(rules), cwd=home, env=_environment(variables), stdin=subprocess.DEVNULL, stdout=out,
            stderr=subprocess.STDOUT,
        )  # fmt: skip
    try:
        yield Daemon(process, log, *_addresses(process, log))
    finally:
        _end(process)


def log_tail(log: Path, lines: int = 15) -> list[str]:
    """The last lines of the log; none when there is no log."""
    try:
        return log.read_text("utf-8", errors="replace").splitlines()[-lines:]
    except OSError:
        return []


def _command(rules: Path) -> list[str]:
    anywhere = "127.0.0.1:0"
    options = {
        "--rules": str(rules),
        "--listen": anywhere,
        "--admin": anywhere,
        "--data": DATA,
        "--config": CONFIG,
    }
    return [sys.executable, "-m", "router.cli", "run", *(word for pair in options.items() for word in pair)]


def _environment(variables: Mapping[str, str]) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(_OURS)}
    return {**kept, **variables}


def _addresses(process: subprocess.Popen[bytes], log: Path) -> tuple[str, str]:
    end = time.monotonic() + _START_SECONDS
    while time.monotonic() < end:
        ended = process.poll() is not None
        found = _ADDRESSES.search(log.read_text("utf-8", errors="replace"))
        if ended:
            raise DaemonFailed(f"the daemon did not start: it ended with status {process.returncode}")
        if found:
            return found[1], found[2]
        time.sleep(_LOOK_SECONDS)
    raise DaemonFailed(f"the daemon did not start within {_START_SECONDS:g} s")


def _end(process: subprocess.Popen[bytes]) -> None:
    try:
        if process.poll() is None:
            process.terminate()
            process.wait(_END_SECONDS)
    except subprocess.TimeoutExpired:
        pass
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()
