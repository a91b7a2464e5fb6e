"""SQLite answers as the model in memory does, whatever is asked in whatever order."""

import asyncio
import tempfile
from pathlib import Path

from delivery_samples import NOW, again, buried, delivered, entry
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from router.delivery.drift import Drift
from router.delivery.entry import Entry
from router.delivery.memory import MemorySpool
from router.delivery.spool import Spool, Step
from router.delivery.sqlite import SqliteSpool


def _entry(number: int, destination: str, until: int | None, now: float) -> Entry:
    end = None if until is None else now + until
    return entry(number, destination=destination, accepted_at=now, claim_until=end, claim_seconds=20)


destinations = st.sampled_from(["shop", "app"])
puts = st.lists(st.tuples(st.integers(0, 7), destinations, st.none() | st.integers(1, 15)), max_size=4)
steps = st.lists(
    st.integers(1, 25).flatmap(
        lambda row: st.one_of(
            st.just(delivered(row)[0]),
            st.just(buried(row)),
            st.builds(
                again,
                st.just(row),
                st.integers(0, 60).map(lambda wait: NOW + wait),
                st.none() | st.just(NOW),
                counted=st.booleans(),
            ),
        )
    ),
    max_size=5,
    unique_by=lambda step: step.id,
)


class TwoSpools(RuleBasedStateMachine):
    """The same questions to both, the clock running."""

    def __init__(self) -> None:
        super().__init__()
        self.directory = tempfile.TemporaryDirectory()
        self.runner = asyncio.Runner()
        self.now = NOW
        self.model: Spool = MemorySpool()
        self.real: Spool = self._open()

    def _open(self) -> Spool:
        return self.runner.run(SqliteSpool.open(Path(self.directory.name) / "data", hot_keys=3))

    def both(self, operation: str, *args: object, **options: object) -> None:
        answers = [
            self.runner.run(getattr(spool, operation)(*args, **options)) for spool in (self.model, self.real)
        ]
        assert answers[0] == answers[1]

    @rule(some=puts)
    def put(self, some: list[tuple[int, str, int | None]]) -> None:
        self.both("put", [_entry(*each, self.now) for each in some])

    @rule(destination=destinations, limit=st.integers(1, 4))
    def claim(self, destination: str, limit: int) -> None:
        self.both("claim", destination, limit, self.now)

    @rule(some=steps)
    def settle(self, some: list[Step]) -> None:
        self.both("settle", some, self.now)

    @rule(limit=st.integers(1, 3), dead=st.booleans())
    def purge(self, limit: int, dead: bool) -> None:
        self.both("purge", self.now, dead_before=self.now - 5 if dead else None, limit=limit)

    @rule(dead_bytes=st.integers(0, 200), limit=st.integers(1, 3))
    def evict(self, dead_bytes: int, limit: int) -> None:
        self.both("evict", dead_bytes, limit=limit)

    @rule(lag=st.integers(0, 30), ahead=st.integers(0, 30))
    def adjust(self, lag: int, ahead: int) -> None:
        self.both("adjust", Drift(float(lag), 60.0), self.now + ahead)
        self.both("drift")

    @rule(seconds=st.integers(1, 25))
    def wait(self, seconds: int) -> None:
        self.now += seconds

    @rule(reopen=st.booleans())
    def restart(self, reopen: bool) -> None:
        if reopen:
            self.runner.run(self.real.close())
            self.real = self._open()
        self.both("recover")

    @invariant()
    def they_hold_the_same(self) -> None:
        self.both("stats")
        self.both("dead")

    def teardown(self) -> None:
        self.runner.run(self.real.close())
        self.runner.close()
        self.directory.cleanup()


TestTwoSpools = TwoSpools.TestCase
TestTwoSpools.settings = settings(max_examples=40, stateful_step_count=25, deadline=None)
