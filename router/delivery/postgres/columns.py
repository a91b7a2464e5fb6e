"""Values as the statements take them: lists, one a column."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from router.delivery.account import Posting, Record
from router.delivery.entry import Entry
from router.delivery.postgres.packing import Pack, byteas, float8s, int4s, int8s, texts

# What else an entry says is in its route.
_STORED: Final[Mapping[str, Pack]] = {
    "key": byteas, "destination": texts, "event_time": int8s, "accepted_at": float8s, "claim_seconds": int8s,
    "claim_until": float8s, "resend_seconds": int8s, "correlation": texts, "payload": byteas, "kept": byteas,
}  # fmt: skip


def plain(text: str) -> str:
    """The database takes every character but one."""
    return text.replace("\0", "�") if "\0" in text else text


def entry_columns(entries: Sequence[Entry], routes: Sequence[int]) -> dict[str, bytes]:
    columns = list(zip(*entries, strict=True)) or [()] * len(Entry._fields)
    named = dict(zip(Entry._fields, columns, strict=True))
    stored = {name: pack(named[name]) for name, pack in _STORED.items()}
    return {"ord": int4s(range(len(entries))), "route": int4s(routes), **stored}


def posting_columns(postings: Mapping[Posting, int]) -> dict[str, bytes]:
    return {
        "post_destination": texts([destination for destination, _, _ in postings]),
        "post_what": texts([what for _, what, _ in postings]),
        "post_why": texts([plain(why) for _, _, why in postings]),
        "post_count": int8s(list(postings.values())),
    }


def record_columns(records: Sequence[Record]) -> dict[str, bytes]:
    names = ("outcome", "reason", "destination", "event", "place", "rules_version", "correlation")
    columns = {name: texts([plain(getattr(each, name)) for each in records]) for name in names}
    return columns | {
        "ref": byteas([each.ref for each in records]),
        "at": float8s([each.at for each in records]),
        "key": byteas([each.key for each in records]),
    }


def summed(accounts: Iterable[Mapping[Posting, int]]) -> Counter[Posting]:
    total: Counter[Posting] = Counter()
    for each in accounts:
        total.update(each)
    return total
