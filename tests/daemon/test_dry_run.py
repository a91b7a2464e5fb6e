"""A dry run judges instead of posting, and its data never mixes with what is to be sent."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest
from rollouts import Ticks

from router.daemon.dry_run import JudgingSender, own_directory, real_directory
from router.delivery.entry import Entry, Queued, dedup_key
from router.delivery.spool import SpoolUnusable
from router.delivery.verdict import Accepted, Batch, Parked, Refused, Verdict
from router.web.metrics import Metrics

NOW = Ticks().now()
GOOD = {
    "event": "ViewContent",
    "event_time": int(NOW),
    "event_id": "e-1",
    "user": {"email": "a" * 64},
    "page": {"url": "https://shop.example/"},
}
BAD = {**GOOD, "event_id": "e-2", "event_time": "grace@example.org"}


def batch(*payloads: dict[str, Any], source: str = "web") -> Batch:
    rows = tuple(
        Queued(
            number,
            Entry(
                dedup_key("web", "PIXEL", "ViewContent", str(number)), "shop", source, "PIXEL", "ViewContent",
                json.dumps(each).encode(), int(NOW), NOW, "v1",
            ),
            1,
            NOW,
        )
        for number, each in enumerate(payloads)
    )  # fmt: skip
    return Batch("shop", source, "PIXEL", rows)


class Judging:
    def __init__(self) -> None:
        self.metrics = Metrics()
        self.sender = JudgingSender(self.metrics.rollout, Ticks())

    def send(self, what: Batch) -> list[Verdict]:
        return asyncio.run(self.sender.send(what))


def test_what_is_right_counts_as_delivered() -> None:
    judging = Judging()
    assert judging.send(batch(GOOD)) == [Accepted()]
    assert judging.sender.status()["events"] == {"clean": 1, "refused": 0}
    assert judging.metrics.registry.get_sample_value("tagwright_dry_run") == 1


def test_only_the_guilty_is_refused_with_what_the_judge_says() -> None:
    judging = Judging()
    good, bad = judging.send(batch(GOOD, BAD))
    assert isinstance(good, Accepted)
    assert isinstance(bad, Refused)
    assert "grace" not in bad.why
    status = judging.sender.status()
    assert (status["requests"], status["events"]) == (1, {"clean": 1, "refused": 1})
    errors = [each for each in status["findings"] if each["severity"] == "error"]
    assert [(each["destination"], each["path"], each["count"]) for each in errors] == [
        ("shop", "event_time", 1)
    ]
    assert judging.metrics.registry.get_sample_value(
        "tagwright_dry_run_findings_total",
        {"destination": "shop", "severity": "error", "code": errors[0]["code"]},
    )


def test_a_wrong_request_holds_the_destination() -> None:
    judging = Judging()
    assert judging.send(batch(GOOD, GOOD, source="pigeon")) == [Parked("event_source", "envelope")] * 2


def test_findings_are_bounded() -> None:
    judging = Judging()
    for number in range(300):
        judging.send(batch({**GOOD, f"unknown_{number}": 1}))
    assert len(judging.sender.status()["findings"]) <= 202


def test_the_data_of_a_dry_run_stands_apart(tmp_path: Path) -> None:
    data = tmp_path / "data"
    folder = own_directory(data)
    assert folder == data / "dry-run"
    assert [each.stat().st_mode & 0o777 for each in (data, folder)] == [0o700, 0o700]
    assert own_directory(data) == folder
    assert real_directory(data) == data


def test_what_was_only_to_be_judged_is_never_sent(tmp_path: Path) -> None:
    with pytest.raises(SpoolUnusable, match="dry run"):
        real_directory(own_directory(tmp_path))


def test_what_is_to_be_sent_is_never_only_judged(tmp_path: Path) -> None:
    (tmp_path / "dry-run").mkdir()
    (tmp_path / "dry-run" / "spool.sqlite").touch()
    with pytest.raises(SpoolUnusable, match="are to be sent"):
        own_directory(tmp_path)


def test_a_directory_that_cannot_be_used_is_named(tmp_path: Path) -> None:
    (tmp_path / "data").touch()
    with pytest.raises(SpoolUnusable, match="data/dry-run cannot be used"):
        own_directory(tmp_path / "data")
