"""Whether what was promised was kept: the invariants at the end of a trial."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import apsw
import orjson

from .hostile import Receipt
from .obligations import Obligations
from .samples import CLEAR, POISON, SECRET

_SHOWN = 3


@dataclass(frozen=True, slots=True)
class Violation:
    """A broken invariant, I1 to I8, in how many cases, and the first of them."""

    invariant: str
    count: int
    text: str

    def __str__(self) -> str:
        return f"{self.invariant}: {self.text}"


@dataclass(frozen=True, slots=True)
class Dead:
    """A dead letter as it stands in the file."""

    id: str
    reason: str
    code: str


MayDie = Callable[[Dead], bool]


def poison_only(dead: Dead) -> bool:
    """Only what TikTok refuses by itself may become a dead letter."""
    return POISON in dead.id and dead.reason == "refused"


def dead_letters(data: Path) -> list[Dead]:
    """From the spool of a daemon that has ended."""
    connection = apsw.Connection(str(data / "spool.sqlite"))
    try:
        rows: list[tuple[Any, ...]] = connection.execute(
            "SELECT payload, reason, code FROM dead ORDER BY id"
        ).fetchall()
    finally:
        connection.close()
    return [Dead(orjson.loads(payload)["event_id"], str(reason), str(code)) for payload, reason, code in rows]


def kept(
    obligations: Obligations, receipts: Sequence[Receipt], dead: Sequence[Dead], may: MayDie
) -> list[Violation]:
    """I1: each accepted id is delivered or a dead letter with a reason, and no good one is dead."""
    there = {each for receipt in receipts if receipt.taken for each in receipt.ids}
    there |= {each.id for each in dead if each.reason}
    return [
        *_some("I1", "accepted and gone", sorted(obligations.accepted.keys() - there)),
        *_some("I1", "dead without need", [f"{each.id} ({each.reason})" for each in dead if not may(each)]),
    ]


def true(receipts: Sequence[Receipt]) -> list[Violation]:
    """I2: only what was posted came, byte for byte as the mapping makes it."""
    return _some("I2", "wrong request", [each.fault for each in receipts if each.fault])


def copies(receipts: Sequence[Receipt]) -> int:
    """How many events more than once were handed to TikTok in requests that it did not refuse."""
    handed = Counter(each for receipt in receipts if receipt.taken or receipt.doubt for each in receipt.ids)
    return sum(handed.values()) - len(handed)


def bounded(extra: int, bound: int) -> list[Violation]:
    """I3: extra copies only after crashes and answers that leave doubt."""
    return [Violation("I3", extra - bound, f"{extra} extra copies, {bound} allowed")] if extra > bound else []


def once(obligations: Obligations) -> list[Violation]:
    """I4: what was taken once is a duplicate from then on."""
    twice = [each for each, times in obligations.sends.items() if times > 1]
    return [
        *_some("I4", "taken as new twice", twice),
        *_some("I4", "taken as new although TikTok had it", obligations.late),
    ]


def private(texts: Iterable[tuple[str, bytes]]) -> list[Violation]:
    """I6: neither token nor clear personal data in anything that was written or shown."""
    found = [
        f"{name} shows {'the token' if pattern is SECRET else 'personal data'}"
        for name, text in texts
        for pattern in (SECRET, CLEAR)
        if pattern.search(text)
    ]
    return _some("I6", "seen", found)


def accounted(status: Mapping[str, Any]) -> list[Violation]:
    """I8: everything that was received is accounted for, as `/status` counts it."""
    gaps = [
        f"{name}: {account['unaccounted']}"
        for name, account in status["conservation"].items()
        if account["unaccounted"]
    ]
    return _some("I8", "unaccounted for", gaps)


def steady(before: tuple[int, int, int], after: tuple[int, int, int]) -> list[Violation]:
    """I7: memory, files and threads at rest, against those of a fresh start; room for caches and a pool."""
    limits = (before[0] * 1.1 + 48 * 2**20, before[1] + 8, before[2] + 8)
    names = ("bytes of memory", "open files", "threads")
    return _some(
        "I7",
        "grew",
        [
            f"{name} from {start} to {end}"
            for name, start, end, limit in zip(names, before, after, limits, strict=True)
            if end > limit
        ],
    )


def files(folder: Path) -> Iterable[tuple[str, bytes]]:
    """Everything below a folder, by name."""
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            yield str(path.relative_to(folder)), path.read_bytes()


def mistakes(log: str) -> list[Violation]:
    """What the log calls a mistake of the program, and tracebacks."""
    bugs = r'"event": "((?:routing|request|sender|delivery|lane|housekeeping|admin_page)_failed)"|(Traceback)'
    return _some("log", "told", [found[1] or found[2] for found in re.finditer(bugs, log)])


def _some(invariant: str, what: str, cases: Sequence[str]) -> list[Violation]:
    if not cases:
        return []
    return [Violation(invariant, len(cases), f"{len(cases)} {what}: {', '.join(cases[:_SHOWN])}")]
