"""How a story is told: with servers and a folder of its own, and judged at its end."""

from __future__ import annotations

import tempfile
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from postgres_server import Server

from tests.faults.processes import Launcher

from .database import Database, replicated
from .judgement import Report, given_up, judged
from .suites import Suite
from .trial import Trial

FORKER = "tests.postgres.forker"


@contextmanager
def servers(suite: Suite) -> Iterator[Database]:
    """What the story needs of them."""
    if suite.standby:
        with replicated(synchronous=suite.standby == "synchronous") as database:
            yield database
        return
    server = Server(fsync="off").create().start()
    try:
        yield Database(server)
    finally:
        server.remove()


def tell(launcher: Launcher, suite: Suite, seed: int, rounds: int, clients: int = 8) -> Report:
    """One trial."""
    with (
        servers(suite) as database,
        tempfile.TemporaryDirectory(prefix="routers-") as folder,
        Trial(launcher, Path(folder).resolve(), database, seed, rounds, clients) as trial,
    ):
        try:
            suite.story(trial)
            return judged(trial)
        except Exception as problem:
            traceback.print_exc()
            return given_up(trial, problem)
