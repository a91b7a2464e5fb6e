"""The spool in memory: the model that the others are held to, and a quick one for tests."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Sequence
from typing import assert_never

from router.delivery.account import DEAD, DUPLICATE, NOTHING, PURGED, SENT, Account
from router.delivery.archive import Route, Settlement
from router.delivery.bounds import Bounds
from router.delivery.drift import Drift
from router.delivery.entry import DeadLetter, Entry, Queued
from router.delivery.memory_archive import MemoryArchive
from router.delivery.memory_shelves import Claim, Shelves
from router.delivery.spool import Buried, Claimed, Delivered, Rescheduled, Stats, Step


class MemorySpool(Shelves):
    """See `Spool`; nothing survives the process."""

    def __init__(self, bounds: Bounds | None = None) -> None:
        super().__init__(bounds or Bounds())
        self.archive = MemoryArchive(self)
        self._last = 0
        self._last_record = 0
        self._drift = Drift()

    async def put(self, entries: Sequence[Entry], account: Account = NOTHING) -> list[bool]:
        self.admit([entry for entry in entries if not self._is_claimed(entry)])
        answers = [self._put(entry) for entry in entries]
        self.postings.update(account.postings)
        for record in account.records:
            self._last_record += 1
            self.records.append((self._last_record, record))
        if any(answers):
            self.stored({entry.destination for entry, new in zip(entries, answers, strict=True) if new})
        return answers

    def _is_claimed(self, entry: Entry) -> bool:
        claim = self.claims.get(entry.key)
        return claim is not None and not self.ended(claim, entry.accepted_at - self._drift.lag)

    def _put(self, entry: Entry) -> bool:
        way = Route(entry.destination, entry.source, entry.source_id, entry.event, entry.rules_version)
        self.routes[way] = None
        if self._is_claimed(entry):
            self.postings[entry.destination, DUPLICATE, ""] += 1
            return False
        self._last += 1
        self.rows[self._last] = Queued(self._last, entry._replace(kept=None), 0, entry.accepted_at)
        self.claims[entry.key] = Claim(entry, entry.claim_until, self._last)
        if entry.kept is not None:
            self.kept[self._last] = entry.kept
        return True

    async def claim(self, destination: str, limit: int, now: float) -> Claimed:
        waiting = sorted(self._waiting(destination), key=lambda row: (row.due, row.id))
        due = [row._replace(attempts=row.attempts + 1) for row in waiting if row.due <= now][:limit]
        self.rows.update({row.id: row for row in due})
        self.leased.update({row.id: now for row in due})
        if len(due) == limit:
            return Claimed(tuple(due))
        return Claimed(tuple(due), min((row.due for row in self._waiting(destination)), default=None))

    def _waiting(self, destination: str) -> list[Queued]:
        rows = self.rows.values()
        return [row for row in rows if row.entry.destination == destination and row.id not in self.leased]

    async def settle(self, steps: Sequence[Step], now: float) -> int:
        said: dict[Settlement, int] = {}
        return sum(self._step(step, now, said) for step in steps)

    def _step(self, step: Step, now: float, said: dict[Settlement, int]) -> bool:
        if self.leased.pop(step.id, None) is None:
            return False
        row = self.rows.pop(step.id)
        match step:
            case Delivered():
                self.kept.pop(row.id, None)
                self.postings[row.entry.destination, SENT, ""] += 1
                words = Settlement(now, request_id=step.request_id)
                self._end_claim(row, "sent", row.entry.claim_expiry(now), self._once(words, said))
            case Rescheduled():
                self.rows[row.id] = row._replace(
                    due=step.due,
                    first_ambiguous_at=step.first_ambiguous_at,
                    attempts=row.attempts - (not step.counted),
                    why=step.why,
                )
            case Buried():
                self.postings[row.entry.destination, DEAD, step.reason] += 1
                words = Settlement(now, step.reason, step.code, step.message, step.request_id)
                self._end_claim(row, "dead", row.entry.claim_until, self._once(words, said))
                self.letters[row.id] = DeadLetter(
                    row.id, row.entry, row.attempts, row.first_ambiguous_at,
                    step.reason, step.code, step.message, step.request_id, now,
                )  # fmt: skip
            case _:
                assert_never(step)
        return True

    def _once(self, words: Settlement, said: dict[Settlement, int]) -> int:
        if words not in said:
            said[words] = self.settlement(words)
        return said[words]

    def _end_claim(self, row: Queued, state: str, expires: float | None, settlement: int) -> None:
        claim = self.claims.get(row.entry.key)
        if claim is not None and claim.row == row.id:
            claim.state, claim.expires, claim.settlement = state, expires, settlement
            claim.attempts = row.attempts

    async def recover(self) -> int:
        voided, self.leased = self.leased, {}
        for row_id, claimed_at in voided.items():
            row = self.rows[row_id]
            doubt = claimed_at if row.first_ambiguous_at is None else row.first_ambiguous_at
            self.rows[row_id] = row._replace(first_ambiguous_at=doubt, crashes=row.crashes + 1)
        return len(voided)

    async def purge(
        self, now: float, *, dead_before: float | None = None, remember: float = 0.0, limit: int = 1000
    ) -> int:
        before = now - self._drift.lag - remember
        ends = sorted((c.expires, key) for key, c in self.claims.items() if c.expires is not None)
        expired = [key for expires, key in ends if expires <= before][:limit]
        for key in expired:
            del self.claims[key]
        old = [each for each in self._oldest() if dead_before is not None and each.died_at < dead_before]
        self.depart(old[:limit], now, PURGED)
        return len(expired) + len(old[:limit])

    def _oldest(self) -> list[DeadLetter]:
        return sorted(self.letters.values(), key=lambda letter: (letter.died_at, letter.id))

    async def evict(self, dead_bytes: int, now: float, *, limit: int = 1000) -> int:
        evicted = 0
        for letter in self._oldest()[:limit]:
            if sum(len(each.entry.payload) for each in self.letters.values()) <= dead_bytes:
                break
            self.depart([letter], now, PURGED)
            evicted += 1
        return evicted

    async def drift(self) -> Drift:
        return self._drift

    async def adjust(self, drift: Drift, latest_due: float) -> None:
        self._drift = drift
        for row in self.rows.values():
            if row.due > latest_due and row.id not in self.leased:
                self.rows[row.id] = row._replace(due=latest_due)

    async def stats(self) -> Stats:
        leased = Counter(self.rows[row_id].entry.destination for row_id in self.leased)
        every = Counter(row.entry.destination for row in self.rows.values())
        dead = Counter(letter.reason for letter in self.letters.values())
        oldest = self.rows[min(self.rows)].entry.accepted_at if self.rows else None
        dead_bytes = sum(len(letter.entry.payload) for letter in self.letters.values())
        return Stats(every - leased, leased, dead, self.size(), oldest, dead_bytes)

    def watch(self, stored: Callable[[Collection[str]], None]) -> None:
        self.stored = stored

    async def close(self) -> None:
        pass
