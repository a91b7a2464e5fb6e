"""A leap of the wall clock is noticed before the next event is judged by it."""

import asyncio

from router.daemon.leaps import Leaps
from router.delivery.clock import ManualClock


def test_a_leap_is_told_once_and_time_that_passes_is_none() -> None:
    async def script() -> None:
        clock, told = ManualClock(1_000_000.0), list[float]()

        async def leapt() -> None:
            told.append(clock.now())

        leaps = Leaps(clock, leapt)
        await clock.advance(5_000)
        await leaps.look()
        assert told == []
        clock.jump(3 * 86_400)
        await leaps.look()
        await leaps.look()
        assert len(told) == 1
        clock.jump(-3 * 86_400)
        await leaps.look()
        assert len(told) == 2

    asyncio.run(script())
