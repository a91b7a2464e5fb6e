"""The spool in memory: the model that the others are held to, and a quick one for tests."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from typing import assert_never

from router.delivery.bounds import Bounds, Gate
from router.delivery.drift import Drift
from router.delivery.entry import DeadLetter, Entry, Queued
from router.delivery.spool import Buried, Claimed, Delivered, Rescheduled, Stats, Step


@dataclass(slots=True)
class _Claim:
    expires: float | None
    row: int


class MemorySpool:
    """See `Spool`; nothing survives the process."""

    def __init__(self, bounds: Bounds | None = None) -> None:
        self._gate = Gate(bounds or Bounds())
        self._rows: dict[int, Queued] = {}
        self._leased: dict[int, float] = {}
        self._claims: dict[bytes, _Claim] = {}
        self._dead: dict[int, DeadLetter] = {}
        self._last = 0
        self._drift = Drift()
        self._stored: Callable[[Collection[str]], None] = lambda _: None

    async def put(self, entries: Sequence[Entry]) -> list[bool]:
        seen = {entry.key for entry in entries if self._is_claimed(entry)}
        fresh = [entry for entry in entries if entry.key not in seen]
        if fresh:
            size = sum(len(entry.payload) for entry in fresh) + self._size()
            self._gate.admit(len(self._rows) + len(fresh), size)
        answers = [self._put(entry) for entry in entries]
        if any(answers):
            self._stored({entry.destination for entry, new in zip(entries, answers, strict=True) if new})
        return answers

    def _is_claimed(self, entry: Entry) -> bool:
        claim = self._claims.get(entry.key)
        return claim is not None and (
            claim.expires is None or claim.expires > entry.accepted_at - self._drift.lag
        )

    def _put(self, entry: Entry) -> bool:
        if self._is_claimed(entry):
            return False
        self._last += 1
        self._rows[self._last] = Queued(self._last, entry, 0, entry.accepted_at)
        self._claims[entry.key] = _Claim(entry.claim_until, self._last)
        return True

    async def claim(self, destination: str, limit: int, now: float) -> Claimed:
        waiting = sorted(self._waiting(destination), key=lambda row: (row.due, row.id))
        due = [replace(row, attempts=row.attempts + 1) for row in waiting if row.due <= now][:limit]
        self._rows.update({row.id: row for row in due})
        self._leased.update({row.id: now for row in due})
        if len(due) == limit:
            return Claimed(tuple(due))
        return Claimed(tuple(due), min((row.due for row in self._waiting(destination)), default=None))

    def _waiting(self, destination: str) -> list[Queued]:
        rows = self._rows.values()
        return [row for row in rows if row.entry.destination == destination and row.id not in self._leased]

    async def settle(self, steps: Sequence[Step], now: float) -> int:
        return sum(self._step(step, now) for step in steps)

    def _step(self, step: Step, now: float) -> bool:
        if self._leased.pop(step.id, None) is None:
            return False
        row = self._rows.pop(step.id)
        match step:
            case Delivered():
                self._end_claim(row, row.entry.claim_expiry(now))
            case Rescheduled():
                self._rows[row.id] = replace(
                    row,
                    due=step.due,
                    first_ambiguous_at=step.first_ambiguous_at,
                    attempts=row.attempts - (not step.counted),
                )
            case Buried():
                self._end_claim(row, row.entry.claim_until)
                self._dead[row.id] = DeadLetter(
                    row.id, row.entry, row.attempts, row.first_ambiguous_at,
                    step.reason, step.code, step.message, step.request_id, now,
                )  # fmt: skip
            case _:
                assert_never(step)
        return True

    def _end_claim(self, row: Queued, expires: float | None) -> None:
        claim = self._claims.get(row.entry.key)
        if claim is not None and claim.row == row.id:
            claim.expires = expires

    async def recover(self) -> int:
        voided, self._leased = self._leased, {}
        for row_id, claimed_at in voided.items():
            row = self._rows[row_id]
            doubt = claimed_at if row.first_ambiguous_at is None else row.first_ambiguous_at
            self._rows[row_id] = replace(row, first_ambiguous_at=doubt, crashes=row.crashes + 1)
        return len(voided)

    async def purge(self, now: float, *, dead_before: float | None = None, limit: int = 1000) -> int:
        ends = sorted((c.expires, key) for key, c in self._claims.items() if c.expires is not None)
        expired = [key for expires, key in ends if expires <= now - self._drift.lag][:limit]
        for key in expired:
            del self._claims[key]
        buried = sorted(self._dead.values(), key=lambda letter: (letter.died_at, letter.id))
        old = [each for each in buried if dead_before is not None and each.died_at < dead_before][:limit]
        for letter in old:
            self._forget(letter)
        return len(expired) + len(old)

    def _forget(self, letter: DeadLetter) -> None:
        del self._dead[letter.id]
        claim = self._claims.get(letter.entry.key)
        if claim is not None and claim.row == letter.id:
            del self._claims[letter.entry.key]

    async def evict(self, dead_bytes: int, *, limit: int = 1000) -> int:
        oldest = sorted(self._dead.values(), key=lambda letter: (letter.died_at, letter.id))
        evicted = 0
        for letter in oldest[:limit]:
            if sum(len(each.entry.payload) for each in self._dead.values()) <= dead_bytes:
                break
            self._forget(letter)
            evicted += 1
        return evicted

    async def drift(self) -> Drift:
        return self._drift

    async def adjust(self, drift: Drift, latest_due: float) -> None:
        self._drift = drift
        for row in self._rows.values():
            if row.due > latest_due and row.id not in self._leased:
                self._rows[row.id] = replace(row, due=latest_due)

    async def stats(self) -> Stats:
        leased = Counter(self._rows[row_id].entry.destination for row_id in self._leased)
        every = Counter(row.entry.destination for row in self._rows.values())
        dead = Counter(letter.reason for letter in self._dead.values())
        oldest = self._rows[min(self._rows)].entry.accepted_at if self._rows else None
        return Stats(every - leased, leased, dead, self._size(), oldest)

    def _size(self) -> int:
        return sum(len(row.entry.payload) for row in self._rows.values())

    async def dead(self, limit: int = 100, *, after: int = 0) -> list[DeadLetter]:
        return [self._dead[row_id] for row_id in sorted(self._dead) if row_id > after][:limit]

    def watch(self, stored: Callable[[Collection[str]], None]) -> None:
        self._stored = stored

    async def close(self) -> None:
        pass
