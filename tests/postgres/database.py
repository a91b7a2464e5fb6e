"""The database of a trial: a server, or a primary and its standby, to be stopped and lost."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import psycopg
from postgres_server import Server, fresh_url

NAMED = "ANY 1 (standby)"
"""`synchronous_standby_names` with which the primary waits for the standby."""


@dataclass(slots=True)
class Database:
    """What is stopped and killed here is the tests' own. `synchronous`: each commit waits for the standby."""

    primary: Server
    standby: Server | None = None
    synchronous: bool = False
    url: str = field(init=False)
    """A spool of its own, on whichever of the servers takes writes."""

    def __post_init__(self) -> None:
        schema = fresh_url(self.primary).rpartition("=")[2]
        servers = [self.primary, *([self.standby] if self.standby else [])]
        hosts = ",".join(f"127.0.0.1:{each.port}" for each in servers)
        self.url = f"postgresql://router@{hosts}/postgres?target_session_attrs=read-write&schema={schema}"

    @property
    def following(self) -> Server:
        """The standby."""
        assert self.standby is not None, "this database has no standby"
        return self.standby

    def wait_until_it_follows(self) -> None:
        wanted = "quorum" if self.synchronous else "async"
        _until(lambda: _state_of_standby(self.primary) == wanted)

    def lose(self, server: Server) -> None:
        """kill -9 of every process of it at once: sessions outlive their server for a moment otherwise."""
        os.kill(server.pid, signal.SIGSTOP)
        for pid in _children(server):
            os.kill(pid, signal.SIGKILL)
        server.kill()

    def stall(self) -> list[int]:
        """The standby's receiver stands still; its processes, for `forget`."""
        stopped = _receivers(self.following)
        assert stopped, "the standby receives nothing"
        for pid in stopped:
            os.kill(pid, signal.SIGSTOP)
        return stopped

    def forget(self, stopped: list[int]) -> None:
        """What lies on the way to a receiver that stands still never arrives."""
        for pid in stopped:
            os.kill(pid, signal.SIGKILL)
        # The server takes that for a crash, and starts itself anew.
        _until(lambda: not any(Path(f"/proc/{pid}").exists() for pid in stopped) and _answers(self.following))

    def promote(self) -> None:
        """The standby takes writes, and waits for nobody, as an operator sets it until there is another."""
        self.following.promote()
        _set_standbys(self.following, "")

    def rebuild(self) -> None:
        """What was the primary and is dead becomes the standby of what was its standby."""
        lost = self.primary
        shutil.rmtree(lost.data)
        self.primary, self.standby = self.following, lost
        lost.settings["cluster_name"] = "standby"
        lost.copy_of(self.primary, f"standby_{lost.port}").start()
        _set_standbys(self.primary, NAMED if self.synchronous else "")
        self.wait_until_it_follows()


@contextmanager
def replicated(*, synchronous: bool) -> Iterator[Database]:
    """A primary and a standby that follows it."""
    primary = Server(fsync="off")
    standby = Server(fsync="off", cluster_name="standby")
    try:
        primary.create().start()
        standby.copy_of(primary, "standby").start()
        _set_standbys(primary, NAMED if synchronous else "")
        database = Database(primary, standby, synchronous)
        database.wait_until_it_follows()
        yield database
    finally:
        primary.remove()
        standby.remove()


def _set_standbys(server: Server, names: str) -> None:
    with server.session() as session:
        session.execute(f"ALTER SYSTEM SET synchronous_standby_names = '{names}'".encode())
        session.execute("SELECT pg_reload_conf()")


def _receivers(server: Server) -> list[int]:
    """The process of a standby that takes what the primary sends."""
    return [pid for pid in _children(server) if b"walreceiver" in Path(f"/proc/{pid}/cmdline").read_bytes()]


def _children(server: Server) -> list[int]:
    pid = server.pid
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def _state_of_standby(server: Server) -> str | None:
    with server.session() as session:
        row = session.execute("SELECT sync_state FROM pg_stat_replication").fetchone()
    return None if row is None else str(row[0])


def _answers(server: Server) -> bool:
    with contextlib.suppress(psycopg.OperationalError), server.session():
        return True
    return False


def _until(question: Callable[[], bool]) -> None:
    end = time.monotonic() + 30
    while not question():
        assert time.monotonic() < end, "the servers do not come to rest"
        time.sleep(0.02)
