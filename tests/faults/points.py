"""Where the daemon is killed and how it is spoilt: everything of the router that the suites take hold of.

Armed in the daemon's own process before it starts, by `FAULT_` variables. SQL is watched from outside, by the
hooks of SQLite's binding, so that only names of tables and what `_replace` replaces can go stale; then the
daemon does not start.
"""

from __future__ import annotations

import asyncio
import os
import re
import signal
import time
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import apsw
import httpx

from router.daemon import candidate, rollout, tuning
from router.delivery import housekeeping, retry
from router.delivery.clock import SystemClock
from router.delivery.sqlite import SqliteSpool
from router.delivery.verdict import Batch, Spoiled, Verdict
from router.inputs import RawRequest
from router.tiktok import client
from router.tiktok.client import TikTokClient
from router.web import intake, keys

from .chance import repeatable
from .disks import FaultyDisk

POINTS = (
    "before-commit", "after-commit", "after-claim", "in-flight", "before-mark", "after-mark", "mid-split",
    "checkpoint", "purge", "reload", "start",
)  # fmt: skip
"""In flight is where TikTok kills the daemon, when it has read the request."""

DESIGNS = ("two-steps", "early-answer", "dedup-in-memory", "normal", "bugs")
"""The wrong designs; SQLite's setting that gives up durability against power cuts; and errors that tell."""

_KINDS = {
    "put": re.compile(r"INSERT INTO delivery\b"),
    "mark": re.compile(r"DELETE FROM delivery\b"),
    "purge": re.compile(r"DELETE FROM (dedup|dead)\b(?! WHERE key = )"),
}
_AT_COMMIT = {"before-commit": "put", "after-commit": "put", "after-mark": "mark", "purge": "purge"}
_COMMITS = ("COMMIT", "RELEASE", "END")


class Dice:
    """One chance to die each time it is asked."""

    def __init__(self, name: str, probability: float, seed: int) -> None:
        self.name = name
        self._probability = probability
        self._rng = repeatable(seed)

    def __call__(self, *_: object) -> None:
        if self._rng.random() < self._probability:
            os.write(2, f'{{"event": "fault_point", "point": "{self.name}"}}\n'.encode())
            os.kill(os.getpid(), signal.SIGKILL)
            time.sleep(60)


def arm(environment: Mapping[str, str]) -> None:
    """Take hold of what the variables ask for."""
    if point := environment.get("FAULT_POINT"):
        name, probability, seed = point.split(":")
        _POINTS[name](Dice(name, float(probability), int(seed)))
    if design := environment.get("FAULT_DESIGN"):
        _DESIGNS[design]()
    if file := environment.get("FAULT_CLOCK"):
        _clock(Path(file))
    if seconds := environment.get("FAULT_PATIENCE"):
        _replace(client, "TIMEOUT", httpx.Timeout(float(seconds)))
    if seconds := environment.get("FAULT_BACKOFF"):
        _backoff(float(seconds))
    if seconds := environment.get("FAULT_LOOK"):
        _replace(rollout, "LOOK_SECONDS", float(seconds))
        _replace(keys, "_LOOK_SECONDS", float(seconds))
    if disk := environment.get("FAULT_DISK"):
        FaultyDisk.install(disk)


def _replace(owner: object, name: str, new: object) -> Any:
    """Put something in the place of what the router has there; the latter."""
    old = getattr(owner, name)
    setattr(owner, name, new)
    return old


# ------------------------------------------------------------------ watching SQL


class Watch:
    """The statements of one connection. `kinds` has what the open transaction did so far."""

    def __init__(self, connection: apsw.Connection) -> None:
        self.connection = connection
        self.kinds: set[str] = set()
        connection.set_exec_trace(self._before)
        connection.trace_v2(apsw.SQLITE_TRACE_PROFILE, self._after)

    def _before(self, _: object, sql: str, __: object) -> bool:
        if sql.startswith("BEGIN"):
            self.kinds.clear()
        self.kinds |= {kind for kind, sign in _KINDS.items() if sign.search(sql)}
        self._tell(_STATEMENT)
        if sql.startswith(_COMMITS):
            self._tell(_COMMITTING)
        return True

    def _after(self, event: dict[str, Any]) -> None:
        if event["sql"].startswith(_COMMITS):
            self._tell(_COMMITTED)

    def _tell(self, moment: str) -> None:
        for each in _LISTENERS[moment]:
            each(self)


_STATEMENT, _COMMITTING, _COMMITTED = "before a statement", "before a commit", "after a commit, untold"
_LISTENERS: dict[str, list[Callable[[Watch], None]]] = defaultdict(list)
_WATCHES: list[Watch] = []


def _listen(moment: str, listener: Callable[[Watch], None]) -> None:
    if not apsw.connection_hooks:
        apsw.connection_hooks.append(lambda connection: _WATCHES.append(Watch(connection)))
    _LISTENERS[moment].append(listener)


def _around_commit(dice: Dice) -> None:
    wanted = _AT_COMMIT[dice.name]
    moment = _COMMITTING if dice.name in ("before-commit", "purge") else _COMMITTED
    _listen(moment, lambda watch: dice() if wanted in watch.kinds else None)


def _at_start(dice: Dice) -> None:
    """At any statement from opening on: migration, recovery, the first counts, the first purge."""
    _listen(_STATEMENT, dice)


# ------------------------------------------------------------------ the other points


def _before_send(dice: Dice) -> None:
    _around_send(lambda _: dice(), _nothing)


