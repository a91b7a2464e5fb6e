"""A spool that was damaged between two runs: the next start refuses it, or everything is there."""

from __future__ import annotations

import contextlib
import random
import time
from collections.abc import Callable
from pathlib import Path

import apsw
import httpx
from daemons import Daemon, until

from .answers import THROTTLE, always, honest
from .samples import Sample
from .suite import Suite
from .trial import Report, Trial

_PAGE = 4096
_HEADER = 100
_SPOOL, _LOG = "spool.sqlite", "spool.sqlite-wal"
_EVENTS = 200

Damage = Callable[[Path, random.Random], None]


def _flip(file: Path, rng: random.Random, within: int | None = None) -> None:
    content = bytearray(file.read_bytes())
    content[rng.randrange(within or len(content))] ^= 1 << rng.randrange(8)
    file.write_bytes(content)


def _zero_page(data: Path, rng: random.Random) -> None:
    file = data / _SPOOL
    pages = file.stat().st_size // _PAGE
    with file.open("r+b") as stream:
        stream.seek(rng.randrange(pages) * _PAGE)
        stream.write(bytes(_PAGE))


def _shorten(file: Path, rng: random.Random) -> None:
    _cut(file, rng.randrange(_PAGE, file.stat().st_size))


def _cut(file: Path, size: int) -> None:
    with file.open("r+b") as stream:
        stream.truncate(size)


def _other_database(data: Path, _: random.Random) -> None:
    _remove(data)
    connection = apsw.Connection(str(data / _SPOOL))
    connection.execute("CREATE TABLE delivery (id); INSERT INTO delivery VALUES (1)")
    connection.close()


def _text(data: Path, _: random.Random) -> None:
    _remove(data)
    (data / _SPOOL).write_text("This is not a database. " * 1000)


def _newer(data: Path, _: random.Random) -> None:
    connection = apsw.Connection(str(data / _SPOOL))
    connection.execute("PRAGMA user_version = 9999")
    connection.close()


def _remove(data: Path) -> None:
    for name in (_SPOOL, _LOG, f"{_SPOOL}-shm"):
        (data / name).unlink(missing_ok=True)


_CLEAN: dict[str, Damage] = {
    "flipped-bit": lambda data, rng: _flip(data / _SPOOL, rng),
    "flipped-bit-in-header": lambda data, rng: _flip(data / _SPOOL, rng, _HEADER),
    "zeroed-page": _zero_page,
    "shortened": lambda data, rng: _shorten(data / _SPOOL, rng),
    "emptied": lambda data, _: _cut(data / _SPOOL, 0),
    "another-database": _other_database,
    "text": _text,
    "newer": _newer,
}
_CRASHED: dict[str, Damage] = {
    "log-flipped-bit": lambda data, rng: _flip(data / _LOG, rng),
    "log-shortened": lambda data, rng: _shorten(data / _LOG, rng),
    "log-removed": lambda data, _: (data / _LOG).unlink(),
    "log-alone": lambda data, _: (data / _SPOOL).unlink(),
}


def corrupt(trial: Trial, case: str) -> Report:
    """Some events are delivered, others wait, the daemon ends, the file is damaged, the daemon starts."""
    _backlog(trial, crash=case in _CRASHED)
    (_CLEAN | _CRASHED)[case](trial.data, trial.rng)
    before = (trial.data / _SPOOL).read_bytes() if (trial.data / _SPOOL).exists() else b""
    daemon = trial.launch()
    if trial.hear(daemon):
        return _started(trial, daemon)
    status, log = daemon.process.wait(10), daemon.log().strip()
    unchanged = (trial.data / _SPOOL).read_bytes() == before
    trial.notes.append(f"refused: {log.rpartition(chr(10) + 'error: ')[2].splitlines()[0]}")
    if status != 2 or "error: " not in log:
        trial.complain("exit", f"status {status} instead of a refusal with its reason")
    if status == 2 and not unchanged:
        trial.complain("I1", "the refused file was written to")
    return trial.unjudged()


def _backlog(trial: Trial, *, crash: bool) -> None:
    oracle, now = trial.oracle, int(time.time())
    daemon = trial.start()
    parts = [[Sample(f"{trial.seed}-{part}-{n}", now) for n in range(_EVENTS)] for part in range(2)]
    oracle.post(parts[0])
    trial.expect(daemon.idle, "the first half is delivered")
    oracle.tiktok.mood = always(THROTTLE)
    for sample in parts[1]:
        oracle.post([sample])
    if crash:
        trial.crash(daemon)
    else:
        trial.stop(daemon)


def _started(trial: Trial, daemon: Daemon) -> Report:
    """It took the file for good: then everything must be there, or it ends as soon as it sees the damage."""
    obligations = trial.oracle.obligations
    trial.oracle.tiktok.mood = honest
    until(lambda: _at_rest(daemon))
    if daemon.process.poll() is None:
        for each in list(obligations.accepted)[:: _EVENTS // 10]:
            trial.oracle.post([obligations.posted[each]])
        trial.notes.append("started, and went on")
        return trial.conclude(daemon)
    trial.ended(daemon, (1,))
    trial.notes.append("started, and stopped at the damage")
    return trial.unjudged()


def _at_rest(daemon: Daemon) -> bool:
    """Whether all is sent, or the daemon has ended: one that meets damage cannot say how it is."""
    if daemon.process.poll() is not None:
        return True
    with contextlib.suppress(httpx.HTTPError, KeyError, ValueError):
        return bool(daemon.idle())
    return False


CASES = (*_CLEAN, *_CRASHED)
SUITES = (Suite("corrupt", "the spool is damaged between two runs", CASES, corrupt, 5),)
