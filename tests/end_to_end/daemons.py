"""Real `tagwright` processes on free ports of this machine, and what tests ask of them."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import httpx
from prometheus_client.parser import text_string_to_metric_families

import router
from router.tiktok.mock import MockTikTok
from tests.faults.processes import Process, launcher

T = TypeVar("T")
HERE = Path(__file__).parent
TOKEN = "token-5d41402abc4b2a76b9719d911017c592"
PIXEL = "CPIXEL0000000000001"
PURCHASE: Mapping[str, Any] = json.loads((HERE / "purchase.json").read_bytes())
JSON = {"content-type": "application/json"}
HASTY = {"FAULT_BACKOFF": "0.2", "FAULT_LOOK": "0.1"}
"""For the environment: what failed is tried again soon, and files are looked at often."""
NEVER_SHOWN = (TOKEN, "indigo5688", "5559082", "578e2f0391c4758d", "2e60deb4175e", "u_286375372", "87b2901a")
"""Of the token and the sample's people, what no log, metric or status may hold."""

_PROGRAM = (sys.executable, "-m", "router.cli")


def until(question: Callable[[], T], seconds: float = 30.0) -> T:
    """The first true answer; the limit only ends what would never come true."""
    end = time.monotonic() + seconds
    while not (answer := question()):
        if time.monotonic() > end:
            raise AssertionError(f"it did not come true within {seconds} s, the answer is {answer!r}")
        time.sleep(0.02)
    return answer


def purchase(event_id: str, **changes: Any) -> dict[str, Any]:
    """The sample purchase, happening now."""
    event: dict[str, Any] = json.loads(json.dumps(PURCHASE))
    event["context"]["event_timestamp"] = int(time.time())
    return {**event, "id": event_id, **changes}


def page_view(event_id: str, **changes: Any) -> dict[str, Any]:
    """A small event that is sent."""
    return {"event_name": "page_view", "id": event_id, "consent": {"advertising": True}, **changes}


def environment(given: Mapping[str, str | None]) -> dict[str, str]:
    """A bare environment with what the rules need; None takes something out."""
    bare = {"PATH": os.environ["PATH"], "PYTHONPATH": str(Path(router.__file__).parents[1])}
    # Whatever the disk of the machine that tests, no room is kept free on it.
    room = dict.fromkeys(("BALLAST_BYTES", "FREE_BYTES", "FREE_PERCENT"), "0")
    roomless = {f"TAGWRIGHT_STORE_{name}": value for name, value in room.items()}
    usual: dict[str, str | None] = {"TIKTOK_PIXEL": PIXEL, "TIKTOK_TOKEN": TOKEN, **roomless}
    return bare | {name: value for name, value in (usual | dict(given)).items() if value is not None}


def tagwright(
    *arguments: str, cwd: Path, env: Mapping[str, str | None] | None = None
) -> subprocess.CompletedProcess[str]:
    """A command that ends by itself."""
    return launcher().run(arguments, environment(env or {}), cwd)


