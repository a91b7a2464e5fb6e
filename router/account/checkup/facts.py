"""Everything that checks look at: gathered first, so that they only judge."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from prometheus_client.samples import Sample

from router.lang.bind import Bound
from router.lang.program import Program
from router.settings import Settings

STANDS_ALONE: Final = "no daemon answers"


@dataclass(frozen=True, slots=True)
class Rules:
    """Rules as they are on disk, with destinations as this environment binds them.

    `program` is None when they have mistakes; `problems` says which, or why no token was found.
    """

    files: tuple[str, ...]
    program: Program | None
    bound: Mapping[str, Bound] = field(default_factory=dict)
    problems: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Place:
    """A file or directory that must be private: its mode, and the bits that it must not have."""

    path: str
    mode: int
    others: int

    @property
    def is_open(self) -> bool:
        return bool(self.mode & self.others)


@dataclass(frozen=True, slots=True)
class Disk:
    """Bytes on the disk of the data directory."""

    free: int
    total: int


@dataclass(frozen=True, slots=True)
class Waiting:
    """What a spool holds while no daemon runs: rows, the age of the oldest in seconds, dead letters."""

    events: int
    oldest_seconds: float
    dead: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Clocks:
    """How far this machine's clock is ahead of TikTok's, in seconds; None with why it is not known."""

    ahead: float | None
    why: str = ""


@dataclass(frozen=True, slots=True)
class Facts:
    """What is so. `status` and `samples` are a running daemon's, `status` is None without one."""

    settings: Settings = field(default_factory=Settings)
    mistakes: tuple[str, ...] = ()
    exposure: str = ""
    """Why the daemon would not listen where it is told to, with a fix."""
    unread: tuple[str, ...] = ()
    places: tuple[Place, ...] = ()
    rules: Rules | None = None
    disk: Disk | None = None
    sqlite: str = ""
    spool: Waiting | str = "there is no spool yet"
    """What it holds, or why that is not known."""
    status: Mapping[str, Any] | None = None
    samples: tuple[Sample, ...] = ()
    no_daemon: str = STANDS_ALONE
    clocks: Clocks = field(default_factory=lambda: Clocks(None, "not asked"))

    @property
    def ids(self) -> dict[tuple[str, str], str]:
        """Event source ids by destination and source, as they are here, else as the daemon has them."""
        here = self.rules.bound if self.rules else {}
        found = {(name, source): value for name, each in here.items() for source, value in each.ids.items()}
        if not found and self.status is not None:
            found = {
                (each["destination"], source): value
                for each in self.status["destinations"]
                for source, value in each["sources"].items()
            }
        return found

    @property
    def sources(self) -> frozenset[str]:
        """The event sources that some destination is active for."""
        return frozenset(source for _, source in self.ids)

    def counted(self, name: str, **labels: str) -> Iterator[Sample]:
        """The daemon's samples of a counter that are not nought."""
        return (
            each
            for each in self.samples
            if each.name == f"tagwright_{name}_total" and each.value and labels.items() <= each.labels.items()
        )

    def total(self, name: str, **labels: str) -> int:
        """The sum of a counter's samples."""
        return int(sum(each.value for each in self.counted(name, **labels)))
