"""An alarm rings once its moment has passed, never before, and however often it was put off."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from router.serving.alarm import Alarm


@dataclass
class Timer:
    at: float
    call: Callable[[], None]
    off: bool = False

    def cancel(self) -> None:
        self.off = True


@dataclass
class Loop:
    """A loop whose time passes when it is told to."""

    now: float = 0.0
    timers: list[Timer] = field(default_factory=list)
    made: int = 0

    def time(self) -> float:
        return self.now

    def call_at(self, at: float, call: Callable[[], None]) -> Timer:
        self.timers.append(Timer(at, call))
        self.made += 1
        return self.timers[-1]

    def pass_to(self, moment: float) -> None:
        while due := [each for each in self.timers if each.at <= moment and not each.off]:
            first = min(due, key=lambda each: each.at)
            self.timers.remove(first)
            self.now = max(self.now, first.at)
            first.call()
        self.now = moment


def an_alarm(loop: Any, ring: Callable[[], None]) -> Alarm:
    return Alarm(loop, ring)


STEPS = st.lists(
    st.tuples(st.sampled_from(["set", "wait"]), st.integers(0, 20)) | st.just(("off", 0)), max_size=30
)


@given(steps=STEPS)
def test_it_rings_when_it_is_due(steps: list[tuple[str, int]]) -> None:
    loop, rung, expected, due = Loop(), list[float](), list[float](), math.inf
    alarm = an_alarm(loop, lambda: rung.append(loop.now))
    for kind, seconds in steps:
        match kind:
            case "set":
                alarm.set(seconds)
                due = loop.now + seconds
            case "off":
                alarm.off()
                due = math.inf
            case _:
                if due <= loop.now + seconds:
                    expected.append(due)
                    due = math.inf
                loop.pass_to(loop.now + seconds)
    assert rung == expected


def test_putting_it_off_sets_no_timer() -> None:
    loop = Loop()
    alarm = an_alarm(loop, lambda: None)
    for _ in range(100):
        alarm.set(10)
        loop.now += 0.01
    assert loop.made == 1


def test_after_its_end_it_does_not_ring() -> None:
    loop, rung = Loop(), list[float]()
    alarm = an_alarm(loop, lambda: rung.append(loop.now))
    alarm.set(1)
    alarm.end()
    loop.pass_to(5)
    assert rung == []
