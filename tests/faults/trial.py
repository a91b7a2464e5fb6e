"""One trial: a folder, a daemon with its faults, an oracle, and the judgement at the end."""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Collection, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, cast

from daemons import Daemon, environment, until

from . import judge
from .answers import honest
from .chance import repeatable
from .judge import MayDie, Violation, poison_only
from .oracle import Oracle, Running
from .processes import Launcher, Process
from .samples import Sample

RULES = Path(__file__).parent / "shop.rules"
FRESH_SECONDS = 10.0
DRAIN_SECONDS = 120.0
SETTINGS: Mapping[str, Mapping[str, Any]] = {
    "delivery": {
        "batch_max": 50, "in_flight": 4, "breaker_seconds": 0.2, "breaker_cap_seconds": 1.0,
        "probe_seconds": 1.0, "drain_seconds": 5.0,
    },
    "logs": {"style": "json"},
}  # fmt: skip
"""Waits are short, so that a trial meets many of them."""


@dataclass(frozen=True, slots=True)
class Report:
    """What a trial came to. `copies` of events beyond the first, of which `bound` are allowed."""

    accepted: int
    crashes: int
    copies: int
    bound: int
    violations: tuple[Violation, ...]
    notes: tuple[str, ...] = ()

    @property
    def lost(self) -> int:
        return sum(each.count for each in self.violations if "accepted and gone" in each.text)


