"""Values as the statements take them: lists, one a column."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from router.delivery.account import Posting, Record
from router.delivery.entry import Entry


def plain(text: str) -> str:
    """The database takes every character but one."""
    return text.replace("\0", "�") if "\0" in text else text


def entry_columns(entries: Sequence[Entry], routes: Sequence[int]) -> dict[str, Any]:
    return {
        "ord": list(range(len(entries))),
        "key": [each.key for each in entries],
        "route": list(routes),
        "destination": [each.destination for each in entries],
        "event_time": [each.event_time for each in entries],
        "accepted_at": [each.accepted_at for each in entries],
        "claim_seconds": [each.claim_seconds for each in entries],
        "claim_until": [each.claim_until for each in entries],
        "resend_seconds": [each.resend_seconds for each in entries],
        "correlation": [each.correlation for each in entries],
        "payload": [each.payload for each in entries],
        "kept": [each.kept for each in entries],
    }


def posting_columns(postings: Mapping[Posting, int]) -> dict[str, Any]:
    return {
        "post_destination": [destination for destination, _, _ in postings],
        "post_what": [what for _, what, _ in postings],
        "post_why": [plain(why) for _, _, why in postings],
        "post_count": list(postings.values()),
    }


def record_columns(records: Sequence[Record]) -> dict[str, Any]:
    texts = ("outcome", "reason", "destination", "event", "place", "rules_version", "correlation")
    columns: dict[str, Any] = {name: [plain(getattr(each, name)) for each in records] for name in texts}
    for name in ("ref", "at", "key"):
        columns[name] = [getattr(each, name) for each in records]
    return columns


def summed(accounts: Iterable[Mapping[Posting, int]]) -> Counter[Posting]:
    total: Counter[Posting] = Counter()
    for each in accounts:
        total.update(each)
    return total
