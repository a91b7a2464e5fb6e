"""The operator's side of the spool in memory."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence

from router.delivery.account import DEAD, ERASED, PURGED, Books
from router.delivery.archive import (
    EVERY_DEAD,
    NONE_ANEW,
    DeadQuery,
    Fate,
    FateState,
    History,
    Replay,
    Route,
    Settlement,
)
from router.delivery.entry import DeadLetter, Entry, Queued
from router.delivery.memory_shelves import Claim, Shelves
from router.delivery.sealing import key_ids


class MemoryArchive:
    """See `Archive`."""

    def __init__(self, spool: Shelves) -> None:
        self._spool = spool

    async def books(self) -> Books:
        waiting = Counter(row.entry.destination for row in self._spool.rows.values())
        return Books(dict(self._spool.postings), waiting)

    async def routes(self) -> list[Route]:
        return list(self._spool.routes)

    async def history(self, keys: Collection[bytes], ref: bytes) -> History:
        records = [record for _, record in self._spool.records if record.ref == ref]
        wanted = {*keys, *(record.key for record in records if record.key is not None)}
        claims = [claim for key, claim in self._spool.claims.items() if key in wanted]
        fates = sorted((self._fate(claim) for claim in claims), key=lambda fate: fate.row)
        return History(tuple(fates), tuple(records))

    def _fate(self, claim: Claim) -> Fate:
        entry, row = claim.entry, self._spool.rows.get(claim.row)
        return Fate(
            self._state(claim, row),
            claim.row,
            Route(entry.destination, entry.source, entry.source_id, entry.event, entry.rules_version),
            int(entry.accepted_at),
            row.attempts if row else claim.attempts,
            self._words(claim),
            claim.expires,
            row.due if row else None,
            row.first_ambiguous_at if row else None,
            row.why if row else "",
        )

    def _words(self, claim: Claim) -> Settlement | None:
        letter = self._spool.letters.get(claim.row)
        known = self._spool.settlements.get(claim.settlement or 0)
        if known is not None or letter is None or letter.entry.key != claim.entry.key:
            return known
        return Settlement(letter.died_at, letter.reason, letter.code, letter.message, letter.request_id)

    def _state(self, claim: Claim, row: Queued | None) -> FateState:
        if row is not None:
            return "sending" if row.id in self._spool.leased else "pending"
        if claim.state == "sent":
            return "sent"
        return "dead" if claim.state == "dead" else "gone"

    async def dead(
        self, limit: int = 100, *, after: int = 0, query: DeadQuery = EVERY_DEAD
    ) -> list[DeadLetter]:
        letters = (self._spool.letters[row] for row in sorted(self._spool.letters) if row > after)
        return [letter for letter in letters if query.fits(letter)][:limit]

    async def waiting(self, limit: int = 100, *, after: int = 0) -> list[Queued]:
        return [self._spool.rows[row] for row in sorted(self._spool.rows) if row > after][:limit]

    async def kept(self, ids: Sequence[int]) -> dict[int, bytes]:
        return {row: self._spool.kept[row] for row in ids if row in self._spool.kept}

    async def seals(self) -> set[bytes]:
        waiting = (row.entry.payload for row in self._spool.rows.values())
        dead = (letter.entry.payload for letter in self._spool.letters.values())
        return key_ids((*waiting, *dead, *self._spool.kept.values()))

    async def replay(
        self, ids: Sequence[int], now: float, *, force: bool = False, anew: Mapping[int, Entry] = NONE_ANEW
    ) -> dict[int, Replay]:
        self._spool.admit([self._spool.letters[row].entry for row in ids if row in self._spool.letters])
        done = {row: self._replay(row, now, force, anew.get(row)) for row in dict.fromkeys(ids)}
        queued = [self._spool.rows[row].entry.destination for row, each in done.items() if each == "queued"]
        if queued:
            self._spool.stored(set(queued))
        return done

    def _replay(self, row: int, now: float, force: bool, anew: Entry | None) -> Replay:
        letter = self._spool.letters.get(row)
        if letter is None:
            return "unknown"
        entry, doubt = letter.entry, letter.first_ambiguous_at
        late = doubt is not None and now > doubt + entry.resend_seconds
        if late and not force:
            return "late"
        claim = self._spool.claims.get(entry.key)
        if claim is not None and claim.row != row and not self._spool.ended(claim, now):
            return "claimed"
        del self._spool.letters[row]
        self._spool.postings[entry.destination, DEAD, letter.reason] -= 1
        if anew is not None:
            entry = entry._replace(
                payload=anew.payload, event_time=anew.event_time, rules_version=anew.rules_version
            )
        self._spool.rows[row] = Queued(row, entry, 0, now, None if late else doubt)
        self._spool.claim_again(letter.entry, row)
        return "queued"

    async def discard(self, ids: Sequence[int], now: float) -> int:
        letters = [self._spool.letters[row] for row in set(ids) if row in self._spool.letters]
        self._spool.depart(letters, now, PURGED)
        return len(letters)

    async def erase(self, ids: Sequence[int], now: float) -> int:
        spool = self._spool
        letters = [spool.letters[row] for row in set(ids) if row in spool.letters]
        rows = [spool.rows.pop(row) for row in ids if row in spool.rows]
        if not (letters or rows):
            return 0
        said = spool.settlement(Settlement(now, ERASED))
        spool.depart(letters, now, ERASED)
        for waiting in rows:
            spool.leased.pop(waiting.id, None)
            spool.postings[waiting.entry.destination, ERASED, ""] += 1
        for row, key in [
            *((each.id, each.entry.key) for each in letters),
            *((r.id, r.entry.key) for r in rows),
        ]:
            spool.lose(row, key, now, said)
        return len(letters) + len(rows)

    async def forget(self, before: float, settled_before: float, *, most: int, limit: int = 1000) -> int:
        spool = self._spool
        last = spool.records[-1][0] if spool.records else 0
        old = [each for each in spool.records[:limit] if each[1].at < before or each[0] <= last - most]
        for each in old:
            spool.records.remove(each)
        first = sorted(spool.settlements)[:limit]
        gone = [each for each in first if spool.settlements[each].at < settled_before]
        for settlement in gone:
            del spool.settlements[settlement]
        return len(old) + len(gone)
