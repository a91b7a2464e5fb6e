"""Disks that lose power, fill up, fail or rot."""

from __future__ import annotations

import contextlib
import fcntl
import os
import signal
import struct
import subprocess
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import apsw
from daemons import Daemon

from .answers import THROTTLE, always, grumpy
from .judge import Violation
from .oracle import Running
from .suite import Suite
from .trial import Report, Trial

_SHUT_DOWN = 0x8004587D
_NO_LOG_FLUSH = struct.pack("I", 2)
_MIB = 2**20

# ------------------------------------------------------------------ power cut (root)


def power_cut(trial: Trial, case: str) -> Report:
    """The disk forgets what was not forced to it; `normal` is the control that must lose."""
    image, disk = trial.folder / "disk.img", trial.folder / "disk"
    with image.open("wb") as file:
        file.truncate(128 * _MIB)
    disk.mkdir(exist_ok=True)
    _run("mkfs.ext4", "-q", str(image))
    _mount(trial, disk, "-o", "loop", str(image))
    trial.data = disk / "data"
    # What was delivered at once is not missed; of the control enough has to wait.
    trial.oracle.tiktok.mood = always(THROTTLE) if case == "normal" else grumpy(trial.seed)
    control: dict[str, Any] = {"design": "normal"} if case == "normal" else {}
    daemon = trial.start(**control)
    load = trial.oracle.load(trial.seed, body=10, pause=0.005)
    time.sleep(trial.rng.uniform(0.5, 2.0))
    with _still(daemon.process.pid):
        _cut(disk)
    trial.ended(daemon, (1,))
    _run("umount", str(disk))
    _run("mount", "-o", "loop", str(image), str(disk))
    _whole(trial)
    report = trial.peace(load)
    return _control(report) if case == "normal" else report


@contextlib.contextmanager
def _still(pid: int) -> Iterator[None]:
    """No thread of the process is in the kernel: a call of `fdatasync` that the shut-down meets half done
    returns as if all were well, which no disk without power does."""
    os.kill(pid, signal.SIGSTOP)
    while any(_state(each) not in "Tt" for each in Path(f"/proc/{pid}/task").iterdir()):
        time.sleep(0.001)
    yield
    os.kill(pid, signal.SIGCONT)


def _state(thread: Path) -> str:
    return (thread / "stat").read_text().rsplit(")", 1)[1].split()[0]


def _cut(disk: Path) -> None:
    handle = os.open(disk, os.O_RDONLY)
    try:
        fcntl.ioctl(handle, _SHUT_DOWN, _NO_LOG_FLUSH)
    finally:
        os.close(handle)


def _whole(trial: Trial) -> None:
    connection = apsw.Connection(str(trial.data / "spool.sqlite"))
    try:
        if (said := connection.execute("PRAGMA integrity_check").get) != "ok":
            trial.complain("I1", f"integrity_check: {said}")
    finally:
        connection.close()


def _control(report: Report) -> Report:
    """The control has to lose, or the cut is none."""
    lost = [each for each in report.violations if "accepted and gone" in each.text]
    rest = tuple(each for each in report.violations if each.invariant not in ("I1", "I3", "I4"))
    blind = () if lost else (Violation("control", 1, "nothing was lost with synchronous=NORMAL"),)
    notes = (f"as it must, the control lost: {lost[0]}",) if lost else ()
    return Report(report.accepted, report.crashes, report.copies, report.bound, (*blind, *rest), notes)


def _mount(trial: Trial, disk: Path, *how: str) -> None:
    _run("mount", *how, str(disk))
    trial.cleanup.callback(subprocess.run, ["umount", "-l", str(disk)], check=False, capture_output=True)


def _run(*command: str) -> None:
    subprocess.run(command, check=True, capture_output=True)


# ------------------------------------------------------------------ full disks


def disk_full(trial: Trial, case: str) -> Report:
    """The disk is full while TikTok takes nothing; then TikTok takes everything again.

    `full` throws the ballast off, `low-water` refuses before, `others` is somebody else's file.
    """
    disk = trial.folder / "disk"
    disk.mkdir(exist_ok=True)
    _mount(trial, disk, "-t", "tmpfs", "-o", "size=24m", "tmpfs")
    trial.data = disk / "data"
    floor = 6 * _MIB if case == "low-water" else 0
    env = {"TAGWRIGHT_STORE_BALLAST_BYTES": str(4 * _MIB), "TAGWRIGHT_STORE_FREE_BYTES": str(floor)}
    daemon, load = _filling(trial, env)
    if case == "others":
        _fill(disk / "somebody")
    _until_refused(trial, daemon)
    (disk / "somebody").unlink(missing_ok=True)
    return trial.conclude(daemon, load)


def small_disk(trial: Trial, _: str) -> Report:
    """The same without mounting: files beyond a size are refused below SQLite, until the next start."""
    daemon, load = _filling(trial, {}, disk=f"full:{_MIB}")
    _until_refused(trial, daemon)
    trial.crash(daemon)
    return trial.peace(load)


def _filling(trial: Trial, env: Mapping[str, str], **faults: str) -> tuple[Daemon, Running]:
    trial.oracle.tiktok.mood = always(THROTTLE)
    return trial.start(env, **faults), trial.oracle.load(trial.seed, body=40, pause=0.002)


def _until_refused(trial: Trial, daemon: Daemon) -> None:
    refusals = trial.oracle.obligations.refusals
    trial.expect(lambda: refusals[503] >= 20, "a full disk is answered 503")
    time.sleep(0.5)
    trial.notes.append(f"{len(trial.oracle.obligations.accepted)} taken before it was full")
    if daemon.process.poll() is not None:
        trial.complain("exit", f"a full disk ended the daemon: {daemon.log()[-300:]}")


def _fill(path: Path) -> None:
    with contextlib.suppress(OSError), path.open("wb", buffering=0) as file:
        while True:
            file.write(bytes(65_536))


# ------------------------------------------------------------------ failing disks


def io_error(trial: Trial, kind: str) -> Report:
    """Writing or forcing to disk fails: the process ends with status 1 and promises nothing more."""
    trial.oracle.tiktok.mood = grumpy(trial.seed)
    load = trial.oracle.load(trial.seed, body=5)
    for number in range(trial.times(3)):
        daemon = trial.start(disk=f"{kind}:0.01:{trial.seed + number}", clock=trial.clock())
        # At its start a daemon cannot open the spool then, which is status 2.
        trial.ended(daemon, (1, 2))
    return trial.peace(load)


SUITES = (
    Suite("power-cut", "ext4 cut off under load, then mounted", ("full", "normal"), power_cut, 10, True),
    Suite("disk-full", "24 MiB of tmpfs run full", ("full", "low-water", "others"), disk_full, 5, True),
    Suite("small-disk", "a disk of 1 MiB runs full, below SQLite", ("small",), small_disk, 5),
    Suite("io-errors", "the disk fails three times a trial", ("write", "sync", "short"), io_error, 10),
)
