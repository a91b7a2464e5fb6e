"""A destination that fails is left alone for a while, and its pace is found."""

import pytest
from delivery_samples import entries, entry
from delivery_scene import Scene, play
from hypothesis import given
from hypothesis import strategies as st

from router.delivery.concurrency import Concurrency, adapted
from router.delivery.condition import OPEN, Condition, after
from router.delivery.pace import Pace
from router.delivery.retry import Policy, breaker_pause
from router.delivery.verdict import Accepted, Batch, Refused, Retry, Spoiled, Throttled, Verdict

DOWN = Retry("not_sent:ConnectError")


def told(condition: Condition, *verdicts: Verdict, probe: bool = False, now: float = 100.0) -> Condition:
    return after(condition, verdicts, probe=probe, policy=Policy(), probe_seconds=300.0, now=now, draw=0.5)


def test_five_failures_in_a_row_stop_all_requests_and_probes_come_ever_later() -> None:
    async def script(scene: Scene) -> None:
        scene.policy = Policy(backoff_base=0.01, backoff_cap=0.02, backoff_floor=0.01)
        scene.sender.answer = lambda _: DOWN
        await scene.spool.put(entries(3))
        scene.start()
        await scene.soon(1)
        assert scene.sender.sizes == [3] * 5
        assert await scene.state() == ("failing", "not_sent:ConnectError", "")
        await scene.spool.put([entry(9)])
        await scene.soon(2)
        assert scene.sender.sizes == [3] * 5
        await scene.soon(100)
        assert scene.sender.sizes == [3] * 5 + [1] * 4, "after 5, 10, 20 and 40 seconds more"
        scene.sender.answer = lambda _: Accepted()
        await scene.soon(60)
        assert (await scene.spool.stats()).rows == 0
        assert await scene.state() == ("open", "", "")
        assert max(row.attempts for batch in scene.sender.batches for row in batch.rows) <= 11

    play(script)


def test_another_destination_does_not_notice() -> None:
    async def script(scene: Scene) -> None:
        scene.sender.answer = lambda batch: DOWN if batch.destination == "down" else Accepted()
        scene.start("down", "shop")
        await scene.spool.put([entry(1, destination="down")])
        await scene.soon(120)
        assert (await scene.state("down"))[0] == "failing"
        await scene.spool.put([entry(2)])
        await scene.soon()
        assert scene.seen.accepted == [entry(2).payload]

    play(script)


@pytest.mark.parametrize("answer", [Accepted(), Refused("40002", "x"), Spoiled("40002", "x")])
def test_any_answer_ends_the_row_of_failures(answer: Verdict) -> None:
    condition = OPEN
    for _ in range(4):
        condition = told(condition, DOWN)
    assert (condition.state, condition.failures) == ("open", 4)
    assert told(condition, answer) == OPEN
    assert told(condition, DOWN).state == "failing"


def test_what_was_under_way_when_the_breaker_opened_changes_nothing_but_for_an_answer() -> None:
    failing = Condition("failing", "down", "", 105.0, failures=5)
    assert told(failing, DOWN) == failing
    assert told(failing, Accepted()) == OPEN
    assert told(failing, DOWN, probe=True).until == 110.0
    assert told(failing, Retry("put_back", counts=False), probe=True) == failing


def test_failures_do_not_lift_a_hold() -> None:
    held = Condition("held", "auth", "40105", 50.0)
    assert told(held, DOWN, probe=True) == held


@given(st.integers(0, 10**6))
def test_the_breakers_pause_doubles_to_its_cap(failures: int) -> None:
    assert 5 <= breaker_pause(Policy(), failures) <= breaker_pause(Policy(), failures + 1) <= 60


@given(
    st.lists(st.tuples(st.floats(0.001, 40), st.booleans(), st.booleans()), max_size=60),
    st.integers(1, 16),
)
def test_concurrency_stays_between_one_and_its_cap(answers: list[tuple[float, bool, bool]], cap: int) -> None:
    now = Concurrency()
    for seconds, throttled, busy in answers:
        after = adapted(now, seconds, throttled=throttled, busy=busy, cap=cap)
        assert 1 <= after.limit <= cap
        assert after.level <= now.level + 1
        assert after.level <= max(1.0, now.level * 0.9) if throttled else True
        now = after


def test_steady_answers_raise_and_slow_ones_lower_what_is_open_at_once() -> None:
    now = Concurrency()
    for seconds in (0.05, 0.051, 0.05, 0.049, 0.05):
        now = adapted(now, seconds, throttled=False, busy=True, cap=4)
    assert now.limit == 4
    slower = adapted(now, 5.0, throttled=False, busy=True, cap=4)
    assert slower.limit == 3
    assert adapted(Concurrency(), 0.05, throttled=False, busy=False, cap=4).limit == 1


def test_requests_at_once_follow_the_answers() -> None:
    def slow_after(batch: Batch) -> Verdict:
        return Throttled("40100", 1) if batch.rows[0].id > 150 else Accepted()

    async def script(scene: Scene) -> None:
        scene.sender.answer = slow_after
        await scene.spool.put(entries(300))
        deliverer = scene.start(batch_max=10)
        await scene.soon()
        (lane,) = deliverer._lanes.values()
        assert lane.destination.concurrency.level < 4
        assert scene.sender.most_open <= 4

    play(script)


@given(st.lists(st.floats(0, 2), min_size=1, max_size=80), st.floats(0.5, 50))
def test_no_second_has_more_requests_than_the_rate_and_its_burst(gaps: list[float], rate: float) -> None:
    pace, now, sends = Pace(rate), 0.0, []
    for gap in gaps:
        now += gap
        sends.append(now + pace.take(now))
    burst = max(1.0, rate / 10)
    for at, start in enumerate(sends):
        for later, end in enumerate(sends[at:], 1):
            assert later <= (end - start) * rate + burst + 1e-6


def test_the_rate_is_shared_by_all_destinations() -> None:
    async def script(scene: Scene) -> None:
        names = [f"shop-{number}" for number in range(6)]
        scene.start(*names, requests_per_second=2.0)
        await scene.soon()
        await scene.spool.put([entry(at, destination=name) for at, name in enumerate(names)])
        await scene.soon()
        assert len(scene.sender.batches) == 1
        await scene.soon(1)
        assert len(scene.sender.batches) == 3
        await scene.soon(1.5)
        assert len(scene.sender.batches) == 6

    play(script)
