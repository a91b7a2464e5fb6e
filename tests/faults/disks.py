"""A disk that fails, below SQLite: its files are opened through a VFS that can refuse, tear and lie."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import apsw

from .chance import repeatable

_DATABASE = "spool.sqlite"


class FaultyDisk(apsw.VFS):
    """The default VFS of this process from `install` on.

    `kind` is `watch`, or `KIND:AMOUNT:SEED`: `full` with the bytes that the directory may hold; `write`,
    `sync` and `short` (half of it is written, then an error) with the probability of a failure.
    """

    _kept: FaultyDisk | None = None

    def __init__(self, kind: str, watcher: Callable[[], None]) -> None:
        self._kind, *rest = kind.split(":")
        self._amount = float(rest[0]) if rest else 0.0
        self._rng = repeatable(int(rest[1]) if len(rest) > 1 else 0)
        self._watcher = watcher
        super().__init__("faulty", "unix", makedefault=True)

    @classmethod
    def install(cls, kind: str, watcher: Callable[[], None] = lambda: None) -> None:
        cls._kept = cls(kind, watcher)

    def xOpen(self, name: str | apsw.URIFilename | None, flags: list[int]) -> FaultyFile:  # noqa: N802
        return FaultyFile(self, name, flags)

    def writing(self, path: Path | None, size: int) -> int:
        """How many bytes of a write are done; fewer than all is a failure. May raise or end the process."""
        if path is None:
            return size
        if path.name == _DATABASE and _size(path.with_name(_DATABASE + "-wal")):
            self._watcher()
        if self._kind == "full" and _held(path.parent) + size > self._amount:
            raise apsw.FullError("no space left")
        if self._kind == "write" and self._unlucky():
            raise apsw.IOError("write failed")
        return size // 2 if self._kind == "short" and self._unlucky() else size

    def syncing(self) -> None:
        if self._kind == "sync" and self._unlucky():
            raise apsw.IOError("fsync failed")

    def _unlucky(self) -> bool:
        return self._rng.random() < self._amount


class FaultyFile(apsw.VFSFile):
    """One file of a `FaultyDisk`."""

    def __init__(self, disk: FaultyDisk, name: str | apsw.URIFilename | None, flags: list[int]) -> None:
        self._disk = disk
        text = name.filename() if isinstance(name, apsw.URIFilename) else name
        self._path = Path(text) if text else None
        super().__init__("unix", name, flags)

    def xWrite(self, data: bytes, offset: int) -> None:  # noqa: N802
        done = self._disk.writing(self._path, len(data))
        super().xWrite(data[:done], offset)
        if done < len(data):
            raise apsw.IOError("written in part")

    def xSync(self, flags: int) -> None:  # noqa: N802
        self._disk.syncing()
        super().xSync(flags)


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0


def _held(directory: Path) -> int:
    return sum(each.stat().st_blocks * 512 for each in directory.iterdir())
