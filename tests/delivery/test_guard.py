"""A wrong destination is held; wrong entries become dead letters: how they are told apart."""

from typing import Any

import pytest
from delivery_samples import NOW, entries, entry
from delivery_scene import Scene, play
from hypothesis import given
from hypothesis import strategies as st

from router.delivery.entry import Queued
from router.delivery.guard import Fault, Guard, dominant
from router.delivery.verdict import Accepted, Batch, Refused, Spoiled

ALIKE = Refused("40002", "event source … is not yours")


def all_refused(batch: Batch) -> Any:
    return ALIKE if len(batch) == 1 else Spoiled(ALIKE.code, ALIKE.why)


def batch(count: int, source_id: str = "PIXEL") -> Batch:
    rows = tuple(Queued(number, entry(number), 1, NOW) for number in range(count))
    return Batch("shop", "web", source_id, rows)


@pytest.mark.parametrize("count", [4, 20, 50, 1000])
def test_a_backlog_that_is_refused_alike_holds_the_destination_and_buries_nothing(count: int) -> None:
    async def script(scene: Scene) -> None:
        scene.sender.answer = all_refused
        await scene.spool.put(entries(count))
        scene.start(batch_max=1000)
        await scene.soon()
        stats = await scene.spool.stats()
        assert (stats.pending, stats.leased, stats.dead) == ({"shop": count}, {}, {})
        assert await scene.state() == ("held", "refused_alike", "40002")
        assert len(scene.sender.batches) <= 2 * 20 + 11
        (row, *_) = (await scene.spool.claim("shop", 1, NOW)).rows
        assert (row.attempts, row.first_ambiguous_at) == (1, None)

    play(script)


def test_a_hold_for_refusals_ends_with_the_first_entry_that_is_accepted() -> None:
    async def script(scene: Scene) -> None:
        scene.sender.answer = all_refused
        await scene.spool.put(entries(30))
        deliverer = scene.start()
        await scene.soon(700)
        assert (await scene.state())[0] == "held"
        assert (await scene.spool.stats()).pending == {"shop": 30}
        scene.sender.answer = lambda _: Accepted()
        deliverer.release("shop")
        await scene.soon()
        assert await scene.state() == ("open", "", "")
        assert len(scene.seen.accepted) == 30

    play(script)


def test_probes_of_a_hold_take_turns_so_that_no_bad_entry_blocks_the_others() -> None:
    good = {entry(number).payload for number in range(40, 44)}

    def answer(batch: Batch) -> Any:
        return Accepted() if good.issuperset(each.payload for each in batch.entries) else all_refused(batch)

    async def script(scene: Scene) -> None:
        scene.sender.answer = answer
        await scene.spool.put(entries(4))
        scene.start()
        await scene.soon()
        await scene.spool.put([entry(number) for number in range(40, 44)])
        await scene.soon(300 * 5)
        assert good <= set(scene.seen.accepted)
        assert (await scene.spool.stats()).dead == {"refused": 4}, "now they can be told apart"

    play(script)


def test_single_sends_refused_alike_hold_after_twenty() -> None:
    async def script(scene: Scene) -> None:
        scene.sender.answer = all_refused
        scene.start()
        for number in range(30):
            await scene.spool.put([entry(number)])
            await scene.soon(0.05)
        stats = await scene.spool.stats()
        assert (stats.pending, stats.dead) == ({"shop": 11}, {"refused": 19})
        assert (await scene.state())[1] == "refused_alike"

    play(script)


def test_refusals_for_different_reasons_are_the_entries_own() -> None:
    def answer(batch: Batch) -> Any:
        return Refused("40002", f"{batch.rows[0].id}") if len(batch) == 1 else Spoiled("40002", "several")

    async def script(scene: Scene) -> None:
        scene.sender.answer = answer
        await scene.spool.put([*entries(3), *(entry(n, source_id="OTHER") for n in range(3, 33))])
        scene.start()
        await scene.soon()
        # The first two halves of the large batch did say the same.
        stats = await scene.spool.stats()
        assert stats.dead == {"refused": 3}
        assert stats.pending == {"shop": 30}

    play(script)


def test_bad_entries_now_and_then_never_hold_a_destination() -> None:
    def answer(batch: Batch) -> Any:
        found = [at for at, each in enumerate(batch.entries) if each.payload == b"bad"]
        if not found:
            return Accepted()
        return ALIKE if len(batch) == 1 else Spoiled(ALIKE.code, ALIKE.why, found[0])

    async def script(scene: Scene) -> None:
        scene.sender.answer = answer
        scene.start()
        for turn in range(60):
            some = [entry(turn * 10 + number) for number in range(9)]
            await scene.spool.put([*some, entry(turn * 10 + 9, payload=b"bad")])
            await scene.soon(1)
        assert (await scene.spool.stats()).dead == {"refused": 60}
        assert len(scene.seen.accepted) == 540
        assert await scene.state() == ("open", "", "")

    play(script)


def test_a_source_id_that_goes_bad_after_a_good_time_is_held_without_dead_letters() -> None:
    async def script(scene: Scene) -> None:
        await scene.spool.put(entries(200))
        scene.start()
        await scene.soon()
        scene.sender.answer = all_refused
        await scene.spool.put([entry(number) for number in range(200, 250)])
        await scene.soon()
        stats = await scene.spool.stats()
        assert (stats.pending, stats.dead) == ({"shop": 50}, {})

    play(script)


@given(st.data())
def test_bad_entries_that_are_not_more_than_half_of_twenty_answers_are_the_only_dead(
    data: st.DataObject,
) -> None:
    count = data.draw(st.integers(2, 50))
    guilty = data.draw(
        st.sets(st.integers(0, count - 1), min_size=1, max_size=count - 1 if count < 20 else 10)
    )
    named = data.draw(st.booleans())
    bad = {entry(number).payload for number in guilty}

    def answer(batch: Batch) -> Any:
        found = [at for at, each in enumerate(batch.entries) if each.payload in bad]
        if not found:
            return Accepted()
        return ALIKE if len(batch) == 1 else Spoiled(ALIKE.code, ALIKE.why, found[0] if named else None)

    async def script(scene: Scene) -> None:
        scene.sender.answer = answer
        await scene.spool.put(entries(count))
        scene.start()
        await scene.soon(2)
        assert {letter.entry.payload for letter in await scene.spool.archive.dead()} == bad
        assert len(scene.seen.accepted) == count - len(bad)
        assert (await scene.spool.stats()).rows == 0
        assert len(scene.sender.batches) <= len(guilty) * (2 if named else 13) + 1

    play(script)


def test_each_source_id_is_judged_by_itself() -> None:
    guard = Guard(least=2)
    assert guard.judge(batch(1, "ONE"), [ALIKE]) is None
    assert guard.judge(batch(1, "TWO"), [ALIKE]) is None
    assert guard.judge(batch(1, "ONE"), [ALIKE]) == Fault(ALIKE.code, ALIKE.why)


@given(st.lists(st.sampled_from([None, Fault("1", "a"), Fault("1", "b"), Fault("2", "a")]), max_size=50))
def test_a_dominant_fault_is_that_of_more_than_half_of_enough(seen: list[Fault | None]) -> None:
    found = dominant(seen, 20)
    others = [each for each in seen if each is not None and 2 * seen.count(each) > len(seen)]
    assert found == (others[0] if others and len(seen) >= 20 else None)
