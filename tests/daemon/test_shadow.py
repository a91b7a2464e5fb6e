"""Rules in the shadow see every event, hold nothing up, send nothing, and tell differences without values."""

from __future__ import annotations

import asyncio
import json
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from rollouts import Site, Ticks, watched
from structlog.testing import capture_logs

from router.compare import compare
from router.daemon import Deployment
from router.daemon.shadow import Shadow
from router.lang.outcome import Arrival
from router.web.metrics import Metrics

OTHERWISE = """use "standard.rules"
mapping other {
  include base
  properties.description = "in the shadow"
}
events with other {
  event             | web
  override purchase | "Bought"
}
"""
PERSON = "grace@example.org"


@pytest.fixture
def site(tmp_path: Path) -> Site:
    return Site(tmp_path)


def event(name: str, **more: Any) -> Arrival:
    body = {"event_name": name, "id": "e-1", "user": {"email": PERSON}, "consent": {"advertising": True}}
    return Arrival({**body, **more}, 1_795_219_200)


class Bench:
    """A shadow beside the site's rules."""

    def __init__(self, site: Site, rules: str) -> None:
        self.site = site
        site.plan = type(site.plan)(site.plan.rules, shadow=(site.write("new.rules", rules),))
        found = site.candidate()
        assert isinstance(found.live, Deployment)
        assert isinstance(found.shadow, Deployment)
        self.metrics = Metrics()
        self.clock = Ticks()
        self.live = found.live
        self.shadow = Shadow(lambda: self.live, found.shadow, self.metrics.rollout, self.clock)

    def metric(self, name: str, **labels: str) -> float:
        return self.metrics.registry.get_sample_value(f"tagwright_shadow_{name}", labels) or 0.0

    def compare(self, *arrivals: Arrival) -> dict[str, Any]:
        async def run() -> None:
            self.shadow.offer(arrivals)
            task = asyncio.create_task(self.shadow.run())
            for _ in range(len(arrivals) - 1):
                await self.clock.tick()
            await self.clock.asleep()
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

        asyncio.run(run())
        return self.shadow.status()


def test_the_same_rules_differ_in_nothing(site: Site) -> None:
    bench = Bench(site, 'use "standard.rules"\n')
    found = bench.compare(event("purchase", value=3), event("page_view"))
    assert (found["compared"], found["different"], found["differences"]) == (2, 0, [])
    assert bench.metric("events_total", result="same") == 2


def test_differences_are_counted_by_event_destination_and_kind(site: Site) -> None:
    changed = 'use "standard.rules"\ndrop when event.event_name == "search" reason "not wanted"\n'
    bench = Bench(site, changed)
    found = bench.compare(event("search"), event("search"), event("page_view"))
    lost = {"event": "search", "destination": "tiktok_web", "kind": "outcome", "what": "lost"}
    assert {**lost, "count": 2} in found["differences"]
    assert (found["compared"], found["different"]) == (3, 2)
    assert bench.metric("differences_total", **lost) == 2
    assert bench.metric("events_total", result="different") == 2
    assert [each["differences"][0] for each in found["examples"]] == [lost, lost]


def test_fields_are_told_by_path_and_never_by_value(site: Site) -> None:
    bench = Bench(site, OTHERWISE)
    found = bench.compare(event("purchase", value=271828, currency="EUR"))
    kinds = {(each["kind"], each["what"]) for each in found["differences"]}
    assert kinds == {("event_name", "-"), ("field", "properties.description")}
    assert found["breaks_dedup"] == 1
    text = json.dumps(found)
    assert PERSON not in text
    assert "271828" not in text
    assert "in the shadow" not in text


def test_names_that_no_rule_knows_are_not_told(site: Site) -> None:
    bench = Bench(site, 'use "standard.rules"\ndrop when event.id is present reason "x"\n')
    found = bench.compare(event(PERSON))
    assert found["different"] == 1
    assert {each["event"] for each in found["differences"]} == {"other"}
    assert PERSON not in json.dumps(found)


def test_a_full_queue_drops_comparisons_and_counts_them(site: Site) -> None:
    bench = Bench(site, 'use "standard.rules"\n')
    bench.shadow.offer([event("page_view")] * 1200)
    assert bench.shadow.status()["dropped"] == 200
    bench.shadow.offer([event("page_view")] * 3)
    assert bench.shadow.status()["dropped"] == 203
    assert bench.metric("events_total", result="dropped") == 203


def test_the_queue_is_bounded_in_bytes(site: Site) -> None:
    bench = Bench(site, 'use "standard.rules"\n')
    bench.shadow.offer([event("page_view", note="x" * 1024 * 1024)] * 20)
    assert bench.shadow.status()["waiting"] == 7
    bench.shadow.offer([event("page_view", number=10**30)])
    assert bench.shadow.status()["dropped"] == 14


def test_a_mistake_of_ours_costs_one_comparison(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    bench = Bench(site, 'use "standard.rules"\n')
    calls = count()

    def fail_twice(*given: Any) -> Any:
        return 1 / 0 if next(calls) < 2 else compare(*given)

    monkeypatch.setattr("router.daemon.shadow.compare", fail_twice)
    with capture_logs() as logs:
        found = bench.compare(event("page_view"), event("page_view"), event("page_view"))
    assert (found["failed"], found["compared"]) == (2, 1)
    assert [each["event"] for each in logs] == ["shadow_failed"]


def test_a_reload_reads_the_shadow_again_and_its_mistakes_are_its_own(site: Site) -> None:
    site.plan = type(site.plan)(site.plan.rules, shadow=(site.write("new.rules", 'use "standard.rules"\n'),))

    async def run() -> None:
        async with watched(site) as it:
            shadow = it.rollout.shadow
            assert shadow is not None
            first = shadow.status()["version"]
            site.write("new.rules", 'use "standard.rules"\nlet more = 1\n')
            await it.looks(3)
            second = shadow.status()["version"]
            assert second != first
            site.write("new.rules", "nonsense\n")
            site.write("shop.rules", 'use "standard.rules"\nlet other = 1\n')
            await it.looks(3)
            assert shadow.status()["version"] == second
            assert "new.rules:1" in shadow.status()["problems"][0]
            assert shadow.status()["against"] == it.rollout.deployment.program.version
            assert len(it.taken) == 2
            site.write("new.rules", 'use "standard.rules"\n')
            await it.looks(3)
            assert (shadow.status()["version"], shadow.status()["problems"]) == (first, [])

    asyncio.run(run())
