"""The memory before the rules: what it gives goes into payloads, and its failures cost no event."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry

from router.daemon import Deployment
from router.daemon.deployment import deploy
from router.daemon.remembering import RememberingAcceptor
from router.delivery.spool import SpoolBroken
from router.desk.erasure import person_of
from router.lang.outcome import Arrival
from router.rulebook import load
from router.settings import EnvironmentVariables
from router.visitors import VisitorMemory
from router.web.acceptance import Receipt
from router.web.visitor_metrics import VisitorMetrics

from .meeting import ALL, NOW, arrival, landing, with_memory


class Noting:
    """An acceptor that keeps what it was given."""

    def __init__(self) -> None:
        self.given: list[Arrival] = []

    async def accept(
        self, arrivals: Sequence[Arrival], rejected: Mapping[str, int], correlation: str
    ) -> Receipt:
        self.given += arrivals
        return Receipt({"send": len(arrivals)})


def deployment(folder: Path) -> Deployment:
    path = folder / "shop.rules"
    path.write_text('use "standard.rules"\nsettings { phone_country = "DE" }\n', "utf-8")
    found = deploy(
        load([path]),
        EnvironmentVariables({"TIKTOK_PIXEL": "CPIXEL1", "TIKTOK_TOKEN": "a-token"}),
        "test",
        "live",
    )
    assert isinstance(found, Deployment)
    return found


class Site:
    def __init__(self, folder: Path, memory: VisitorMemory) -> None:
        self.noting, self.registry = Noting(), CollectorRegistry()
        in_force = deployment(folder)
        self.acceptor = RememberingAcceptor(
            self.noting, memory, lambda: in_force, VisitorMetrics(self.registry), lambda: float(NOW)
        )

    async def accept(self, *arrivals: Arrival) -> list[str | None]:
        self.noting.given.clear()
        await self.acceptor.accept(arrivals)
        return [each.event["meta"].get("remembered", {}).get("ttclid") for each in self.noting.given]

    def counted(self, name: str, **labels: str) -> float | None:
        return self.registry.get_sample_value(f"tagwright_visitors_{name}", labels)


def test_events_reach_the_rules_with_what_is_remembered(tmp_path: Path) -> None:
    async def script(memory: VisitorMemory) -> None:
        site = Site(tmp_path, memory)
        assert await site.accept(landing("c-1", id="u-1"), arrival(id="u-1")) == [None, "c-1"]
        assert await site.accept(arrival("purchase", id="u-1"), arrival("purchase")) == ["c-1", None]
        assert site.counted("recalled_total", value="ttclid") == 2
        assert site.counted("keys") == 1

    with_memory(tmp_path, script)


def test_when_the_memory_fails_events_go_on_without_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def script(memory: VisitorMemory) -> None:
        site = Site(tmp_path, memory)

        async def fails(*_: object) -> None:
            raise SpoolBroken("the disk failed")

        monkeypatch.setattr(memory, "meet", fails)
        for _ in range(3):
            assert await site.accept(landing("c-1", id="u-1")) == [None]
        assert site.counted("failed_total") == 3

    with_memory(tmp_path, script)


def test_a_memory_that_is_closed_costs_no_event(tmp_path: Path) -> None:
    async def script() -> None:
        memory = VisitorMemory(tmp_path / "visitors.sqlite", ALL)
        await memory.start()
        site = Site(tmp_path, memory)
        await memory.close()
        assert await site.accept(landing("c-1", id="u-1")) == [None]

    asyncio.run(script())


def test_whoever_is_erased_is_forgotten(tmp_path: Path) -> None:
    person = person_of(email="ada@example.com")
    assert not isinstance(person, str)
    hashes = person.hashes

    async def script(memory: VisitorMemory) -> list[int]:
        await memory.meet([landing("c-1", email=" ADA@example.com", anonymous_id="a-1")], NOW)
        return [memory.rows, await memory.forget(hashes), memory.rows]

    assert with_memory(tmp_path, script)[:2] == [2, 2]
