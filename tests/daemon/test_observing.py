"""What operators are told of delivery: once when something begins, and what to do about it."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

import pytest
from structlog.testing import capture_logs

from router.daemon import advice
from router.daemon.figures import of_destination
from router.daemon.observing import MeteredDelivery
from router.delivery.clock import ManualClock
from router.delivery.entry import Entry, dedup_key
from router.delivery.worker import DestinationStatus
from router.web.metrics import Metrics

ENTRY = Entry(
    key=dedup_key("web", "PIXEL", "Purchase", "order-1"),
    destination="shop",
    source="web",
    source_id="PIXEL",
    event="Purchase",
    payload=b"{}",
    event_time=1,
    accepted_at=1.0,
    rules_version="v1",
)


class Watch:
    """A delivery observed with a clock of the test's."""

    def __init__(self) -> None:
        self.clock = ManualClock()
        self.metrics = Metrics()
        self.observer = MeteredDelivery(self.metrics, self.clock.now)

    def pass_by(self, seconds: float) -> None:
        asyncio.run(self.clock.advance(seconds))

    def shown(self, status: DestinationStatus) -> dict[str, Any]:
        return of_destination(status, {}, self.observer.troubles.get("shop"), self.clock.now())

    def sample(self, name: str, labels: Mapping[str, str]) -> float | None:
        return self.metrics.registry.get_sample_value(name, dict(labels))


def status(state: Any = "open", reason: str = "", code: str = "", until: float | None = None) -> Any:
    return DestinationStatus("shop", state, reason, code, until, 1, 0)


def test_failures_are_told_once_a_minute_and_so_is_their_end() -> None:
    watch = Watch()
    with capture_logs() as logs:
        for _ in range(50):
            watch.observer.retried(ENTRY, "not_sent:ConnectError")
        watch.pass_by(61)
        watch.observer.retried(ENTRY, "no_answer:ReadTimeout")
        watch.observer.sent("shop", [ENTRY])
        watch.observer.sent("shop", [ENTRY])
    assert [(each["event"], each["attempts"], each["seconds"]) for each in logs] == [
        ("destination_failing", 1, 0),
        ("destination_failing", 51, 61),
        ("destination_recovered", 51, 61),
    ]


def test_what_was_not_told_has_no_end_to_tell() -> None:
    watch = Watch()
    with capture_logs() as logs:
        for _ in range(20):
            watch.observer.retried(ENTRY, "server:50000")
            watch.observer.sent("shop", [ENTRY])
    assert [each["event"] for each in logs] == ["destination_failing", "destination_recovered"]


def test_status_says_how_long_attempts_have_failed_and_what_to_do() -> None:
    watch = Watch()
    assert watch.shown(status())["failing"] is watch.shown(status())["todo"] is None
    watch.observer.retried(ENTRY, "not_sent:ConnectError")
    watch.pass_by(5)
    watch.observer.retried(ENTRY, "not_sent:ConnectError")
    shown = watch.shown(status())
    assert shown["failing"] == {"reason": "not_sent:ConnectError", "seconds": 5, "attempts": 2}
    assert "no connection" in shown["todo"]
    watch.observer.sent("shop", [ENTRY])
    assert watch.shown(status())["failing"] is None


@pytest.mark.parametrize("state", ["held", "throttled"])
def test_an_answer_that_stops_a_destination_is_no_failure(state: str) -> None:
    watch = Watch()
    watch.observer.retried(ENTRY, "server:http_502")
    watch.observer.changed("shop", state, "auth", "40105")
    shown = watch.shown(status(state, "auth", "40105", watch.clock.now() + 12.4))
    assert (shown["failing"], shown["next_try_seconds"]) == (None, 12)
    assert shown["todo"]


def test_a_destination_that_is_left_alone_has_been_failing_all_the_time() -> None:
    watch = Watch()
    with capture_logs() as logs:
        watch.observer.retried(ENTRY, "no_answer:ReadTimeout")
        watch.pass_by(3)
        watch.observer.changed("shop", "failing", "no_answer:ReadTimeout", "")
        shown = watch.shown(status("failing", "no_answer:ReadTimeout"))
        watch.observer.sent("shop", [ENTRY])
    assert shown["failing"]["seconds"] == 3
    assert shown["todo"] == advice.for_state("failing", "no_answer:ReadTimeout")
    assert [each["event"] for each in logs] == ["destination_failing", "destination_recovered"]


