"""Settings in the terms of delivery and of its spool."""

from __future__ import annotations

from router.delivery.bounds import Bounds
from router.delivery.entry import CLAIM_SECONDS, HOUR
from router.delivery.retry import DAY, Policy
from router.delivery.room import Reserve
from router.delivery.surroundings import LaneSettings
from router.settings import Delivery, Settings, Store


def bounds_of(store: Store) -> Bounds:
    """How much may wait."""
    return Bounds(rows=store.pending_rows, payload_bytes=store.pending_bytes, queue=store.writer_queue)


def reserve_of(store: Store) -> Reserve:
    """What is kept free on the disk."""
    return Reserve(store.free_bytes, store.free_percent / 100, store.ballast_bytes)


def lanes_of(delivery: Delivery) -> LaneSettings:
    """How much leaves at once."""
    return LaneSettings(
        batch_max=delivery.batch_max,
        in_flight=delivery.in_flight,
        probe_seconds=delivery.probe_seconds,
        guard_least=delivery.guard_sends,
        requests_per_second=delivery.requests_per_second,
    )


def policy_of(settings: Settings) -> Policy:
    """What becomes of events that cannot be delivered at once."""
    delivery, store = settings.delivery, settings.store
    return Policy(
        event_age=round(delivery.event_age_days * DAY),
        max_event_age={"offline": round(delivery.offline_age_days * DAY)},
        future_seconds=delivery.future_minutes * 60 if delivery.future_events == "dead_letter" else None,
        dead_seconds=round(store.dead_days * DAY),
        dead_bytes=store.dead_bytes,
        outcome_seconds=round(store.outcome_days * DAY),
        outcome_rows=store.outcome_rows,
        breaker_failures=delivery.breaker_failures,
        breaker_first=delivery.breaker_seconds,
        breaker_cap=delivery.breaker_cap_seconds,
        drift_hold=max(CLAIM_SECONDS, delivery.claim_hours * HOUR),
    )
