"""One process owns a data directory."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path

import structlog

from router.delivery.spool import SpoolUnusable

log = structlog.get_logger()

_LOCK = "lock"
_LONGEST_NAME = 64
IN_DATABASE = "database"
"""The identity, as a directory remembers it, of a spool that is in a database."""


class OwnedDirectory:
    """A data directory and the lock on it. A directory that is made here is 0700, its files are 0600.

    Raises `SpoolUnusable` when another process has it or it cannot be used.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            _make(path)
            self._lock = _private(path / _LOCK)
        except OSError as problem:
            raise SpoolUnusable(f"the data directory {path} cannot be used: {problem.strerror}") from problem
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as problem:
            os.close(self._lock)
            raise SpoolUnusable(f"the data directory {path} is in use by another process") from problem

    def file(self, name: str) -> Path:
        """A file in the directory, made empty and private if it is new."""
        path = self.path / name
        os.close(_private(path))
        return path

    def known(self) -> str:
        """The identity of the spool that was last here; empty when there was none."""
        return os.pread(self._lock, _LONGEST_NAME, 0).decode("ascii", "replace").strip()

    def remember(self, name: str) -> None:
        """This spool is here now."""
        if name != self.known():
            os.ftruncate(self._lock, 0)
            os.pwrite(self._lock, name.encode("ascii"), 0)
            os.fsync(self._lock)

    def release(self) -> None:
        os.close(self._lock)


def _make(path: Path) -> None:
    if not path.exists():
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
    elif path.stat().st_mode & 0o077:
        # Not tightened: the directory is somebody else's choice, and the files in it are private.
        log.warning("data_directory_open_to_others", directory=str(path))


def _private(path: Path) -> int:
    handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    os.fchmod(handle, 0o600)
    return handle
