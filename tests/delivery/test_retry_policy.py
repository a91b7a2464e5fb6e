"""What becomes of an entry: the retry policy."""

import pytest
from delivery_samples import NOW, entry
from hypothesis import given
from hypothesis import strategies as st

from router.delivery.entry import HOUR, Queued
from router.delivery.retry import DAY, Moment, Policy, backoff, decide, expiry, throttle_pause
from router.delivery.spool import Buried, Delivered, Rescheduled
from router.delivery.verdict import Accepted, Parked, Refused, Retry, Spoiled, Throttled

POLICY = Policy()
ROW = Queued(7, entry(1), attempts=1, due=NOW)
AT = Moment(started=NOW + 1, now=NOW + 3, draw=0.5)


@given(st.integers(0, 10**6), st.floats(0, 1, exclude_max=True))
def test_backoff_stays_between_floor_and_cap(attempts: int, draw: float) -> None:
    assert 0.05 <= backoff(POLICY, attempts, draw) <= 300
    assert backoff(POLICY, attempts, draw) <= max(0.05, 2.0 ** min(attempts, 64))


@given(st.integers(1, 10**6), st.floats(0, 1, exclude_max=True))
def test_a_throttle_pause_grows_to_its_cap(strikes: int, draw: float) -> None:
    assert 2.5 <= throttle_pause(POLICY, strikes, draw) <= throttle_pause(POLICY, strikes, 1) <= 300


@pytest.mark.parametrize(
    ("verdict", "step"),
    [
        (Accepted(), Delivered(7)),
        (Retry("down"), Rescheduled(7, NOW + 4, None, why="down")),
        (Retry("down", after=9), Rescheduled(7, NOW + 12, None, why="down")),
        (Retry("timeout", ambiguous=True), Rescheduled(7, NOW + 4, NOW + 1, why="timeout")),
        (
            Retry("put_back", after=0, counts=False),
            Rescheduled(7, NOW + 3, None, counted=False, why="put_back"),
        ),
        (Throttled("40100", 60), Rescheduled(7, NOW + 3, None, counted=False, why="40100")),
        (Parked("40105", "auth"), Rescheduled(7, NOW + 3, None, counted=False, why="auth 40105")),
        (
            Parked("9", "unknown_code", ambiguous=True),
            Rescheduled(7, NOW + 3, NOW + 1, counted=False, why="unknown_code 9"),
        ),
        (Refused("40002", "bad", "r1"), Buried(7, "refused", "40002", "bad", "r1")),
        (Spoiled("40002", "bad"), Buried(7, "refused", "40002", "bad")),
    ],
)
def test_each_verdict_has_its_step(verdict: object, step: object) -> None:
    assert decide(POLICY, ROW, verdict, AT) == step  # type: ignore[arg-type]  # every verdict is in the table


def test_the_first_doubt_stays_the_first() -> None:
    doubtful = ROW._replace(first_ambiguous_at=NOW - 50)
    for verdict in (Retry("down"), Retry("timeout", ambiguous=True), Throttled("x"), Parked("1", "auth")):
        step = decide(POLICY, doubtful, verdict, AT)
        assert isinstance(step, Rescheduled)
        assert step.first_ambiguous_at == NOW - 50


@given(st.floats(0, 60 * HOUR), st.integers(1, 40), st.floats(0, 1, exclude_max=True), st.booleans())
def test_nothing_is_due_later_than_a_resend_is_safe(
    age: float, attempts: int, draw: float, ambiguous: bool
) -> None:
    row = ROW._replace(attempts=attempts, first_ambiguous_at=NOW - age)
    step = decide(POLICY, row, Retry("x", ambiguous=ambiguous), Moment(NOW, NOW, draw))
    if isinstance(step, Rescheduled):
        assert step.due <= NOW - age + 47 * HOUR
    else:
        assert isinstance(step, Buried)
        assert step.reason == "ambiguous_expired"


def test_an_event_sent_without_id_is_not_sent_again_after_five_minutes_of_doubt() -> None:
    row = ROW._replace(entry=entry(1, resend_seconds=300), first_ambiguous_at=NOW)
    assert expiry(POLICY, row, NOW + 300) is None
    assert expiry(POLICY, row, NOW + 301) == "ambiguous_expired"


@pytest.mark.parametrize(("source", "days"), [("web", 7), ("app", 7), ("offline", 28), ("crm", 28)])
def test_events_get_too_old(source: str, days: int) -> None:
    row = ROW._replace(entry=entry(1, source=source))
    assert expiry(POLICY, row, NOW + days * DAY) is None
    assert expiry(POLICY, row, NOW + days * DAY + 1) == "too_old"


def test_a_row_in_doubt_is_expired_after_47_hours_only() -> None:
    row = ROW._replace(first_ambiguous_at=NOW)
    assert expiry(POLICY, row, NOW + 47 * HOUR) is None
    assert expiry(POLICY, row, NOW + 47 * HOUR + 1) == "ambiguous_expired"