def test_dead_letters_are_told_by_reason_and_counted_by_code() -> None:
    watch = Watch()
    with capture_logs() as logs:
        for _ in range(30):
            watch.observer.died(ENTRY, "refused", "40002")
        watch.observer.died(ENTRY, "too_old", "")
    assert [(each["event"], each["reason"], each["code"]) for each in logs] == [
        ("dead_letter", "refused", "40002"),
        ("dead_letter", "too_old", ""),
    ]
    assert watch.observer.dead == {("shop", "refused 40002"): 30, ("shop", "too_old"): 1}
    labels = {"destination": "shop", "reason": "refused", "code": "40002"}
    assert watch.sample("tagwright_events_dead_total", labels) == 30


@pytest.mark.parametrize(
    ("reason", "words"),
    [
        ("auth", "token"),
        ("permission", "event source"),
        ("config", "base_url"),
        ("envelope", "Events Manager"),
        ("unknown_code", "code"),
        ("refused_alike", "rules"),
        ("destination_removed", "rules"),
        ("what nobody foresaw", "log"),
    ],
)
def test_each_hold_says_what_to_do(reason: str, words: str) -> None:
    told = advice.for_state("held", reason)
    assert told is not None
    assert words in told
    assert "SIGHUP" in told or "read again by itself" in told or reason == "envelope"


@pytest.mark.parametrize(
    "reason",
    ["not_sent:ConnectError", "no_answer:ReadTimeout", "server:50000", "garbage:http_200", "partial"],
)
def test_each_failure_says_what_to_do(reason: str) -> None:
    assert advice.for_failure(reason)


def test_attempts_are_counted_by_what_was_answered() -> None:
    watch = Watch()
    for answer in ("ok", "ok", "throttle"):
        watch.observer.posted("shop", 3, 0.25, answer)
    labels = {"destination": "shop"}
    assert watch.sample("tagwright_attempts_total", {**labels, "class": "ok"}) == 2
    assert watch.sample("tagwright_attempts_total", {**labels, "class": "throttle"}) == 1
    assert watch.sample("tagwright_batch_seconds_count", labels) == 3


def test_the_age_at_delivery_runs_from_acceptance() -> None:
    watch = Watch()
    accepted = (watch.clock.now() - 40, watch.clock.now() + 5)
    watch.observer.sent("shop", [ENTRY._replace(accepted_at=at) for at in accepted])
    labels = {"destination": "shop"}
    assert watch.sample("tagwright_delivery_seconds_sum", labels) == 40
    assert watch.sample("tagwright_delivery_seconds_bucket", {**labels, "le": "30.0"}) == 1
    assert watch.sample("tagwright_delivery_seconds_bucket", {**labels, "le": "60.0"}) == 2


def test_the_share_of_each_match_key_can_be_told() -> None:
    watch = Watch()
    watch.metrics.matched_by("web", ("email", "ttclid"), 2)
    watch.metrics.matched_by("web", ())
    watch.metrics.matched_by("app", ("email",))
    assert watch.sample("tagwright_match_events_total", {"source": "web"}) == 3
    assert watch.sample("tagwright_match_events_total", {"source": "app"}) == 1
    assert watch.sample("tagwright_match_keys_total", {"source": "web", "key": "ttclid"}) == 2


def test_changes_of_state_are_counted_with_the_code() -> None:
    watch = Watch()
    watch.observer.changed("shop", "held", "auth", "40105")
    labels = {"destination": "shop", "state": "held", "reason": "auth", "code": "40105"}
    assert watch.sample("tagwright_destination_changes_total", labels) == 1


def test_limits_and_evictions_are_shown() -> None:
    watch = Watch()
    watch.observer.adapted("shop", 3)
    watch.observer.evicted(7)
    assert watch.sample("tagwright_concurrency_limit", {"destination": "shop"}) == 3
    assert watch.sample("tagwright_dead_letters_evicted_total", {}) == 7
