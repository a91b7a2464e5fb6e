"""The dedup identity of an event."""

from delivery_samples import entry
from hypothesis import given
from hypothesis import strategies as st

from router.delivery.entry import dedup_key

parts = st.tuples(*[st.text(max_size=6)] * 4)


@given(parts, parts)
def test_two_events_share_a_key_only_when_every_part_is_the_same(
    one: tuple[str, str, str, str], other: tuple[str, str, str, str]
) -> None:
    assert (dedup_key(*one) == dedup_key(*other)) == (one == other)


@given(st.lists(st.text(alphabet="ab", max_size=3), min_size=4, max_size=4), st.integers(0, 2))
def test_moving_a_character_across_a_boundary_changes_the_key(some: list[str], at: int) -> None:
    moved = list(some)
    moved[at], moved[at + 1] = some[at] + "x", some[at + 1]
    shifted = list(some)
    shifted[at], shifted[at + 1] = some[at], "x" + some[at + 1]
    assert dedup_key(*moved) != dedup_key(*shifted)


def test_a_key_is_16_bytes_of_blake2b() -> None:
    assert dedup_key("web", "PIXEL", "Purchase", "order-1").hex() == "0098ae624f469bd35e102a7a9f5fba9f"


def test_any_text_has_a_key() -> None:
    assert len(dedup_key("web", "", "\ud800", "x" * 100_000)) == 16


def test_an_entry_does_not_show_its_payload() -> None:
    assert "order-1" not in repr(entry(1))