@dataclass(slots=True)
class Trial:
    """A context manager. `data` may lie elsewhere, `settings` add to or replace `SETTINGS`."""

    launcher: Launcher
    folder: Path
    seed: int
    scale: float = 1.0
    """How long or large the trial is: 1 for the command, less for the test suite."""
    data: Path = field(init=False)
    settings: dict[str, dict[str, Any]] = field(init=False)
    oracle: Oracle = field(default_factory=Oracle)
    rng: random.Random = field(init=False)
    crashes: int = 0
    doubts: int = 0
    """Requests that failed in the daemon's eyes without TikTok's doing."""
    offset: float = 0.0
    """How far off the clocks of daemon and shops are, in seconds."""
    notes: list[str] = field(default_factory=list)
    found: list[Violation] = field(default_factory=list)
    cleanup: ExitStack = field(default_factory=ExitStack)
    _daemons: list[Daemon] = field(default_factory=list)
    _rest: tuple[int, int, int] | None = None

    def __post_init__(self) -> None:
        self.rng = repeatable(self.seed)
        self.data = self.folder / "data"
        self.settings = {name: dict(section) for name, section in SETTINGS.items()}
        shutil.copy(RULES, self.folder / "shop.rules")

    def __enter__(self) -> Trial:
        self.cleanup.enter_context(self.oracle)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for daemon in self._daemons:
            if daemon.process.poll() is None:
                daemon.process.kill()
                daemon.process.wait(10)
            daemon.http.close()
        self.cleanup.close()

    # -------------------------------------------------------------- the daemon

    def launch(self, env: Mapping[str, str | None] | None = None, **faults: str) -> Daemon:
        """A daemon that is starting. `faults` are the `FAULT_` variables of `points`."""
        number = len(self._daemons)
        said, errors = (self.folder / f"{name}-{number}.txt" for name in ("said", "errors"))
        said.touch()
        errors.touch()
        named = {f"FAULT_{name.upper()}": value for name, value in ({"backoff": "2"} | faults).items()}
        base = {"TAGWRIGHT_TIKTOK_BASE_URL": self.oracle.tiktok.url}
        process = self.launcher.start(
            self._arguments(), environment({**base, **named, **(env or {})}), self.folder, said, errors
        )
        daemon = Daemon(cast("subprocess.Popen[str]", process), "", "", errors)
        self._daemons.append(daemon)
        self.oracle.on_kill(process.kill)
        return daemon

    def start(self, env: Mapping[str, str | None] | None = None, **faults: str) -> Daemon:
        """A daemon that takes events, or one that died before it did."""
        daemon = self.launch(env, **faults)
        self.hear(daemon)
        return daemon

    def hear(self, daemon: Daemon) -> bool:
        """Wait until it takes events, or has ended; whether it takes events."""
        said = self.folder / daemon.errors.name.replace("errors", "said")
        until(lambda: said.read_text().count("\n") >= 3 or daemon.process.poll() is not None)
        lines = said.read_text().splitlines()
        if len(lines) < 3:
            return False
        daemon.url, daemon.admin = (line.split()[-1] for line in lines[:2])
        host, port = daemon.url.removeprefix("http://").split(":")
        self.oracle.where = (host, int(port))
        return True

    def _arguments(self) -> list[str]:
        config = self.folder / "tagwright.toml"
        sections = [
            f"[{name}]\n" + "".join(f"{key} = {json.dumps(value)}\n" for key, value in section.items())
            for name, section in self.settings.items()
        ]
        config.write_text("\n".join(sections), "utf-8")
        places = ["--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0", "--data", str(self.data)]
        return ["run", "--rules", "shop.rules", *places, "--config", str(config)]

    def process(self, daemon: Daemon) -> Process:
        return cast(Process, daemon.process)

    def crash(self, daemon: Daemon) -> None:
        """kill -9."""
        daemon.process.kill()
        self.crashed(daemon)

    def crashed(self, daemon: Daemon, seconds: float = 30.0) -> bool:
        """Wait for its end by kill -9; whether it came."""
        try:
            status = daemon.process.wait(seconds)
        except subprocess.TimeoutExpired:
            return False
        self.oracle.where = None
        daemon.http.close()
        self.crashes += 1
        if status != -signal.SIGKILL:
            self.complain("exit", f"status {status} instead of a crash: {daemon.log()[-300:]}")
        return True

    def ended(self, daemon: Daemon, statuses: Collection[int], seconds: float = 30.0) -> int | None:
        """Wait for its end by itself, with one of these statuses; it counts as a crash."""
        try:
            status = self.process(daemon).wait(seconds)
        except subprocess.TimeoutExpired:
            self.complain("expected", f"the daemon ends within {seconds:g} s")
            self.crash(daemon)
            return None
        self.oracle.where = None
        daemon.http.close()
        self.crashes += 1
        if status not in statuses:
            self.complain("exit", f"status {status}: {daemon.log()[-300:]}")
        return status

    def clock(self, seconds: float = 0.0) -> str:
        """Set the clocks; the file that the daemon reads. With it the housekeeping looks often."""
        self.offset = seconds
        file = self.folder / "clock"
        # In one write and always as long: the daemon reads it at any moment.
        handle = os.open(file, os.O_WRONLY | os.O_CREAT, 0o600)
        os.pwrite(handle, f"{seconds:<31}".encode(), 0)
        os.close(handle)
        return str(file)

    def times(self, number: int) -> int:
        """So many, at the scale of this trial; at least one."""
        return max(1, round(number * self.scale))

    def peace(self, load: Running | None = None, may_die: MayDie = poison_only, **how: Any) -> Report:
        """A daemon without faults, an honest TikTok, the end, the judgement."""
        return self.conclude(self.start(**how), load, may_die)

    def conclude(self, daemon: Daemon, load: Running | None = None, may_die: MayDie = poison_only) -> Report:
        """An honest TikTok, the end of the daemon that runs, the judgement."""
        self.oracle.tiktok.mood = honest
        if load is not None and not load.end():
            self.complain("I5", f"clients are still refused: {dict(self.oracle.obligations.refusals)}")
        self.settle(daemon)
        self.stop(daemon)
        return self.judged(may_die)

    def complain(self, invariant: str, text: str) -> None:
        """Something is not as it must be."""
        self.found.append(Violation(invariant, 1, text))

    def expect(self, question: Callable[[], object], what: str, seconds: float = 30.0) -> None:
        """Object unless it comes true."""
        try:
            until(question, seconds)
        except AssertionError:
            self.complain("expected", f"{what}, within {seconds:g} s")

    def rested(self, daemon: Daemon) -> None:
        """Remember what the daemon holds at rest."""
        self._rest = self.process(daemon).resources()

    # -------------------------------------------------------------- the end

    def settle(self, daemon: Daemon, *, drain: float = DRAIN_SECONDS) -> None:
        """Faults have stopped: the backlog empties, and a fresh event passes (I5)."""
        self.oracle.tiktok.mood = honest
        self.expect(daemon.idle, "I5: the backlog empties", drain)
        number = len(self.oracle.tiktok.receipts)
        fresh = Sample(f"fresh-{self.seed}-{number}", int(time.time() + self.offset))
        self.expect(lambda: self.oracle.post([fresh]), "I5: a fresh event is taken", FRESH_SECONDS)
        self.expect(lambda: fresh.id in self.oracle.tiktok.taken, "I5: a fresh event passes", FRESH_SECONDS)
        self.expect(daemon.idle, "I5: the fresh event is settled", FRESH_SECONDS)

    def stop(self, daemon: Daemon, status: int = 0) -> None:
        """SIGTERM, and what the daemon showed until then."""
        if self._rest:
            self.found += judge.steady(self._rest, self.process(daemon).resources())
        told = daemon.status()
        self.found += judge.accounted(told)
        shown = [("metrics", daemon.metrics()), ("status", json.dumps(told))]
        self.found += judge.private((name, text.encode()) for name, text in shown)
        daemon.process.send_signal(signal.SIGTERM)
        ended = daemon.process.wait(30)
        self.oracle.where = None
        daemon.http.close()
        if ended != status:
            self.complain("exit", f"status {ended} instead of {status}: {daemon.log()[-300:]}")

    def unjudged(self) -> Report:
        """Of a daemon that refused to go on, what can be said without its spool."""
        self.found += judge.true(self.oracle.tiktok.receipts)
        self.found += judge.private(each for each in judge.files(self.folder) if each[0] != "shop.rules")
        accepted = len(self.oracle.obligations.accepted)
        return Report(accepted, self.crashes, 0, 0, tuple(self.found), tuple(self.notes))

    def judged(self, may_die: MayDie = poison_only) -> Report:
        """The judgement, once the daemon has ended."""
        oracle, receipts = self.oracle, list(self.oracle.tiktok.receipts)
        delivery = self.settings["delivery"]
        doubts = self.doubts + sum(each.doubt for each in receipts)
        # Each crash leaves every request in doubt that was open, each answer only its own.
        bound = (self.crashes * delivery["in_flight"] + doubts) * delivery["batch_max"]
        extra = judge.copies(receipts)
        for found in (
            judge.kept(oracle.obligations, receipts, judge.dead_letters(self.data), may_die),
            judge.true(receipts),
            judge.bounded(extra, bound),
            judge.once(oracle.obligations),
            judge.private(each for each in judge.files(self.folder) if each[0] != "shop.rules"),
            *(judge.mistakes(daemon.log()) for daemon in self._daemons),
        ):
            self.found += found
        accepted = len(oracle.obligations.accepted)
        return Report(accepted, self.crashes, extra, bound, tuple(self.found), tuple(self.notes))
