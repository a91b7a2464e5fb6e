"""What is on disk, in the metrics and in the status alike."""

from __future__ import annotations

from dataclasses import asdict

from prometheus_client import generate_latest
from prometheus_client.parser import text_string_to_metric_families

from router.daemon.backlog import Backlog, backlog
from router.daemon.measuring import measure
from router.delivery.room import Reserve
from router.delivery.spool import Stats
from router.delivery.worker import DestinationStatus
from router.settings import Store
from router.web.metrics import Metrics

NOW = 1_795_219_200.0
STATS = Stats(
    pending={"shop": 7, "app": 1},
    leased={"shop": 2},
    dead={"refused": 3},
    payload_bytes=4_000,
    oldest_accepted_at=NOW - 90.4,
)
STORE = Store(pending_rows=1000, pending_bytes=1024**2, dead_bytes=5_000)


def held(free: int = 900, total: int = 10_000, reserve: Reserve | None = None) -> Backlog:
    return backlog(
        STATS,
        dead_bytes=1_200,
        evicted=4,
        store=STORE,
        reserve=reserve or Reserve(free_bytes=200, free_share=0.05),
        disk=(free, total),
        now=NOW,
    )


def test_the_backlog_has_what_waits_and_what_bounds_it() -> None:
    assert asdict(held()) == {
        "pending": 8,
        "in_flight": 2,
        "rows_limit": 1000,
        "payload_bytes": 4_000,
        "payload_bytes_limit": 1024**2,
        "oldest_seconds": 90,
        "dead_letters": {"refused": 3},
        "dead_letters_bytes": 1_200,
        "dead_letters_bytes_limit": 5_000,
        "dead_letters_evicted": 4,
        "disk_free_bytes": 900,
        "disk_low_bytes": 500,
    }


def test_the_low_water_is_the_larger_of_bytes_and_share() -> None:
    assert held(reserve=Reserve(free_bytes=800, free_share=0.05)).disk_low_bytes == 800
    assert held(reserve=Reserve()).disk_low_bytes == 0


def test_every_gauge_is_brought_up_to_date() -> None:
    metrics = Metrics()
    shop = DestinationStatus("shop", "failing", "not_sent:ConnectError", "", None, 9, 0)
    measure(metrics, held(), [shop], 800.0)
    page = {
        (each.name, *each.labels.values()): each.value
        for family in text_string_to_metric_families(generate_latest(metrics.registry).decode())
        for each in family.samples
    }
    assert page["tagwright_destination_state", "shop", "failing"] == 1
    assert page["tagwright_destination_state", "shop", "open"] == 0
    assert page["tagwright_events_pending", "shop"] == 9
    assert page["tagwright_events_oldest_seconds",] == 90
    assert page["tagwright_request_rate_limit",] == 800
    assert (page["tagwright_spool_rows",], page["tagwright_spool_rows_limit",]) == (10, 1000)
    assert (page["tagwright_spool_bytes",], page["tagwright_spool_bytes_limit",]) == (4_000, 1024**2)
    assert page["tagwright_dead_letters", "refused"] == 3
    assert page["tagwright_dead_letters_bytes",] == 1_200
    assert (page["tagwright_disk_free_bytes",], page["tagwright_disk_low_bytes",]) == (900, 500)
