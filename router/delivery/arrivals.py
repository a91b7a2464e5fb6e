"""The entries of all puts of one group, stored by few statements, with their claims."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import count
from typing import Any, Final, NamedTuple

import orjson

from router.delivery.account import DUPLICATE
from router.delivery.entry import Entry
from router.delivery.fresh import Fresh
from router.delivery.posting import Postings
from router.delivery.tables import Tables
from router.delivery.ways import Ways

_GONE: Final = 3


class _Put(NamedTuple):
    """Entries, their routes, by how much the clock lags that judges claims, and where the answers go."""

    entries: Sequence[Entry]
    routes: Sequence[int]
    lag: float
    answers: list[bool]


class _Offer(NamedTuple):
    """One entry of a put."""

    entry: Entry
    route: int
    now: float
    answers: list[bool]
    place: int


class _Claim(NamedTuple):
    row: int
    expires: float | None
    state: int | None

    def ended(self, now: float) -> bool:
        return self.state == _GONE or (self.expires is not None and self.expires <= now)


class Arrivals:
    """What was added is stored by `write`. After `clear` it never was, and its answers say nothing."""

    def __init__(self, tables: Tables, ways: Ways, postings: Postings, fresh: Fresh) -> None:
        self._tables = tables
        self._ways = ways
        self._postings = postings
        self._fresh = fresh
        self._puts: list[_Put] = []
        self._last = int(tables.value("last_id") or 0)

    def add(self, entries: Sequence[Entry], lag: float) -> list[bool]:
        """The answers of a put, each in its place once they are written: True for new."""
        put = _Put(entries, list(map(self._ways.of, entries)), lag, [True] * len(entries))
        self._puts.append(put)
        return put.answers

    def clear(self) -> None:
        self._puts = []

    def write(self) -> None:
        puts, self._puts = self._puts, []
        entries = [entry for put in puts for entry in put.entries]
        if entries and not self._stored(entries, [route for put in puts for route in put.routes]):
            self._sort_out(puts)

    def _stored(self, entries: Sequence[Entry], routes: Sequence[int]) -> bool:
        """Store entries if all of them are new, as most are."""
        if len({entry.key for entry in entries}) < len(entries):
            return False
        before = self._last
        self._insert(entries, routes)
        if self._tables.change("claim_keys", last=before) == len(entries):
            self._queue(entries, before)
            return True
        self._tables.change("drop_new", last=before)
        self._tables.change("set_last_id", last=before)
        self._last = before
        return False

    def _sort_out(self, puts: Sequence[_Put]) -> None:
        """Some are claimed, or there more than once: then the later one meets the claim of the earlier."""
        left = [offer for put in puts for offer in _offers(put)]
        while left:
            firsts: dict[bytes, _Offer] = {}
            later = [each for each in left if firsts.setdefault(each.entry.key, each) is not each]
            self._store_new(list(firsts.values()))
            left = later

    def _store_new(self, offers: Sequence[_Offer]) -> None:
        """Of offers with different keys."""
        claims = self._claims([each.entry.key for each in offers])
        free = [each for each in offers if self._is_free(each, claims.get(each.entry.key))]
        over = [claims[each.entry.key].row for each in free if each.entry.key in claims]
        self._tables.change_rows("forget_fates", over)
        before, entries = self._last, [each.entry for each in free]
        self._insert(entries, [each.route for each in free])
        self._tables.change("take_keys", last=before)
        self._queue(entries, before)

    def _is_free(self, offer: _Offer, claim: _Claim | None) -> bool:
        free = claim is None or claim.ended(offer.now)
        if not free:
            offer.answers[offer.place] = False
            self._postings.add(offer.entry.destination, DUPLICATE)
        return free

    def _claims(self, keys: Sequence[bytes]) -> Mapping[bytes, _Claim]:
        """Those of rows that are stored already."""
        wanted = orjson.dumps([key.hex() for key in keys]).decode()
        found = orjson.loads(self._tables.value("claims", keys=wanted, last=self._last))
        return {bytes.fromhex(key): _Claim(*claim) for key, *claim in found}

    def _insert(self, entries: Sequence[Entry], routes: Sequence[int]) -> None:
        rows = map(_columns, count(self._last + 1), entries, routes)
        self._tables.change_many("insert_delivery", list(rows))
        self._last += len(entries)

    def _queue(self, entries: Sequence[Entry], before: int) -> None:
        """Those that were inserted after the row `before`, and claimed, wait."""
        self._tables.change("queue_new", last=before)
        if any(entry.claim_until is not None for entry in entries):
            self._tables.change("end_new_claims", last=before)
        numbered = enumerate(entries, before + 1)
        self._tables.change_many(
            "keep", [(row, entry.kept) for row, entry in numbered if entry.kept is not None]
        )
        self._fresh.add(before + 1, entries)


def _offers(put: _Put) -> Iterator[_Offer]:
    for place, (entry, route) in enumerate(zip(put.entries, put.routes, strict=True)):
        yield _Offer(entry, route, entry.accepted_at - put.lag, put.answers, place)


def _columns(row: int, entry: Entry, route: int) -> tuple[Any, ...]:
    """In their order in `delivery`. Taken apart at once, because this is done for every event."""
    key, _, _, _, _, payload, event_time, accepted_at, _, seconds, until, resend_seconds, correlation, _ = (
        entry
    )
    return (row, key, route, event_time, accepted_at, seconds, until, resend_seconds, correlation, payload)
