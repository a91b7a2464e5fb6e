"""What every lane works with."""

from __future__ import annotations

import random
from dataclasses import dataclass, field

from router.delivery.clock import Clock
from router.delivery.company import Alone, Company
from router.delivery.observer import Observer
from router.delivery.pace import Pace
from router.delivery.retry import Policy
from router.delivery.spool import Spool
from router.delivery.verdict import Sender


@dataclass(frozen=True, slots=True)
class LaneSettings:
    """Batches of at most `batch_max` entries and `batch_bytes`, up to `in_flight` at once; times in seconds.

    `guard_least` is how many entries must have been answered before refusals can hold the destination;
    `requests_per_second` is for all destinations together.
    """

    batch_max: int = 50
    batch_bytes: int = 1_000_000
    in_flight: int = 4
    linger: float = 0.05
    probe_seconds: float = 300.0
    guard_least: int = 20
    requests_per_second: float = 800.0


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What every lane works with; `pace` is shared by all of them, `company` with other routers."""

    spool: Spool
    sender: Sender
    clock: Clock
    observer: Observer
    policy: Policy = field(default_factory=Policy)
    settings: LaneSettings = field(default_factory=LaneSettings)
    rng: random.Random = field(default_factory=random.SystemRandom)
    pace: Pace = field(default_factory=lambda: Pace(LaneSettings().requests_per_second))
    company: Company = field(default_factory=Alone)
