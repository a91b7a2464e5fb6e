"""One trial: routers on one spool, the oracle beside them, and the judgement at the end."""

from __future__ import annotations

import contextlib
import json
import random
import signal
import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Any, cast

import httpx
from daemons import Daemon, environment, until

from tests.faults import judge
from tests.faults.answers import honest
from tests.faults.chance import repeatable
from tests.faults.judge import Violation
from tests.faults.load import Connection, Load, attempt
from tests.faults.oracle import Oracle, Running
from tests.faults.processes import Launcher, Process
from tests.faults.samples import Sample
from tests.faults.trial import RULES, SETTINGS

from .database import Database
from .wire import Wire

LEASE = 2.0
_DRAIN = 60.0
_FRESH = 15.0
_SOON = 10.0


@dataclass(slots=True, eq=False)
class Router:
    """A daemon of its own folder, perhaps behind a wire that can be cut."""

    daemon: Daemon
    wire: Wire | None = None

    @property
    def at(self) -> tuple[str, int]:
        host, port = self.daemon.url.removeprefix("http://").split(":")
        return host, int(port)

    @property
    def process(self) -> Process:
        return cast(Process, self.daemon.process)


@dataclass(slots=True)
class Trial:
    """A context manager. `rounds` is how often the fault of the story happens."""

    launcher: Launcher
    folder: Path
    database: Database
    seed: int
    rounds: int
    clients: int = 8
    settings: dict[str, dict[str, Any]] = field(init=False)
    oracle: Oracle = field(default_factory=Oracle)
    rng: random.Random = field(init=False)
    routers: list[Router] = field(default_factory=list)
    """Those that take events now."""
    crashes: int = 0
    """How often a router may have sent what it had in flight without being able to write it down."""
    lossy: bool = False
    """Of a control: what was lost and what came twice is told and not held against it."""
    notes: list[str] = field(default_factory=list)
    found: list[Violation] = field(default_factory=list)
    cleanup: ExitStack = field(default_factory=ExitStack)
    told: list[Mapping[str, Any]] = field(default_factory=list)
    """The status of each router at the end."""
    daemons: list[Daemon] = field(default_factory=list)
    """All of them, those that ended too."""

    def __post_init__(self) -> None:
        self.rng = repeatable(self.seed)
        self.settings = {name: dict(section) for name, section in SETTINGS.items()}
        (self.folder / "shop.rules").write_bytes(RULES.read_bytes())

    def __enter__(self) -> Trial:
        self.cleanup.enter_context(self.oracle)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for daemon in self.daemons:
            if daemon.process.poll() is None:
                daemon.process.kill()
                daemon.process.wait(10)
            daemon.http.close()
        self.cleanup.close()

    # -------------------------------------------------------------- routers

    def start(self, count: int = 1, *, wire: Wire | None = None, **faults: str) -> Router:
        """Routers that take events, the last of them; `faults` as the forker reads them."""
        launched = [self._launch(wire, **faults) for _ in range(count)]
        for router in launched:
            self._hear(router)
            self.routers.append(router)
        return launched[-1]

    def refused(self, **faults: str) -> str:
        """What a router says that must not start here."""
        router = self._launch(None, **faults)
        if router.process.wait(30) != 2:
            self.complain("exit", f"status {router.process.returncode} of a router that must not start")
        return router.daemon.log()

    def _launch(self, wire: Wire | None, **faults: str) -> Router:
        number = len(self.daemons)
        said, errors = (self.folder / f"{name}-{number}.txt" for name in ("said", "errors"))
        said.touch()
        errors.touch()
        usual = {"lease": str(LEASE), "backoff": "1"}
        named = {f"FAULT_{name.upper()}": value for name, value in (usual | faults).items()}
        base = {"TAGWRIGHT_TIKTOK_BASE_URL": self.oracle.tiktok.url}
        process = self.launcher.start(
            self._arguments(number, wire), environment(base | named), self.folder, said, errors
        )
        daemon = Daemon(cast("Any", process), "", "", errors)
        self.daemons.append(daemon)
        return Router(daemon, wire)

    def _arguments(self, number: int, wire: Wire | None) -> list[str]:
        config = self.folder / "tagwright.toml"
        sections = [
            f"[{name}]\n" + "".join(f"{key} = {json.dumps(value)}\n" for key, value in section.items())
            for name, section in self.settings.items()
        ]
        config.write_text("\n".join(sections), "utf-8")
        listen = ["--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0"]
        spool = ["--spool", self.database.url if wire is None else _behind(self.database.url, wire)]
        data = ["--data", str(self.folder / f"data-{number}")]
        return ["run", "--no-tests", "--rules", "shop.rules", "--config", str(config), *listen, *data, *spool]

    def _hear(self, router: Router) -> None:
        daemon = router.daemon
        said = self.folder / daemon.errors.name.replace("errors", "said")
        until(lambda: said.read_text().count("\n") >= 3 or daemon.process.poll() is not None)
        lines = said.read_text().splitlines()
        assert len(lines) >= 3, f"the router did not start: {daemon.log()[-2000:]}"
        daemon.url, daemon.admin = (line.split()[-1] for line in lines[:2])

    def wire(self) -> Wire:
        """A wire to the database, for a router that is started with it."""
        made = Wire(self.database.primary.port)
        self.oracle.call(made.start())
        self.cleanup.callback(lambda: self.oracle.call(made.close()))
        return made

    def any_router(self) -> Router:
        return self.rng.choice(self.routers)

    def kill(self, router: Router) -> None:
        """kill -9."""
        self.routers.remove(router)
        router.daemon.process.kill()
        router.process.wait(10)
        router.daemon.http.close()
        self.crashes += 1

    def stop(self, router: Router) -> None:
        """As a roll-out does: no more requests, then SIGTERM."""
        self.routers.remove(router)
        router.daemon.process.send_signal(signal.SIGTERM)
        status = router.process.wait(30)
        router.daemon.http.close()
        if status != 0:
            self.complain("exit", f"status {status} instead of 0: {router.daemon.log()[-300:]}")

    def pause(self, router: Router, seconds: float) -> None:
        """SIGSTOP for so long; requests go to others meanwhile."""
        self.routers.remove(router)
        router.process.send_signal(signal.SIGSTOP)
        time.sleep(seconds)
        router.process.send_signal(signal.SIGCONT)
        self.routers.append(router)

    def wait(self, least: float, most: float) -> None:
        time.sleep(self.rng.uniform(least, most))

    # -------------------------------------------------------------- clients

    def load(self, **how: Any) -> Running:
        """Clients that post to any of the routers until they are told to end."""
        usual: Mapping[str, Any] = {"clients": self.clients, "body": 5, "repeats": 0.1, "pause": 0.01}
        load = Load(
            self.oracle.obligations, lambda: self.oracle.tiktok.taken, self._anywhere, self.seed,
            **(dict(usual) | how),
        )  # fmt: skip
        return Running(load, self.oracle.begin(load.run()))

    def accepts(self, more: int) -> None:
        """Wait until so many more are accepted."""
        accepted = self.oracle.obligations.accepted
        goal = len(accepted) + more
        self.expect(lambda: len(accepted) >= goal, f"{more} more are accepted")

    def _anywhere(self) -> tuple[str, int] | None:
        routers = list(self.routers)
        # Not the trial's own dice: connections are made when the machine gets to it.
        return random.choice(routers).at if routers else None  # noqa: S311 - as said

    def post(self, router: Router, *samples: Sample) -> bool:
        """One body, once, to this router; whether it was answered 202."""
        return self.oracle.call(self._post(router, samples))

    async def _post(self, router: Router, samples: tuple[Sample, ...]) -> bool:
        connection = Connection(lambda: router.at)
        try:
            return await attempt(connection, self.oracle.obligations, samples, self.oracle.tiktok.taken)
        finally:
            connection.close()

    def fresh(self, what: str) -> Sample:
        return Sample(f"{what}-{self.seed}-{len(self.oracle.obligations.posted)}", int(time.time()))

    # -------------------------------------------------------------- the end

    def complain(self, invariant: str, text: str) -> None:
        """Something is not as it must be."""
        self.found.append(Violation(invariant, 1, text))

    def expect(self, question: Callable[[], object], what: str, seconds: float = 30.0) -> None:
        """Object unless it comes true."""
        try:
            until(lambda: _patiently(question), seconds)
        except AssertionError:
            self.complain("expected", f"{what}, within {seconds:g} s")

    def refuses_in_time(self, router: Router) -> None:
        """Without its database it says 503 and when to come back, and that soon."""
        began, sample = time.monotonic(), self.fresh("refused")
        # It may be stored all the same, and then it is sent.
        self.oracle.obligations.posting([sample])
        answer = router.daemon.send(sample.event())
        if answer.status_code != 503 or "retry-after" not in answer.headers:
            self.complain("expected", f"503 with Retry-After without a database, not {answer.status_code}")
        if time.monotonic() - began > _SOON:
            self.complain("expected", f"503 in time, not after {time.monotonic() - began:.1f} s")

    def peace(self, load: Running) -> None:
        """No more faults: everything arrives, every router takes events, the books balance."""
        tiktok = self.oracle.tiktok
        tiktok.mood = honest
        if not load.end():
            self.complain("I5", f"clients are still refused: {dict(self.oracle.obligations.refusals)}")
        for router in self.routers:
            fresh = self.fresh("fresh")
            self.expect(partial(self.post, router, fresh), "I5: a fresh event is taken", _FRESH)
            self.expect(partial(tiktok.taken.get, fresh.id), "I5: a fresh event passes", _FRESH)
        self.expect(self.routers[0].daemon.idle, "I5: the backlog empties", _DRAIN)
        for router in list(self.routers):
            self._shown(router)
            self.stop(router)

    def _shown(self, router: Router) -> None:
        told = router.daemon.status()
        self.told.append(told)
        shown = [("metrics", router.daemon.metrics()), ("status", json.dumps(told))]
        self.found += judge.private((name, text.encode()) for name, text in shown)


def _patiently(question: Callable[[], object]) -> object:
    """A router that is busy with its database may answer too late; that is no answer yet."""
    with contextlib.suppress(httpx.HTTPError):
        return question()
    return None


def _behind(url: str, wire: Wire) -> str:
    head, _, query = url.partition("?")
    return f"{head.rpartition('@')[0]}@127.0.0.1:{wire.port}/postgres?{query}"