def _before_mark(dice: Dice) -> None:
    _around_send(_nothing, lambda _: dice())


def _mid_split(dice: Dice) -> None:
    """Once a batch was refused whole, at any request after it."""
    splitting = False

    def sending(_: object) -> None:
        if splitting:
            dice()

    def answered(verdicts: Sequence[Verdict]) -> None:
        nonlocal splitting
        splitting = splitting or any(isinstance(each, Spoiled) for each in verdicts)

    _around_send(sending, answered)


def _around_send(sending: Callable[[Batch], None], answered: Callable[[Sequence[Verdict]], None]) -> None:
    async def send(self: TikTokClient, batch: Batch) -> list[Verdict]:
        sending(batch)
        verdicts: list[Verdict] = await original(self, batch)
        answered(verdicts)
        return verdicts

    original = _replace(TikTokClient, "send", send)


def _nothing(_: object) -> None:
    pass


def _reload(dice: Dice) -> None:
    """Rules are read and checked anew, and not yet in force."""
    readings = 0

    def deploy(*args: Any, **named: Any) -> Any:
        nonlocal readings
        deployed = original(*args, **named)
        readings += 1
        if readings > 1:
            dice()
        return deployed

    original = _replace(candidate, "deploy", deploy)


def _checkpoint(dice: Dice) -> None:
    """Pages are written from the log into the file."""
    FaultyDisk.install("watch", dice)


_POINTS: Mapping[str, Callable[[Dice], None]] = {
    **dict.fromkeys(_AT_COMMIT, _around_commit),
    "after-claim": _before_send,
    "before-mark": _before_mark,
    "mid-split": _mid_split,
    "checkpoint": _checkpoint,
    "reload": _reload,
    "start": _at_start,
}

# ------------------------------------------------------------------ wrong designs


def _two_steps() -> None:
    """The claim is committed, then the entry is stored; now and then the process dies between the two."""
    dice = Dice("between claim and entry", 0.02, os.getpid())
    last = 0

    def committing(watch: Watch) -> None:
        nonlocal last
        if "put" not in watch.kinds:
            return
        watch.kinds.clear()
        run = watch.connection.execute
        run("CREATE TEMP TABLE apart AS SELECT * FROM main.delivery WHERE id > ?", (last,))
        run("DELETE FROM main.delivery WHERE id > ?", (last,))
        run("COMMIT")
        dice()
        run("BEGIN IMMEDIATE")
        run("INSERT INTO main.delivery SELECT * FROM temp.apart")
        last = run("SELECT max(id) FROM temp.apart").get or last
        run("DROP TABLE temp.apart")

    _listen(_COMMITTING, committing)


def _early_answer() -> None:
    """202 before the commit; now and then the process dies before it."""
    _around_commit(Dice("before-commit", 0.02, os.getpid()))
    tasks: set[asyncio.Task[Any]] = set()

    async def put(self: SqliteSpool, entries: Sequence[Any], *rest: Any, **named: Any) -> Any:
        tasks.add(asyncio.create_task(original(self, entries, *rest, **named)))
        return [True] * len(entries)

    original = _replace(SqliteSpool, "put", put)


def _dedup_in_memory() -> None:
    """Claims are forgotten at every start; now and then the process dies after a commit."""
    _around_commit(Dice("after-commit", 0.02, os.getpid()))
    _once_there_are_tables(_COMMITTING, "DELETE FROM dedup")


def _normal() -> None:
    """synchronous=NORMAL: a commit is not forced to the disk; nor is the log, ever, for a sure control."""
    pragmas = "PRAGMA synchronous = NORMAL; PRAGMA wal_autocheckpoint = 0"
    _once_there_are_tables(_STATEMENT, pragmas)


def _once_there_are_tables(moment: str, statement: str) -> None:
    done = False

    def listener(watch: Watch) -> None:
        nonlocal done
        connection = watch.connection
        fits = connection.in_transaction == (moment is _COMMITTING)
        if fits and not done and connection.table_exists("main", "dedup"):
            done = True
            connection.execute(statement).fetchall()

    _listen(moment, listener)


def _bugs() -> None:
    """Errors of the program whose messages quote what was in hand."""
    rng = repeatable(os.getpid())

    def sending(batch: Batch) -> None:
        if rng.random() < 0.1:
            raise RuntimeError(
                f"{os.environ['TIKTOK_TOKEN']} {batch.entries[0].payload!r} clear.person.1@x.org"
            )

    def decode(name: str, request: RawRequest, *rest: Any, **named: Any) -> Any:
        if rng.random() < 0.05:
            raise RuntimeError(f"{request.body!r} {request.headers}")
        return original(name, request, *rest, **named)

    _around_send(sending, _nothing)
    original = _replace(intake, "decode", decode)


_DESIGNS = dict(zip(DESIGNS, (_two_steps, _early_answer, _dedup_in_memory, _normal, _bugs), strict=True))

# ------------------------------------------------------------------ time


def _backoff(cap: float) -> None:
    """Waits between attempts are short, so that a trial meets many of them."""
    _replace(tuning, "Policy", partial(retry.Policy, backoff_base=cap / 8, backoff_cap=cap))


def _clock(file: Path) -> None:
    """The wall clock is as many seconds off as the file says; the housekeeping looks twice a second."""
    handle = os.open(file, os.O_RDONLY)
    _replace(SystemClock, "now", lambda _: time.time() + float(os.pread(handle, 32, 0)))
    _replace(housekeeping, "SECONDS", 0.5)
