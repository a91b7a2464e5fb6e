"""Entries on their way into the spool: claimed and enqueued in one statement."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from router.delivery.account import DUPLICATE, Account, Posting
from router.delivery.entry import Entry
from router.delivery.postgres.columns import entry_columns, posting_columns, record_columns, summed
from router.delivery.postgres.layout import Layout
from router.delivery.postgres.work import Ask, Rows

# Entries that come within this time may be judged as if they had come at one moment.
_MOMENT: Final = 1.0


@dataclass(frozen=True, slots=True)
class Put:
    """What one call stores; `routes` are the numbers of the entries' ways."""

    entries: Sequence[Entry]
    routes: Sequence[int]
    account: Account
    lag: float

    @property
    def weight(self) -> int:
        return len(self.entries) + 1


@dataclass(slots=True)
class _Round:
    """Entries of different keys, which one statement takes; `places` are theirs among all."""

    entries: dict[bytes, Entry] = field(default_factory=dict)
    places: list[int] = field(default_factory=list)


class Puts:
    """Several calls as one transaction; reads a list of answers for each call."""

    def __init__(self, puts: Sequence[Put], layout: Layout, slot: int) -> None:
        self._puts = puts
        self._layout = layout
        self._slot = slot
        self._lag = puts[0].lag
        self._repeats: Counter[Posting] = Counter()
        self._rounds = self._sorted_out([entry for put in puts for entry in put.entries])
        self._routes = [number for put in puts for number in put.routes]
        self._sent: list[list[int]] = []

    @property
    def weight(self) -> int:
        return sum(put.weight for put in self._puts)

    def _sorted_out(self, entries: Sequence[Entry]) -> list[_Round]:
        """What is a repeat of an earlier one of them is known to be one without asking."""
        rounds: list[_Round] = [_Round()]
        for place, entry in enumerate(entries):
            for each in rounds:
                first = each.entries.get(entry.key)
                if first is None:
                    each.entries[entry.key] = entry
                    each.places.append(place)
                    break
                if self._repeats_it(entry, first):
                    self._repeats[entry.destination, DUPLICATE, ""] += 1
                    break
            else:
                rounds.append(_Round({entry.key: entry}, [place]))
        return rounds

    def _repeats_it(self, entry: Entry, first: Entry) -> bool:
        stands = first.claim_until is None or first.claim_until > entry.accepted_at - self._lag
        return stands and abs(entry.accepted_at - first.accepted_at) <= _MOMENT

    def asks(self) -> Sequence[Ask]:
        self._sent = []
        postings = summed([self._repeats, *(put.account.postings for put in self._puts)])
        asks = list(self._stored(postings))
        records = [record for put in self._puts for record in put.account.records]
        if records:
            values = {**record_columns(records), "bucket": self._layout.home}
            asks.append(Ask(self._layout.sql["record"], values))
        return asks

    def _stored(self, postings: Mapping[Posting, int]) -> Iterable[Ask]:
        for each in self._rounds:
            entries = list(each.entries.values())
            for bucket, chosen in self._layout.by_bucket(entries).items():
                self._sent.append([each.places[index] for index in chosen])
                yield self._statement(bucket, [entries[index] for index in chosen], postings)
                postings = {}

    def _statement(self, bucket: int, entries: Sequence[Entry], postings: Mapping[Posting, int]) -> Ask:
        numbers = [self._routes[place] for place in self._sent[-1]]
        values: dict[str, Any] = {
            **entry_columns(entries, numbers), **posting_columns(postings),
            "bucket": bucket, "buckets": self._layout.buckets, "slot": self._slot, "lag": self._lag,
        }  # fmt: skip
        return Ask(self._layout.sql["put"], values)

    def read(self, answers: Sequence[Rows]) -> Sequence[list[bool]]:
        new: set[int] = set()
        for places, rows in zip(self._sent, answers, strict=False):
            new.update(places[ord_] for (ord_,) in rows)
        start, told = 0, []
        for put in self._puts:
            end = start + len(put.entries)
            told.append([place in new for place in range(start, end)])
            start = end
        return told
