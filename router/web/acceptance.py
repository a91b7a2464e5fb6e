"""Who stands behind the intake: it takes events, and says so once they are safe."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from router.lang.outcome import Arrival

OUTCOMES: Final = ("send", "skip", "drop", "unhandled", "duplicate")


class Busy(Exception):  # noqa: N818 (it is a state, not a fault)
    """Nothing can be taken now. `retry_after` is in seconds, the reason is for the sender."""

    def __init__(self, retry_after: int, reason: str) -> None:
        super().__init__(reason)
        self.retry_after = retry_after
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Receipt:
    """How many events had which outcome; the keys are those of `OUTCOMES`."""

    outcomes: Mapping[str, int]


class Acceptor(Protocol):
    """Takes events and returns when they are safe. Raises `Busy` when it has taken none of them.

    `rejected` counts by code the events that were not taken, for the books; `correlation` names the request.
    """

    async def accept(
        self, arrivals: Sequence[Arrival], rejected: Mapping[str, int], correlation: str
    ) -> Receipt: ...
