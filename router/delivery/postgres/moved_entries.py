"""Entries and claims of a SQLite spool, which has them in parts, as the plain rows that are moved."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any, Final

import orjson

from router.delivery.tables import Tables
from router.delivery.ways import Ways

_DELIVERY: Final = """(
    SELECT waiting.*, leased.claimed_at, kept.event AS kept FROM waiting
    LEFT JOIN leased ON leased.id = waiting.id AND waiting.state = 1
    LEFT JOIN kept ON kept.id = waiting.id
)"""
_DEAD: Final = "(SELECT dead.*, kept.event AS kept FROM dead LEFT JOIN kept ON kept.id = dead.id)"
_DEDUP: Final = """(
    SELECT dedup.key, coalesce(fate.state, 0) AS state, fate.expires, dedup.delivery_id,
        coalesce(fate.route, delivery.route) AS route,
        coalesce(fate.accepted_at, CAST(delivery.accepted_at AS INTEGER)) AS accepted_at,
        coalesce(fate.attempts, 0) AS attempts, fate.settlement
    FROM dedup
    LEFT JOIN fate ON fate.id = dedup.delivery_id
    LEFT JOIN delivery ON delivery.id = dedup.delivery_id
)"""
WHOLE: Final[Mapping[str, str]] = {"delivery": _DELIVERY, "dead": _DEAD, "dedup": _DEDUP}
"""What a row is read from, where that is not a table of its name."""
_ENTRY: Final = (
    "id", "key", "event_time", "accepted_at", "claim_seconds", "claim_until", "resend_seconds", "correlation",
    "payload",
)  # fmt: skip
_FATE: Final = ("key", "state", "expires", "route", "accepted_at", "attempts", "settlement")
_OF_ITSELF: Final = "SELECT route FROM delivery WHERE id = ?"


class Apart:
    """Takes rows and writes them in parts; leases when it is finished."""

    def __init__(self, tables: Tables) -> None:
        self._tables = tables
        self._ways = Ways(tables)
        self._leases: defaultdict[float, list[int]] = defaultdict(list)

    def entry(self, row: Mapping[str, Any]) -> None:
        """One that waits, or was being sent."""
        destination, state = row["destination"], row["state"]
        way = (destination, row["source"], row["source_id"], row["event"], row["rules_version"])
        self._insert("delivery", {"route": self._ways.number(way)} | {name: row[name] for name in _ENTRY})
        doubt = row["first_ambiguous_at"]
        trial = (row["attempts"] - state, row["due"], doubt, row["crashes"], row["why"])
        if trial != (0, row["accepted_at"], None, 0, ""):
            self._tables.change_many("try_again", [(row["id"], *trial)])
        if state:
            self._leases[row["claimed_at"]].append(row["id"])
        else:
            self._tables.change_many("insert_queue", [(destination, row["due"], row["id"])])

    def claim(self, row: Mapping[str, Any]) -> None:
        number = row["delivery_id"]
        self._insert("dedup", {"key": row["key"], "delivery_id": number})
        own = self._tables.connection.execute(_OF_ITSELF, (number,)).get
        if (row["state"], row["expires"], row["route"]) != (0, None, own):
            self._insert("fate", {"id": number} | {name: row[name] for name in _FATE})

    def finish(self) -> None:
        for claimed_at, ids in self._leases.items():
            self._tables.change("lease", claimed_at=claimed_at, entries=orjson.dumps(ids).decode())

    def _insert(self, table: str, row: Mapping[str, Any]) -> None:
        insert(self._tables, table, tuple(row), [tuple(row.values())])


def insert(tables: Tables, table: str, columns: Sequence[str], rows: Sequence[tuple[Any, ...]]) -> None:
    marks = ", ".join("?" * len(columns))
    sql = f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({marks})"  # noqa: S608 - names of ours
    tables.connection.executemany(sql, rows)
