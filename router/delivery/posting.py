"""The postings of the transaction that is open, written once for all of its jobs."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping

import orjson

from router.delivery.account import Posting
from router.delivery.tables import Tables


class Postings:
    """What `add` counted is in the tables after `write`, or forgotten after `clear`."""

    def __init__(self, tables: Tables) -> None:
        self._tables = tables
        self._counts: defaultdict[Posting, int] = defaultdict(int)

    def add(self, destination: str, what: str, why: str = "", count: int = 1) -> None:
        self._counts[destination, what, why] += count

    def update(self, counts: Mapping[Posting, int]) -> None:
        for posting, count in counts.items():
            self._counts[posting] += count

    def write(self) -> None:
        if self._counts:
            rows = [(*posting, count) for posting, count in self._counts.items()]
            self._tables.change("post", postings=orjson.dumps(rows).decode())
            self._counts.clear()

    def clear(self) -> None:
        self._counts.clear()

    def all(self) -> Mapping[Posting, int]:
        """Those of the open transaction among them."""
        self.write()
        return {(each, what, why): count for each, what, why, count in self._tables.rows("postings")}
