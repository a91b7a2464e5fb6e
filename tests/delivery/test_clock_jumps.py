"""Event times that cannot be, and wall clocks that are set: nothing is lost or forgotten early."""

import pytest
from delivery_samples import NOW, entry
from delivery_scene import Scene, play
from hypothesis import given
from hypothesis import strategies as st
from structlog.testing import capture_logs

from router.delivery.drift import Drift, drifted, jumped
from router.delivery.entry import HOUR, Queued
from router.delivery.retry import DAY, Policy, expiry
from router.delivery.verdict import Accepted, Parked, Retry


@pytest.mark.parametrize(
    ("ahead", "reason"), [(0, None), (600, None), (601, "clock_skew"), (9**9, "clock_skew")]
)
def test_an_event_from_the_future_is_a_dead_letter(ahead: int, reason: str | None) -> None:
    row = Queued(1, entry(1, event_time=int(NOW) + ahead), 1, NOW)
    assert expiry(Policy(), row, NOW) == reason
    assert expiry(Policy(future_seconds=None), row, NOW) is None


def test_an_event_is_not_from_the_future_because_our_clock_was_set_back() -> None:
    row = Queued(1, entry(1), 1, NOW)
    assert expiry(Policy(), row, NOW - 3 * DAY) is None


def test_what_waited_until_its_time_has_come_is_sent() -> None:
    row = Queued(1, entry(1, event_time=int(NOW) + HOUR), 1, NOW)
    assert expiry(Policy(), row, NOW + HOUR) is None


def test_an_event_from_the_future_dies_with_its_reason_and_the_others_go() -> None:
    async def script(scene: Scene) -> None:
        await scene.spool.put([entry(1, event_time=int(NOW) + HOUR), entry(2)])
        scene.start()
        await scene.soon()
        assert scene.seen.accepted == [entry(2).payload]
        assert [reason for _, reason, _ in scene.seen.deaths] == ["clock_skew"]

    play(script)


@pytest.mark.parametrize("days", [3, 300])
def test_a_clock_set_forward_ends_no_claim_before_48_hours_were_seen_to_pass(days: int) -> None:
    async def script(scene: Scene) -> None:
        scene.policy = Policy(outcome_seconds=0)
        await scene.spool.put([entry(1)])
        scene.start()
        await scene.soon()
        scene.clock.jump(days * DAY)
        await scene.soon(60)
        await scene.soon(47 * HOUR)
        repeat = entry(1)._replace(accepted_at=scene.clock.now())
        assert await scene.spool.put([repeat]) == [False]
        assert len(scene.spool.claims) == 1
        await scene.soon(HOUR + 120)
        assert scene.spool.claims == {}

    with capture_logs() as logs:
        play(script)
    assert {"event": "clock_jumped", "seconds": days * DAY, "log_level": "warning"} in logs


def test_a_clock_set_forward_and_back_leaves_nothing_behind() -> None:
    async def script(scene: Scene) -> None:
        scene.policy = Policy(outcome_seconds=0)
        await scene.spool.put([entry(1)])
        scene.start()
        await scene.soon()
        scene.clock.jump(3 * DAY)
        await scene.soon(60)
        scene.clock.jump(-3 * DAY)
        await scene.soon(60)
        assert await scene.spool.drift() == Drift()
        await scene.soon(48 * HOUR)
        assert scene.spool.claims == {}

    play(script)


def test_a_clock_set_back_delays_no_retry() -> None:
    async def script(scene: Scene) -> None:
        answers = iter([Retry("down")])
        scene.sender.answer = lambda _: next(answers, Accepted())
        scene.policy = Policy(backoff_base=100.0, backoff_floor=100.0)
        scene.policy = Policy(outcome_seconds=0)
        await scene.spool.put([entry(1)])
        scene.start()
        await scene.soon()
        scene.clock.jump(-3 * DAY)
        await scene.soon(60 + 600)
        assert scene.seen.accepted == [entry(1).payload]

    play(script)


def test_a_clock_set_back_delays_no_probe() -> None:
    async def script(scene: Scene) -> None:
        scene.sender.answer = lambda _: Parked("40105", "auth")
        await scene.spool.put([entry(1)])
        deliverer = scene.start()
        await scene.soon()
        scene.clock.jump(-3 * DAY)
        (status,) = await deliverer.status()
        assert status.until == NOW + 300 - 3 * DAY
        scene.sender.answer = lambda _: Accepted()
        await scene.soon(700)
        assert scene.seen.accepted == [entry(1).payload]

    play(script)


def test_a_clock_that_was_set_back_while_nothing_ran_delays_nothing_either() -> None:
    async def script(scene: Scene) -> None:
        await scene.spool.put([entry(1, accepted_at=NOW + 30 * DAY)])
        scene.start()
        await scene.soon(601)
        assert len(scene.seen.accepted) == 1

    play(script)


@given(st.floats(-1e6, 1e6), st.floats(0, 1e5))
def test_small_differences_are_no_jump(wall: float, passed: float) -> None:
    assert jumped(wall, passed) == (wall - passed if abs(wall - passed) > 60 else 0)


@given(st.lists(st.tuples(st.sampled_from([0.0, 0.0, 7200.0, -7200.0, 1e6]), st.floats(0, 1e5)), max_size=40))
def test_a_drift_holds_as_long_as_it_lags_and_no_longer(minutes: list[tuple[float, float]]) -> None:
    drift, hold = Drift(), 48.0 * HOUR
    for jump, passed in minutes:
        before, drift = drift, drifted(drift, jump, passed, hold)
        assert (drift.lag > 0) == (drift.remaining > 0)
        assert 0 <= drift.remaining <= hold
        if before.remaining > passed:
            assert drift.lag == max(0.0, before.lag + jump)
        assert drift.lag >= jump
