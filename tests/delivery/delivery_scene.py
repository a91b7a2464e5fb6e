"""A deliverer and all that surrounds it, for the tests that watch it work."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

from delivery_samples import NOW, Recorder, ScriptedSender

from router.delivery.clock import ManualClock
from router.delivery.memory import MemorySpool
from router.delivery.retry import Policy
from router.delivery.surroundings import LaneSettings
from router.delivery.worker import Deliverer


@dataclass
class Scene:
    """A deliverer and all that surrounds it."""

    sender: ScriptedSender = field(default_factory=ScriptedSender)
    spool: MemorySpool = field(default_factory=MemorySpool)
    clock: ManualClock = field(default_factory=lambda: ManualClock(NOW))
    seen: Recorder = field(default_factory=Recorder)
    policy: Policy = field(default_factory=Policy)

    def start(self, *destinations: str, **settings: Any) -> Deliverer:
        self.deliverer = Deliverer(
            self.spool,
            self.sender,
            clock=self.clock,
            observer=self.seen,
            policy=self.policy,
            settings=LaneSettings(**settings),
            rng=random.Random(1),  # noqa: S311 - a test wants the same draws each time
        )
        self.deliverer.configure(destinations or ["shop"])
        return self.deliverer

    async def soon(self, seconds: float = 0) -> None:
        await self.clock.advance(seconds)

    async def state(self, name: str = "shop") -> tuple[str, str, str]:
        found = {each.destination: each for each in await self.deliverer.status()}[name]
        return found.state, found.reason, found.code


def play(script: Callable[[Scene], Awaitable[None]]) -> None:
    async def whole() -> None:
        scene = Scene()
        await script(scene)
        ending = asyncio.ensure_future(scene.deliverer.drain(1))
        await scene.soon(2)
        await ending

    asyncio.run(whole())
