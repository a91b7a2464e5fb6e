"""A rollout on files of a test's own, with a clock that the test moves."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from router.daemon import Candidate, Deployment, Plan, prepare
from router.daemon.rollout import Rollout
from router.logs import Redaction
from router.settings import EnvironmentVariables, Settings
from router.web.metrics import Metrics

RULES = """use "standard.rules"
drop when event.context.page.title == "{}" reason "internal"
"""
PASSING = """
test "a page view is sent" {
  given {
    event.event_name          = "page_view"
    event.consent.advertising = true
  }
  expect send ViewContent to tiktok_web
}
"""


class Ticks:
    """A clock on which nobody sleeps longer than until the next `tick`."""

    def __init__(self) -> None:
        self._asleep = asyncio.Event()
        self._go = asyncio.Semaphore(0)

    def now(self) -> float:
        return 1_795_219_200.0

    def monotonic(self) -> float:
        return 0.0

    async def sleep(self, seconds: float) -> None:
        self._asleep.set()
        await self._go.acquire()

    async def asleep(self) -> None:
        """Wait until somebody sleeps."""
        await self._asleep.wait()

    async def tick(self) -> None:
        """Let the one that sleeps go on until it sleeps again."""
        await self._asleep.wait()
        self._asleep.clear()
        self._go.release()
        await self._asleep.wait()


def secret_file(path: Path, text: str) -> None:
    """A new secret in the file's place, as tools put it there."""
    beside = path.with_name(f"{path.name}.new")
    beside.write_text(text, "utf-8")
    beside.chmod(0o600)
    beside.replace(path)


@dataclass
class Site:
    """The files and the environment of a daemon."""

    folder: Path
    plan: Plan = field(init=False)
    environ: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.write("shop.rules", RULES.format("none"))
        secret_file(self.folder / "token", "first-token")
        self.environ = {"TIKTOK_PIXEL": "CPIXEL1", "TIKTOK_TOKEN_FILE": str(self.folder / "token")}
        self.plan = Plan((self.folder / "shop.rules",))

    def write(self, name: str, text: str) -> Path:
        path = self.folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, "utf-8")
        return path

    def variables(self) -> EnvironmentVariables:
        return EnvironmentVariables(self.environ)

    def candidate(self, **changes: Any) -> Candidate:
        return prepare(replace(self.plan, **changes), Settings(), self.variables())


@dataclass
class Watched:
    """A rollout whose files are watched; `taken` are the deployments that came into force."""

    rollout: Rollout
    clock: Ticks
    metrics: Metrics
    taken: list[Deployment]

    async def looks(self, count: int) -> None:
        for _ in range(count):
            await self.clock.tick()

    def status(self) -> Mapping[str, Any]:
        return self.rollout.status()

    def failures(self) -> float:
        return self.metrics.registry.get_sample_value("tagwright_rules_reload_failed_total") or 0.0


@asynccontextmanager
async def watched(site: Site) -> AsyncIterator[Watched]:
    """The site's rules in force, and its files under watch."""
    clock, metrics, taken = Ticks(), Metrics(), list[Deployment]()

    async def take(deployment: Deployment) -> None:
        taken.append(deployment)

    rollout = Rollout(
        site.plan, Settings(), site.candidate(), site.variables, Redaction(), metrics, clock, take
    )
    task = asyncio.create_task(rollout.watch())
    try:
        yield Watched(rollout, clock, metrics, taken)
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
