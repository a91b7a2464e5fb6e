"""The operator's statements, as the writer's thread runs them."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from router.delivery.account import DEAD, ERASED, Record
from router.delivery.archive import DeadQuery, Fate, FateState, History, Replay, Route, Settlement
from router.delivery.endings import Words
from router.delivery.entry import DeadLetter, Entry, Queued
from router.delivery.ledger import Departed, Ledger, queued
from router.delivery.sealing import PREFIX_BYTES, key_ids

# A row that waits shows its own state; a claim without one shows the claim's, ten higher.
_STATES: Mapping[int, FateState] = {
    0: "pending",
    1: "sending",
    10: "gone",
    11: "sent",
    12: "dead",
    13: "gone",
}


@dataclass(frozen=True, slots=True)
class Requeued:
    """A dead letter that waits again."""

    id: int
    destination: str
    reason: str
    size_before: int
    size: int


@dataclass(frozen=True, slots=True)
class Erased:
    """Rows that are no more: those that waited (destination, being sent, bytes), and dead letters."""

    waiting: tuple[tuple[bytes, str, bool, int], ...]
    dead: tuple[Departed, ...]


def list_dead(ledger: Ledger, limit: int, after: int, query: DeadQuery) -> list[DeadLetter]:
    if query.ids is not None:
        wanted = sorted(row for row in query.ids if row > after)
        found = (letter for row in wanted for letter in _page(ledger, 1, row - 1, query) if letter.id == row)
        return [letter for letter, _ in zip(found, range(limit), strict=False)]
    return _page(ledger, limit, after, query)


def _page(ledger: Ledger, limit: int, after: int, query: DeadQuery) -> list[DeadLetter]:
    rows = ledger.tables.rows(
        "list_dead", limit=limit, after=after, reason=query.reason, code=query.code,
        destination=query.destination, since=query.since, before=query.before,
    )  # fmt: skip
    return [_dead_letter(row) for row in rows]


def _dead_letter(row: tuple[Any, ...]) -> DeadLetter:
    row_id, attempts, first_ambiguous_at, reason, code, message, request_id, died_at, *entry = row
    return DeadLetter(
        row_id, Entry(*entry), attempts, first_ambiguous_at, reason, code, message, request_id, died_at
    )


def list_waiting(ledger: Ledger, limit: int, after: int) -> list[Queued]:
    return [queued(row) for row in ledger.tables.rows("list_waiting", limit=limit, after=after)]


def kept(ledger: Ledger, ids: Sequence[int]) -> dict[int, bytes]:
    found = ((row, ledger.tables.value("kept", id=row)) for row in ids)
    return {row: event for row, event in found if event is not None}


def routes(ledger: Ledger) -> list[Route]:
    return [Route(*row) for row in ledger.tables.rows("routes")]


def history(ledger: Ledger, keys: Collection[bytes], ref: bytes) -> History:
    records = [Record(*row) for row in ledger.tables.rows("records", ref=ref)]
    named = {record.key for record in records if record.key is not None}
    fates = (fate for key in {*keys, *named} for fate in _fates(ledger, key))
    return History(tuple(sorted(fates, key=lambda fate: fate.row)), tuple(records))


def _fates(ledger: Ledger, key: bytes) -> Iterator[Fate]:
    for row in ledger.tables.rows("fate", key=key):
        state, row_id, *way, accepted_at, attempts, at, reason, code, message, request_id = row[:14]
        yield Fate(
            _STATES[state],
            row_id,
            None if way[0] is None else Route(*way),
            accepted_at,
            attempts,
            None if at is None else Settlement(at, reason, code, message, request_id),
            *row[14:],
        )


def seals(ledger: Ledger) -> set[bytes]:
    # Of nothing at all, SQLite takes NULL.
    return key_ids(prefix or b"" for (prefix,) in ledger.tables.rows("seals", size=PREFIX_BYTES))


def replay(
    ledger: Ledger, ids: Sequence[int], now: float, force: bool, anew: Mapping[int, Entry]
) -> dict[int, Requeued | Replay]:
    return {row: _replay(ledger, row, now, force, anew.get(row)) for row in dict.fromkeys(ids)}


def _replay(ledger: Ledger, row: int, now: float, force: bool, anew: Entry | None) -> Requeued | Replay:
    tables = ledger.tables
    late = tables.value("late", id=row, now=now)
    if late is None:
        return "unknown"
    if late and not force:
        return "late"
    if not _claimed_again(ledger, row, now):
        return "claimed"
    ((*way, version),) = tables.rows("way_of_dead", id=row)
    destination, source, source_id, event = way
    route = ledger.way((destination, source, source_id, event, anew.rules_version if anew else version))
    tables.change(
        "replay", id=row, route=route, payload=anew and anew.payload, event_time=anew and anew.event_time
    )
    tables.change("replay_trial", id=row, now=now, force=force and late)
    tables.change_many("insert_queue", [(destination, now, row)])
    ((_, _, _, reason, before),) = tables.rows("remove_dead", id=row)
    ledger.post(destination, DEAD, reason, -1)
    return Requeued(row, destination, reason, before, len(anew.payload) if anew else before)


def _claimed_again(ledger: Ledger, row: int, now: float) -> bool:
    """Whether the claim of a dead letter is its own, or free to be taken."""
    claimant = ledger.tables.value("claimant", id=row)
    if not ledger.tables.change("claim_again", id=row, now=now):
        return False
    ledger.tables.change_rows("forget_fates", [row, *([] if claimant is None else [claimant])])
    ledger.tables.change("await_again", id=row)
    return True


def discard(ledger: Ledger, ids: Sequence[int], now: float) -> tuple[Departed, ...]:
    return ledger.freed(now, [row for each in ids for row in ledger.tables.rows("remove_dead", id=each)])


def erase(ledger: Ledger, ids: Sequence[int], now: float) -> Erased:
    dead = [row for each in ids for row in ledger.tables.rows("remove_dead", id=each)]
    departed = ledger.freed(now, dead, ERASED)
    waiting = [row for each in dict.fromkeys(ids) for row in ledger.tables.rows("find_waiting", id=each)]
    if not (departed or waiting):
        return Erased((), ())
    settlement = ledger.settlement(Words(now, ERASED))
    for row, _, destination, _, _, due in waiting:
        ledger.post(destination, ERASED)
        _take_out(ledger, row, destination, due, now, settlement)
    for each in departed:
        ledger.tables.change("lose_claim", id=each.id, now=now, settlement=settlement)
    return Erased(tuple((key, to, bool(state), size) for _, key, to, state, size, _ in waiting), departed)


def _take_out(ledger: Ledger, row: int, destination: str, due: float, now: float, settlement: int) -> None:
    tables = ledger.tables
    ledger.forget(row)
    tables.change("lose_claim_of_waiting", id=row, now=now, settlement=settlement)
    tables.change("drop_queued", id=row, destination=destination, due=due)
    for name in ("drop_trials", "drop_deliveries", "drop_kept"):
        tables.change_rows(name, [row])


def forget(ledger: Ledger, before: float, settled_before: float, most: int, limit: int) -> int:
    records = ledger.tables.change("forget_records", before=before, most=most, limit=limit)
    return records + ledger.tables.change("forget_settlements", before=settled_before, limit=limit)
