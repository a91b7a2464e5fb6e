"""Every story by its name, with the servers that it needs and the faults of one trial."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from . import fleets, losses
from .trial import Trial

Story = Callable[[Trial], None]


@dataclass(frozen=True, slots=True)
class Suite:
    """`standby`: none, one that each commit waits for, or one that follows as it can."""

    story: Story
    rounds: int
    trials: int = 5
    standby: str = ""

    @property
    def summary(self) -> str:
        return (self.story.__doc__ or "").strip()


SUITES: Mapping[str, Suite] = {
    "steady": Suite(fleets.steady, 6),
    "kill": Suite(fleets.kill, 8),
    "pause": Suite(fleets.pause, 3),
    "partition": Suite(fleets.partition, 3),
    "roll": Suite(fleets.roll, 6),
    "upgrade": Suite(fleets.upgrade, 1),
    "held": Suite(fleets.held, 1, 2),
    "rate": Suite(fleets.rate, 1, 2),
    "restart": Suite(losses.restart, 3),
    "sessions": Suite(losses.sessions, 20),
    "failover": Suite(losses.failover, 3, standby="synchronous"),
    "failover-stalled": Suite(losses.failover_stalled, 3, standby="synchronous"),
    "machines": Suite(losses.machines, 1, standby="synchronous"),
    "standby-lost": Suite(losses.standby_lost, 1, 3, standby="synchronous"),
    "failover-async": Suite(losses.failover_async, 1, standby="asynchronous"),
    "failover-async-stalled": Suite(losses.failover_async_stalled, 1, standby="asynchronous"),
}
