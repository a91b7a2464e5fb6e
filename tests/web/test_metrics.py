"""What is counted, as a monitor reads it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from prometheus_client import generate_latest
from prometheus_client.parser import text_string_to_metric_families

from router import __version__
from router.web.metrics import Metrics

NAME = re.compile(r"tagwright_[a-z_]+")


@pytest.fixture
def metrics() -> Metrics:
    return Metrics(lambda: 1_795_219_200.5)


def samples(metrics: Metrics, name: str) -> dict[tuple[str, ...], float]:
    """A metric's values by the values of its labels, in the order of the labels' names."""
    return {
        tuple(value for _, value in sorted(each.labels.items())): each.value
        for family in text_string_to_metric_families(generate_latest(metrics.registry).decode())
        for each in family.samples
        if each.name == name
    }


def families(metrics: Metrics) -> Iterator[Any]:
    return (each for each in metrics.registry.collect() if each.name.startswith("tagwright_"))


def test_a_destination_is_in_one_state(metrics: Metrics) -> None:
    metrics.destinations({"shop": ("held", 5), "app": ("open", 0)})
    states = samples(metrics, "tagwright_destination_state")
    assert len(states) == 8
    assert [key for key, value in states.items() if value == 1] == [("shop", "held"), ("app", "open")]
    assert samples(metrics, "tagwright_events_pending") == {("shop",): 5, ("app",): 0}


def test_a_destination_that_is_gone_shows_no_more(metrics: Metrics) -> None:
    metrics.destinations({"shop": ("held", 5)})
    metrics.destinations({})
    assert samples(metrics, "tagwright_destination_state") == {}
    assert samples(metrics, "tagwright_events_pending") == {}


def test_the_answer_time_is_told_by_format_and_class_of_status(metrics: Metrics) -> None:
    metrics.answered_in("standard", 202, 0.004)
    metrics.answered_in("standard", 202, 0.2)
    metrics.answered_in(None, 404, 0.001)
    counts = samples(metrics, "tagwright_request_seconds_count")
    assert counts == {("standard", "2xx"): 2, ("-", "4xx"): 1}


def test_a_failed_reload_shows_until_one_works(metrics: Metrics) -> None:
    metrics.rules_loaded("v1", ["purchase"])
    assert samples(metrics, "tagwright_rules_loaded_timestamp_seconds") == {(): 1_795_219_200.5}
    metrics.rules_reload_failed()
    assert samples(metrics, "tagwright_rules_stale") == {(): 1}
    metrics.rules_loaded("v2", ["purchase"])
    assert samples(metrics, "tagwright_rules_stale") == {(): 0}
    assert samples(metrics, "tagwright_rules_reload_failed_total") == {(): 1}


def test_dead_letters_that_left_leave_no_line(metrics: Metrics) -> None:
    metrics.dead_letters({"refused": 3, "too_old": 1}, 900, 1000)
    metrics.dead_letters({"refused": 2}, 600, 1000)
    assert samples(metrics, "tagwright_dead_letters") == {("refused",): 2}
    assert samples(metrics, "tagwright_dead_letters_bytes") == {(): 600}


def test_what_runs_is_told(metrics: Metrics) -> None:
    ((_, _, version),) = samples(metrics, "tagwright_build_info")
    assert version == __version__
    assert samples(metrics, "process_resident_memory_bytes")[()] > 0


def test_what_nobody_accounts_for_is_told(metrics: Metrics) -> None:
    metrics.unaccounted("shop", 2)
    metrics.committed(0.003)
    assert samples(metrics, "tagwright_unaccounted_events") == {("shop",): 2}
    assert samples(metrics, "tagwright_commit_seconds_count") == {(): 1}


def test_names_are_as_monitors_expect_them(metrics: Metrics) -> None:
    for each in families(metrics):
        assert NAME.fullmatch(each.name)
        assert each.documentation
        if each.type == "histogram" and each.name != "tagwright_batch_events":
            assert each.name.endswith("_seconds")