@dataclass
class Daemon:
    """A running `tagwright run`."""

    process: subprocess.Popen[bytes] | Process
    url: str
    admin: str
    errors: Path
    http: httpx.Client = field(default_factory=lambda: httpx.Client(timeout=30, trust_env=False))

    def post(self, body: bytes, path: str = "/v1/events", **headers: str) -> httpx.Response:
        """Post bytes; header names are written with `_` for `-`."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.http.post(self.url + path, content=body, headers={**JSON, **named})

    def send(self, *events: Mapping[str, Any], **headers: str) -> httpx.Response:
        """Post one event, or several as an array."""
        body: Any = events[0] if len(events) == 1 else list(events)
        return self.post(json.dumps(body).encode(), **headers)

    def status(self) -> dict[str, Any]:
        found: dict[str, Any] = self.http.get(self.admin + "/status").json()
        return found

    def destination(self, name: str = "tiktok_web") -> dict[str, Any]:
        return next(each for each in self.status()["destinations"] if each["destination"] == name)

    def metrics(self) -> str:
        return self.http.get(self.admin + "/metrics").text

    def metric(self, name: str, **labels: str) -> float:
        """The sum of all samples of that name with these labels among theirs."""
        families = text_string_to_metric_families(self.metrics())
        return sum(
            sample.value
            for family in families
            for sample in family.samples
            if sample.name == name and labels.items() <= sample.labels.items()
        )

    def idle(self) -> bool:
        """Whether everything that waited has been dealt with."""
        spool = self.status()["spool"]
        return bool(spool["pending"] == spool["in_flight"] == 0)

    def hang_up(self) -> None:
        """Have rules and tokens read again, and wait until they have been."""
        before = (self.log().count("rules_reloaded"), self.log().count("rules_reload_failed"))
        self.process.send_signal(signal.SIGHUP)
        until(lambda: (self.log().count("rules_reloaded"), self.log().count("rules_reload_failed")) != before)

    def stop(self) -> int:
        """SIGTERM; the exit status, which a daemon owes within 10 s."""
        self.check_privacy()
        self.process.send_signal(signal.SIGTERM)
        status = self.process.wait(10)
        self.close()
        return status

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()
        self.close()

    def close(self) -> None:
        """Whatever state it is in, it is gone afterwards and has told nothing private."""
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        self.http.close()
        _assert_private(self.log())

    def log(self) -> str:
        return self.errors.read_text("utf-8")

    def check_privacy(self) -> None:
        """Logs, metrics and status so far."""
        _assert_private(self.log() + self.metrics() + json.dumps(self.status()))


def _assert_private(text: str) -> None:
    assert "Traceback" not in text
    lower = text.lower()
    assert [secret for secret in NEVER_SHOWN if secret in lower] == []


class House:
    """Starts daemons in one folder, and ends those that still run."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._daemons: list[Daemon] = []

    def command(
        self,
        rules: Sequence[str] = ("standard.rules",),
        data: str = "data",
        settings: str = "",
        listen: str = "",
        more: Sequence[str] = (),
        tests: bool = False,
    ) -> list[str]:
        """The arguments of `tagwright run`, settings written to a file; `tests`: those in rules are run."""
        config = self.folder / "tagwright.toml"
        config.write_text(settings, "utf-8")
        named = [part for name in rules for part in ("--rules", name)]
        places = ["--listen", listen or "127.0.0.1:0", "--admin", "127.0.0.1:0", "--data", data]
        untested = [] if tests else ["--no-tests"]
        return ["run", *named, *places, "--config", str(config), *untested, *more]

    def start(
        self, tiktok: str, env: Mapping[str, str | None] | None = None, *, fresh: bool = False, **options: Any
    ) -> Daemon:
        """A daemon that takes events; `fresh` in an interpreter of its own, as from a shell."""
        number = len(self._daemons)
        said, errors = (self.folder / f"{name}-{number}.log" for name in ("stdout", "stderr"))
        launch = _by_interpreter if fresh else launcher().start
        given = environment({"TAGWRIGHT_TIKTOK_BASE_URL": tiktok, **(env or {})})
        daemon = Daemon(launch(self.command(**options), given, self.folder, said, errors), "", "", errors)
        self._daemons.append(daemon)
        until(lambda: said.read_text().count("\n") >= 3 or daemon.process.poll() is not None)
        lines = said.read_text().splitlines()
        assert lines[2:], daemon.log() + said.read_text()
        assert lines[2].startswith("rules ")
        daemon.url, daemon.admin = (line.split()[-1] for line in lines[:2])
        return daemon

    def refuse(
        self, env: Mapping[str, str | None] | None = None, **options: Any
    ) -> subprocess.CompletedProcess[str]:
        """A daemon that cannot start."""
        return tagwright(*self.command(**options), cwd=self.folder, env=env)

    def end(self) -> None:
        """Every daemon that still runs shows its papers and goes."""
        try:
            for daemon in self._daemons:
                if daemon.process.poll() is None:
                    daemon.check_privacy()
        finally:
            for daemon in self._daemons:
                daemon.close()


def _by_interpreter(
    arguments: Sequence[str], given: Mapping[str, str], folder: Path, said: Path, errors: Path
) -> subprocess.Popen[bytes]:
    with said.open("w") as out, errors.open("w") as error:
        return subprocess.Popen(
            [*_PROGRAM, *arguments], cwd=folder, env=dict(given), stdout=out, stderr=error
        )


@dataclass(frozen=True)
class Shop:
    """A daemon with a TikTok of its own, shared by tests that bring ids of their own."""

    daemon: Daemon
    tiktok: MockTikTok

    def delivered(self, event_id: str) -> dict[str, Any]:
        """What TikTok counted under this id, as soon as it is there."""
        return until(lambda: counted(self.tiktok, event_id))[0]


def counted(tiktok: MockTikTok, event_id: str) -> list[dict[str, Any]]:
    """What TikTok counted under this id."""
    return [each for each in tiktok.counted() if each["event_id"] == event_id]
