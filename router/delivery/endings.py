"""How entries ended, of all settlements of one group, written by few statements."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import chain
from typing import NamedTuple

from router.delivery.account import DEAD, SENT
from router.delivery.entry import Queued
from router.delivery.leases import Leases
from router.delivery.posting import Postings
from router.delivery.spool import Buried, Delivered, Rescheduled, Step
from router.delivery.tables import Tables

_SENT, _DEAD = 1, 2


@dataclass(slots=True)
class Settled:
    """What steps did: how many there were of leased rows; rows that wait again and that left, by destination,
    and the bytes that left; dead letters and their bytes by reason; claims that got an end."""

    count: int = 0
    again: Counter[str] = field(default_factory=Counter)
    ended: Counter[str] = field(default_factory=Counter)
    payload_bytes: int = 0
    dead: Counter[str] = field(default_factory=Counter)
    dead_bytes: int = 0
    claims: list[tuple[bytes, float]] = field(default_factory=list)


class Words(NamedTuple):
    """When and how it ended, as a settlement tells it."""

    at: float
    reason: str = ""
    code: str = ""
    message: str = ""
    request_id: str = ""


class Endings:
    """What `settle` was told is in the tables after `write`."""

    def __init__(self, tables: Tables, leases: Leases, postings: Postings) -> None:
        self._tables = tables
        self._leases = leases
        self._postings = postings
        self.clear()

    def clear(self) -> None:
        self._sent: defaultdict[Words, list[Queued]] = defaultdict(list)
        self._dead: defaultdict[Words, list[Queued]] = defaultdict(list)
        self._again: list[Queued] = []

    def settle(self, steps: Sequence[Step], now: float) -> Settled:
        done = Settled()
        # Most are delivered, and those of a batch in the same request.
        delivered: dict[str, list[Queued]] = {}
        for step in steps:
            row = self._leases.end(step.id)
            if row is None:
                continue
            done.count += 1
            if isinstance(step, Delivered):
                delivered.setdefault(step.request_id, []).append(row)
            elif isinstance(step, Buried):
                self._bury(step, row, now, done)
            else:
                self._again.append(_after(row, step))
                done.again[row.entry.destination] += 1
        for request_id, rows in delivered.items():
            self._deliver(Words(now, request_id=request_id), rows, done)
        return done

    def _deliver(self, words: Words, rows: Sequence[Queued], done: Settled) -> None:
        self._sent[words].extend(rows)
        entries = [row.entry for row in rows]
        done.ended.update([entry.destination for entry in entries])
        done.payload_bytes += sum([len(entry.payload) for entry in entries])
        done.claims += [
            (entry.key, words.at + entry.claim_seconds) for entry in entries if entry.claim_until is None
        ]

    def _bury(self, step: Buried, row: Queued, now: float, done: Settled) -> None:
        self._dead[Words(now, step.reason, step.code, step.message, step.request_id)].append(row)
        size = len(row.entry.payload)
        done.ended[row.entry.destination] += 1
        done.payload_bytes += size
        done.dead[step.reason] += 1
        done.dead_bytes += size

    def write(self) -> None:
        sent, dead, again = self._sent, self._dead, self._again
        self.clear()
        for words, rows in sent.items():
            self._end(_SENT, words, rows)
        for words, rows in dead.items():
            said = words._asdict()
            self._tables.change_rows("bury", _ids(rows), now=said.pop("at"), **said)
            self._end(_DEAD, words, rows)
        self._drop(list(chain.from_iterable(sent.values())), list(chain.from_iterable(dead.values())))
        self._queue(again)
        self._leases.write()

    def _end(self, state: int, words: Words, rows: Sequence[Queued]) -> None:
        """Claims end; the books tell it."""
        settlement = self.settlement(words)
        lasting = [row.id for row in rows if row.entry.claim_until is None]
        now = words.at if state == _SENT else None
        self._tables.change_rows("end_claims", lasting, state=state, now=now, settlement=settlement)
        if len(lasting) < len(rows):
            # Where another row has taken over since, there is nothing to end.
            short = [row.id for row in rows if row.entry.claim_until is not None]
            self._tables.change_rows("end_short_claims", short, state=state, settlement=settlement)
        what = SENT if state == _SENT else DEAD
        for destination, count in Counter([row.entry.destination for row in rows]).items():
            self._postings.add(destination, what, words.reason, count)

    def settlement(self, words: Words) -> int:
        """One row for all that ended with the same words: a batch has one."""
        self._tables.change("settlement", **words._asdict())
        return int(self._tables.connection.last_insert_rowid())

    def _drop(self, sent: Sequence[Queued], dead: Sequence[Queued]) -> None:
        ended = [*sent, *dead]
        self._tables.change_rows("drop_deliveries", _ids(ended))
        self._tables.change_rows("drop_kept", _ids(sent))
        self._tables.change_rows("drop_trials", self._leases.tried(ended))

    def _queue(self, rows: Sequence[Queued]) -> None:
        """They wait again."""
        self._leases.tried(rows)
        tried = [
            (row.id, row.attempts, row.due, row.first_ambiguous_at, row.crashes, row.why) for row in rows
        ]
        self._tables.change_many("try_again", tried)
        self._tables.change_many("insert_queue", [(row.entry.destination, row.due, row.id) for row in rows])

    def recover(self) -> int:
        """Everything that is being sent waits again: it may have arrived."""
        voided = self._leases.void()
        self._queue([_voided(row, claimed_at) for row, claimed_at in voided])
        self._leases.write()
        return len(voided)


def _ids(rows: Iterable[Queued]) -> list[int]:
    return [row.id for row in rows]


def _after(row: Queued, step: Rescheduled) -> Queued:
    attempts = row.attempts - (not step.counted)
    return row._replace(
        attempts=attempts, due=step.due, first_ambiguous_at=step.first_ambiguous_at, why=step.why
    )


def _voided(row: Queued, claimed_at: float) -> Queued:
    doubt = claimed_at if row.first_ambiguous_at is None else row.first_ambiguous_at
    return row._replace(first_ambiguous_at=doubt, crashes=row.crashes + 1)
