"""The daemon end to end: posted, answered 202 once durable, delivered to a sink on the same machine."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import samples
from options import Options
from timing import side_by_side

from cases.mapping import floor, standard_plan
from router.assets import asset

HERE: Final = Path(__file__).parents[1]
CONNECTIONS: Final = 64
FOR_LARGE_BODIES: Final = 16
_TICKS: Final = os.sysconf("SC_CLK_TCK")


def measure(options: Options) -> dict[str, Any]:
    """For each number of workers and size of bodies; and the floor, measured before each of them."""
    return {
        f"{workers} x {size}": _measured(workers, size, options)
        for workers in options.workers
        for size in options.bodies
    }


def _measured(workers: int, size: int, options: Options) -> dict[str, Any]:
    us = _floor_us()
    with tempfile.TemporaryDirectory() as folder, _sink() as sink:
        daemon = Daemon(Path(folder), workers, sink.address, options.batch_max)
        try:
            found = _loaded(daemon, sink, size, options.seconds)
        finally:
            daemon.stop()
    return {"workers": workers, "events_a_body": size, "floor_us": round(us, 2), **found}


def _floor_us() -> float:
    plan = standard_plan()
    bodies = samples.lines("purchase")
    return side_by_side({"floor": floor(plan, bodies)}, "floor", len(bodies) // 8, 10, 8)["floor"].us


def _loaded(daemon: Daemon, sink: Sink, size: int, seconds: float) -> dict[str, Any]:
    idle = daemon.memory()
    before, cpu = time.perf_counter(), daemon.cpu_seconds()
    connections = CONNECTIONS if size == 1 else FOR_LARGE_BODIES
    load = subprocess.run(
        [sys.executable, str(HERE / "load.py"), daemon.address, *map(str, (connections, size, seconds)), "b"],
        check=True, capture_output=True, text=True,
    )  # fmt: skip
    told = json.loads(load.stdout)
    posted = told["answered_in_all"].get("202", 0) * size
    loaded = time.perf_counter() - before
    at_end = sink.events()
    while (delivered := sink.events()) < posted and time.perf_counter() - before < loaded + 60:
        time.sleep(0.05)
    took = time.perf_counter() - before
    return {
        "accepted_per_second": round(told["answers"].get("202", 0) * size / seconds),
        "delivered_per_second": round(delivered / took),
        "posted": posted, "delivered": delivered, "behind_at_end": posted - at_end,
        "other_answers": sum(told["answered_in_all"].values()) - told["answered_in_all"].get("202", 0),
        "cpu_us_an_event": round((daemon.cpu_seconds() - cpu) / max(1, delivered) * 1e6, 1),
        "p50_ms": round(told["p50_ms"], 1), "p99_ms": round(told["p99_ms"], 1),
        "most_ms": round(told["most_ms"], 1),
        "idle_mib": idle, "loaded_mib": daemon.memory(),
    }  # fmt: skip


@dataclass
class Sink:
    process: subprocess.Popen[str]
    address: str

    def events(self) -> int:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write("\n")
        self.process.stdin.flush()
        return int(self.process.stdout.readline())


@contextmanager
def _sink() -> Iterator[Sink]:
    command = [sys.executable, str(HERE / "sink.py")]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        try:
            yield Sink(process, process.stdout.readline().strip())
        finally:
            process.kill()


class Daemon:
    """`tagwright run` with the shipped standard rules, on ports and data of its own."""

    def __init__(self, folder: Path, workers: int, sink: str, batch_max: int) -> None:
        (folder / "tagwright.toml").write_text(
            f'listen = "127.0.0.1:0"\nadmin = "127.0.0.1:0"\ndata = "{folder / "data"}"\n'
            f'[tiktok]\nbase_url = "http://{sink}"\n[delivery]\nbatch_max = {batch_max}\n'
        )
        self._log = (folder / "log").open("w")
        rules = folder / "standard.rules"
        rules.write_text(asset("rules/standard.rules").read_text())
        many = ["--workers", str(workers)] if workers > 1 else []
        self._process = subprocess.Popen(
            [sys.executable, "-m", "router.cli", "run", "--rules", "standard.rules", "--no-tests", *many],
            cwd=folder, stdout=subprocess.PIPE, stderr=self._log, text=True,
            env=os.environ | {"TIKTOK_PIXEL": "CBENCH00000000000001", "TIKTOK_TOKEN": "bench-token"},
        )  # fmt: skip
        assert self._process.stdout
        said = next((line for line in self._process.stdout if "http://" in line), "")
        assert said, (folder / "log").read_text()
        self.address = said.split("http://")[1].strip()

    def _tree(self) -> list[int]:
        """The daemon's process and those that it started."""
        found = [self._process.pid]
        for pid in found:
            for task in Path(f"/proc/{pid}/task").glob("*/children"):
                found += map(int, task.read_text().split())
        return found

    def cpu_seconds(self) -> float:
        return sum(sum(map(int, _stat(pid)[11:13])) for pid in self._tree()) / _TICKS

    def memory(self) -> list[float]:
        """MiB of each process."""
        return [_resident(pid) for pid in self._tree()]

    def stop(self) -> None:
        self._process.terminate()
        self._process.wait(30)
        assert self._process.stdout
        self._process.stdout.close()
        self._log.close()


def _stat(pid: int) -> list[str]:
    return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()


def _resident(pid: int) -> float:
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS"):
            return round(int(line.split()[1]) / 1024, 1)
    return 0.0


def table(found: dict[str, Any]) -> list[tuple[str, ...]]:
    columns = (
        "workers", "events_a_body", "accepted_per_second", "delivered_per_second", "cpu_us_an_event",
        "p50_ms", "p99_ms", "idle_mib", "loaded_mib", "floor_us",
    )  # fmt: skip
    return [columns, *(tuple(str(each[column]) for column in columns) for each in found.values())]
