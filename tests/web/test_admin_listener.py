"""Health, readiness, metrics and status over HTTP."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import httpx
from prometheus_client import CollectorRegistry

from router.web.admin import Admin
from router.web.metrics import Metrics


def measured(metrics: Metrics) -> Callable[[], Awaitable[CollectorRegistry]]:
    async def now() -> CollectorRegistry:
        return metrics.registry

    return now


def test_the_pages(house: Any) -> None:
    metrics = Metrics()
    reasons: list[str | None] = [None]

    async def status() -> dict[str, int]:
        return {"pending": 3}

    address = house.listen(Admin(measured(metrics), lambda: reasons[0], status))
    url = f"http://{address}"
    assert httpx.get(url + "/healthz").json() == {"status": "ok"}
    assert httpx.get(url + "/readyz").json() == {"ready": True}
    reasons[0] = "draining"
    answer = httpx.get(url + "/readyz")
    assert (answer.status_code, answer.json()) == (503, {"ready": False, "reason": "draining"})
    assert httpx.get(url + "/status").json() == {"pending": 3}
    assert httpx.get(url + "/nowhere").status_code == 404
    assert httpx.post(url + "/status").status_code == 405
    metrics.answered(202)
    page = httpx.get(url + "/metrics")
    assert page.headers["content-type"].startswith("text/plain")
    assert 'tagwright_requests_total{status="202"} 1.0' in page.text


def test_a_page_that_fails_is_500_without_details(house: Any) -> None:
    async def fail() -> Any:
        raise RuntimeError("secret")

    address = house.listen(Admin(measured(Metrics()), lambda: None, fail))
    answer = httpx.get(f"http://{address}/status")
    assert answer.status_code == 500
    assert "secret" not in answer.text


def test_labels_are_bounded() -> None:
    metrics = Metrics()
    metrics.rules_loaded("v1", ["purchase"])
    for number in range(2000):
        metrics.outcome("skip", reason=f"reason {number}", destination="shop", event=f"event {number}")
    metrics.outcome("send", destination="shop", event="purchase")
    samples = [
        each for family in metrics.registry.collect() for each in family.samples if "outcomes" in each.name
    ]
    labels = {name: {each.labels[name] for each in samples} for name in ("reason", "event")}
    assert len(labels["reason"]) <= 502
    assert labels["event"] == {"other", "purchase"}


def test_everything_that_is_counted_is_exported() -> None:
    metrics = Metrics()
    metrics.received("standard", 2)
    metrics.rejected("not_json")
    metrics.field_left_out("user.phone", "not E.164")
    metrics.sent("shop", "CompletePayment", 2)
    metrics.retried("shop", "throttle")
    metrics.dead("shop", "payload")
    metrics.destinations({"shop": ("held", 9)})
    metrics.batch("shop", 2, 0.2)
    metrics.rules_loaded("v1", ["purchase"])
    metrics.rules_loaded("v2", ["purchase"])
    metrics.rules_reload_failed()
    value = metrics.registry.get_sample_value
    assert value("tagwright_events_received_total", {"format": "standard"}) == 2
    assert value("tagwright_events_sent_total", {"destination": "shop", "event": "CompletePayment"}) == 2
    assert value("tagwright_destination_state", {"destination": "shop", "state": "held"}) == 1
    assert value("tagwright_events_pending", {"destination": "shop"}) == 9
    assert value("tagwright_batch_events_count", {"destination": "shop"}) == 1
    assert value("tagwright_rules_info", {"version": "v1"}) is None
    assert value("tagwright_rules_info", {"version": "v2"}) == 1
    assert value("tagwright_rules_reload_failed_total", {}) == 1
