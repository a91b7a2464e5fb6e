"""TikTok is away for long: what waits is bounded, memory is not used for it, and it drains."""

from __future__ import annotations

import time

from daemons import Daemon

from .samples import Sample
from .suite import Suite
from .trial import Report, Trial

EVENTS = 1_000_000
_MIB = 2**20
_GROWTH = 64 * _MIB
_LONGEST_DRAIN = 1800.0


def backlog(trial: Trial, _: str) -> Report:
    """Events until the bound answers 503, a crash, then everything is delivered."""
    rows = trial.times(EVENTS)
    trial.settings["store"] = {"pending_rows": rows}
    trial.settings["delivery"]["batch_max"] = 1000
    trial.oracle.call(trial.oracle.tiktok.down())
    daemon = trial.start()
    memory = _fill(trial, daemon, rows)
    if trial.oracle.obligations.refusals[503] != 1:
        trial.complain("expected", "the bound is answered 503")
    trial.crash(daemon)
    trial.oracle.call(trial.oracle.tiktok.up())
    daemon = trial.start()
    _steady(trial, "while it drains", [memory[len(memory) // 5], *_drain(trial, daemon)])
    return trial.conclude(daemon)


def _fill(trial: Trial, daemon: Daemon, rows: int) -> list[int]:
    """Bodies of equal size until one is refused; the memory after each."""
    began, memory, body = time.monotonic(), [], min(1000, rows // 10)
    for part in range(rows // body + 1):
        if not trial.oracle.post([Sample(f"{trial.seed}-{part}-{n}", int(time.time())) for n in range(body)]):
            break
        memory.append(trial.process(daemon).resources()[0])
    taken = len(trial.oracle.obligations.accepted)
    trial.notes.append(f"{taken} taken at {taken / (time.monotonic() - began):.0f}/s")
    _steady(trial, "with the backlog", memory[len(memory) // 5 :])
    return memory


def _drain(trial: Trial, daemon: Daemon) -> list[int]:
    """Until nothing waits; the memory meanwhile."""
    began, memory = time.monotonic(), [trial.process(daemon).resources()[0]]
    while not daemon.idle():
        if time.monotonic() > began + _LONGEST_DRAIN:
            trial.complain("I5", "it does not drain")
            break
        time.sleep(0.2)
        memory.append(trial.process(daemon).resources()[0])
    taken = len(trial.oracle.obligations.accepted)
    trial.notes.append(f"delivered at {taken / (time.monotonic() - began):.0f}/s")
    return memory


def _steady(trial: Trial, when: str, memory: list[int]) -> None:
    """Page caches and pools are full after the first fifth; nothing may grow with the number of events."""
    trial.notes.append(f"memory {when} {memory[0] // _MIB} to {max(memory) // _MIB} MiB")
    if max(memory) > memory[0] + _GROWTH:
        trial.complain("I7", f"memory grew {when}: {memory[0]} to {max(memory)} bytes")


SUITES = (Suite("backlog", f"{EVENTS} events wait for TikTok, and then go", ("full",), backlog, 1),)
