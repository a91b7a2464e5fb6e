"""Rows on their way out: claimed under a lease, and settled while it stands."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, assert_never

from router.delivery.archive import Route
from router.delivery.entry import Entry, Queued
from router.delivery.postgres.columns import plain
from router.delivery.postgres.layout import Layout
from router.delivery.postgres.packing import Pack, float8s, int2s, int4s, int8s, texts
from router.delivery.postgres.work import Ask, Rows
from router.delivery.spool import Buried, Claimed, Delivered, Rescheduled, Step

_DELIVERED, _AGAIN, _BURIED = 0, 1, 2
_NO_WORD: Final = -1
_STEP: Final[Mapping[str, Pack]] = {
    "id": int8s, "lease": int8s, "kind": int2s, "word": int4s, "due": float8s, "doubt": float8s,
    "taken_back": int4s, "why": texts,
}  # fmt: skip
_WORD: Final[Mapping[str, Pack]] = {
    "word_at": float8s, "reason": texts, "code": texts, "message": texts, "request_id": texts
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Claim:
    """Rows of one bucket; reads the raw rows and when the next is due."""

    layout: Layout
    bucket: int
    destination: str
    limit: int
    now: float
    lease: int
    lost: Sequence[int]
    slot: int
    weight: int = 1

    def asks(self) -> Sequence[Ask]:
        values = {
            "bucket": self.bucket, "destination": self.destination, "limit": self.limit, "now": self.now,
            "lease": self.lease, "lost": int8s(self.lost), "slot": self.slot,
        }  # fmt: skip
        return [Ask(self.layout.sql["claim"], values)]

    def read(self, answers: Sequence[Rows]) -> tuple[Rows, float | None]:
        (rows,) = answers
        return [row[1:] for row in rows if row[1] is not None], rows[0][0] if rows else None


def entry_of(columns: Sequence[Any], route: Route) -> Entry:
    """From key, route, payload, the times, and the correlation, as the statements select them."""
    key, _, payload, *rest, correlation = columns
    event_time, accepted_at, claim_seconds, claim_until, resend_seconds = rest
    return Entry(
        key, route.destination, route.source, route.source_id, route.event, payload, event_time, accepted_at,
        route.rules_version, claim_seconds, claim_until, resend_seconds, correlation,
    )  # fmt: skip


def queued_of(row: Sequence[Any], routes: Mapping[int, Route]) -> Queued:
    """A row of `claim` or `list_waiting`."""
    row_id, attempts, due, first_ambiguous_at, crashes, why, *entry = row
    return Queued(row_id, entry_of(entry, routes[entry[1]]), attempts, due, first_ambiguous_at, crashes, why)


def together(found: Sequence[Queued], limit: int, dues: Sequence[float | None]) -> Claimed:
    rows = tuple(sorted(found, key=lambda row: (row.due, row.id)))
    if len(rows) >= limit:
        return Claimed(rows)
    return Claimed(rows, min((due for due in dues if due is not None), default=None))


@dataclass(frozen=True, slots=True)
class Settle:
    """What one call settles; `leases` tells under which lease each row was claimed."""

    steps: Sequence[Step]
    leases: Mapping[int, int]
    now: float

    @property
    def weight(self) -> int:
        return len(self.steps) + 1


@dataclass(slots=True)
class _Columns:
    """What goes into one bucket's statement."""

    values: dict[str, list[Any]] = field(default_factory=lambda: {name: [] for name in _STEP})
    words: dict[tuple[int, float, str, str, str, str], int] = field(default_factory=dict)

    def add(self, **cells: Any) -> None:
        for name, cell in cells.items():
            self.values[name].append(cell)

    def word(self, call: int, at: float, *words: str) -> int:
        """One row for all steps of a call that ended with the same words: a batch has one."""
        reason, code, message, request_id = map(plain, words)
        return self.words.setdefault((call, at, reason, code, message, request_id), len(self.words))

    def packed(self) -> dict[str, bytes]:
        steps = {name: pack(self.values[name]) for name, pack in _STEP.items()}
        columns = list(zip(*self.words, strict=True)) or [()] * (1 + len(_WORD))
        said = {name: pack(column) for (name, pack), column in zip(_WORD.items(), columns[1:], strict=True)}
        return {**steps, **said, "word_id": int4s(list(self.words.values()))}


class Settles:
    """Several calls as one transaction; reads for each the rows that it settled."""

    def __init__(self, settles: Sequence[Settle], layout: Layout, slot: int) -> None:
        self._settles = settles
        self._layout = layout
        self._slot = slot

    @property
    def weight(self) -> int:
        return sum(settle.weight for settle in self._settles)

    def asks(self) -> Sequence[Ask]:
        return [
            Ask(
                self._layout.sql["settle"],
                {**columns.packed(), "bucket": bucket, "slot": self._slot},
            )
            for bucket, columns in sorted(self._columns().items())
        ]

    def _columns(self) -> dict[int, _Columns]:
        found: dict[int, _Columns] = {}
        seen: set[int] = set()
        for call, settle in enumerate(self._settles):
            for step in settle.steps:
                # Of several steps for a row the first counts: after it the row is not leased any more.
                if step.id in settle.leases and step.id not in seen:
                    seen.add(step.id)
                    columns = found.setdefault(self._layout.of_row(step.id), _Columns())
                    _add(columns, call, step, settle)
        return found

    def read(self, answers: Sequence[Rows]) -> Sequence[dict[int, int | None]]:
        done = {row: size for rows in answers for row, size in rows}
        return [self._of(settle, done) for settle in self._settles]

    def _of(self, settle: Settle, done: dict[int, int | None]) -> dict[int, int | None]:
        return {step.id: done.pop(step.id) for step in settle.steps if step.id in done}


def _add(columns: _Columns, call: int, step: Step, settle: Settle) -> None:
    row: dict[str, Any] = {
        "id": step.id, "lease": settle.leases[step.id], "due": None, "doubt": None, "taken_back": 0,
        "why": "",
    }  # fmt: skip
    match step:
        case Delivered():
            word = columns.word(call, settle.now, "", "", "", step.request_id)
            columns.add(**row, kind=_DELIVERED, word=word)
        case Rescheduled():
            row |= {"due": step.due, "doubt": step.first_ambiguous_at, "taken_back": int(not step.counted)}
            columns.add(**row | {"why": plain(step.why)}, kind=_AGAIN, word=_NO_WORD)
        case Buried():
            word = columns.word(call, settle.now, step.reason, step.code, step.message, step.request_id)
            columns.add(**row, kind=_BURIED, word=word)
        case _:
            assert_never(step)
