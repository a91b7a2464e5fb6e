"""How `/status` shows what the daemon counts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from router.daemon import advice
from router.daemon.observing import Trouble
from router.delivery.worker import DestinationStatus


def of_destination(
    status: DestinationStatus, sources: Mapping[str, str], trouble: Trouble | None, now: float
) -> dict[str, Any]:
    """A destination with what is wrong with it, if anything, and what to do (`todo`)."""
    return {
        **asdict(status),
        "next_try_seconds": None if status.until is None else max(0, round(status.until - now)),
        "failing": _failing(trouble, now) if trouble else None,
        "todo": advice.for_failure(trouble.reason)
        if trouble
        else advice.for_state(status.state, status.reason),
        "sources": dict(sources),
    }


def _failing(trouble: Trouble, now: float) -> dict[str, Any]:
    return {
        "reason": trouble.reason,
        "seconds": max(0, round(now - trouble.since)),
        "attempts": trouble.attempts,
    }


def nested(counts: Mapping[tuple[str, str], int]) -> dict[str, dict[str, int]]:
    """Counts by two names, the one within the other, both sorted."""
    out: dict[str, dict[str, int]] = {}
    for (outer, inner), count in sorted(counts.items()):
        out.setdefault(outer, {})[inner or "-"] = count
    return out
