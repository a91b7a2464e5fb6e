"""The deliverer at work: an in-memory spool, a scripted destination, a clock held by the test."""

import asyncio
from typing import Any

import pytest
from delivery_samples import NOW, entries, entry
from delivery_scene import Scene, play
from structlog.testing import capture_logs

from router.delivery.entry import HOUR
from router.delivery.memory import MemorySpool
from router.delivery.retry import Policy
from router.delivery.spool import SpoolBroken, SpoolFull
from router.delivery.verdict import Accepted, Batch, Parked, Refused, Retry, Spoiled, Throttled


def test_what_is_put_is_sent_at_once_and_leaves_the_spool() -> None:
    async def script(scene: Scene) -> None:
        scene.start()
        await scene.soon()
        await scene.spool.put([entry(1)])
        await scene.soon()
        assert scene.sender.sent == [entry(1).payload]
        assert (await scene.spool.stats()).rows == 0
        assert scene.seen.accepted == [entry(1).payload]
        assert scene.seen.posts == [1]

    play(script)


def test_a_backlog_goes_in_full_batches() -> None:
    async def script(scene: Scene) -> None:
        await scene.spool.put(entries(120))
        scene.start()
        await scene.soon()
        assert scene.sender.sizes == [50, 50, 20]
        assert sorted(scene.sender.sent) == sorted(each.payload for each in entries(120))

    play(script)


def test_no_more_requests_are_open_than_allowed_and_the_rest_gathers() -> None:
    async def script(scene: Scene) -> None:
        scene.start(linger=0.0, in_flight=2)
        await scene.spool.put([entry(99)])
        await scene.soon()
        scene.sender.gate = asyncio.Event()
        for number in range(10):
            await scene.spool.put([entry(number)])
            await scene.soon()
        assert scene.sender.sizes == [1, 1, 1]
        scene.sender.gate.set()
        await scene.soon()
        assert scene.sender.sizes == [1, 1, 1, 8]
        assert scene.sender.most_open == 2

    play(script)


def test_a_second_request_waits_a_moment_for_company() -> None:
    async def script(scene: Scene) -> None:
        scene.start()
        await scene.spool.put([entry(99)])
        await scene.soon()
        scene.sender.gate = asyncio.Event()
        for number in range(5):
            await scene.spool.put([entry(number)])
            await scene.soon()
        assert scene.sender.sizes == [1]
        await scene.soon(0.05)
        assert scene.sender.sizes == [1, 5]

    play(script)


def test_entries_of_different_sources_go_in_requests_of_their_own() -> None:
    async def script(scene: Scene) -> None:
        await scene.spool.put([entry(1), entry(2, source="app", source_id="APP"), entry(3)])
        scene.start()
        await scene.soon()
        assert [(b.source, b.source_id, len(b)) for b in scene.sender.batches] == [
            ("web", "PIXEL", 2),
            ("app", "APP", 1),
        ]

    play(script)


def test_a_retry_comes_after_its_backoff_with_the_attempt_counted() -> None:
    async def script(scene: Scene) -> None:
        answers = [Retry("timeout", ambiguous=True), Accepted()]
        scene.sender.answer = lambda _: answers.pop(0)
        await scene.spool.put([entry(1)])
        scene.start()
        await scene.soon()
        assert scene.seen.retries == ["timeout"]
        await scene.soon(2)
        assert scene.sender.sizes == [1, 1]
        again = scene.sender.batches[1].rows[0]
        assert (again.attempts, again.first_ambiguous_at) == (2, NOW)

    play(script)


def test_doubt_ends_in_the_dead_letters_after_47_hours() -> None:
    async def script(scene: Scene) -> None:
        scene.sender.answer = lambda _: Retry("timeout", ambiguous=True)
        await scene.spool.put([entry(1)])
        scene.start()
        await scene.soon(48 * HOUR)
        (letter,) = await scene.spool.archive.dead()
        assert (letter.reason, letter.first_ambiguous_at) == ("ambiguous_expired", NOW)
        assert max(row.due for b in scene.sender.batches for row in b.rows) <= NOW + 47 * HOUR
        assert [reason for _, reason, _ in scene.seen.deaths] == ["ambiguous_expired"]

    play(script)


def test_what_is_too_old_is_never_sent() -> None:
    async def script(scene: Scene) -> None:
        await scene.spool.put([entry(1, event_time=int(NOW) - 8 * 24 * HOUR), entry(2)])
        scene.start()
        await scene.soon()
        assert scene.sender.sent == [entry(2).payload]
        assert scene.seen.deaths[0][1] == "too_old"

    play(script)


@pytest.mark.parametrize("guilty", [{3}, {0}, {49}, {1, 30}, set(range(0, 50, 7))])
@pytest.mark.parametrize("named", [True, False])
def test_only_the_guilty_become_dead_letters(guilty: set[int], named: bool) -> None:
    bad = {entry(number).payload for number in guilty}

    def answer(batch: Batch) -> Any:
        found = [at for at, each in enumerate(batch.entries) if each.payload in bad]
        if not found:
            return Accepted()
        if len(batch) == 1:
            return Refused("40002", "bad value …", "req")
        return Spoiled("40002", "bad value …", found[0] if named else None)

    async def script(scene: Scene) -> None:
        scene.sender.answer = answer
        await scene.spool.put(entries(50))
        scene.start()
        await scene.soon()
        dead = await scene.spool.archive.dead()
        assert {letter.entry.payload for letter in dead} == bad
        assert {(letter.reason, letter.code, letter.message) for letter in dead} == {
            ("refused", "40002", "bad value …")
        }
        assert len(scene.seen.accepted) == 50 - len(bad)
        assert (await scene.spool.stats()).rows == 0
        # One bad entry in n costs 2 requests when it is named, else about 2 log2(n).
        assert len(scene.sender.batches) <= len(guilty) * (2 if named else 13) + 1

    play(script)


def test_a_parked_destination_keeps_everything_and_is_probed_with_one_entry() -> None:
    async def script(scene: Scene) -> None:
        scene.sender.answer = lambda _: Parked("40105", "auth")
        await scene.spool.put(entries(3))
        scene.start()
        await scene.soon()
        assert await scene.state() == ("held", "auth", "40105")
        await scene.spool.put([entry(9)])
        await scene.soon(299)
        assert scene.sender.sizes == [3]
        await scene.soon(1)
        assert scene.sender.sizes == [3, 1]
        assert (await scene.spool.stats()).pending == {"shop": 4}
        scene.sender.answer = lambda _: Accepted()
        await scene.soon(300)
        assert scene.sender.sizes == [3, 1, 1, 3]
        assert {row.attempts for row in scene.sender.batches[-1].rows} == {1}
        assert await scene.state() == ("open", "", "")
        assert scene.seen.states == [("shop", "held", "auth"), ("shop", "open", "")]

    play(script)


def test_release_probes_at_once() -> None:
    async def script(scene: Scene) -> None:
        scene.sender.answer = lambda _: Parked("40001", "permission")
        await scene.spool.put(entries(3))
        deliverer = scene.start()
        await scene.soon()
        scene.sender.answer = lambda _: Accepted()
        deliverer.release("shop")
        deliverer.release("nobody")
        await scene.soon()
        assert scene.sender.sizes == [3, 1, 2]

    play(script)


def test_a_probe_without_an_answer_leaves_the_hold() -> None:
    async def script(scene: Scene) -> None:
        answers = iter([Parked("40105", "auth"), Retry("no_answer", ambiguous=True)])
        scene.sender.answer = lambda _: next(answers, Accepted())
        await scene.spool.put(entries(2))
        scene.start()
        await scene.soon(301)
        assert scene.sender.sizes == [2, 1]
        assert (await scene.state())[0] == "held"
        await scene.soon(300)
        assert (await scene.spool.stats()).rows == 0

    play(script)


def test_a_throttled_destination_pauses_and_nothing_counts_against_its_entries() -> None:
    async def script(scene: Scene) -> None:
        answers = iter([Throttled("40100", 60), Throttled("40100", None)])
        scene.sender.answer = lambda _: next(answers, Accepted())
        await scene.spool.put(entries(60))
        deliverer = scene.start(in_flight=1)
        await scene.soon()
        assert (await scene.state())[0] == "throttled"
        deliverer.release("shop")
        await scene.soon(59)
        assert scene.sender.sizes == [50]
        await scene.soon(1)
        assert scene.sender.sizes == [50, 50]
        await scene.soon(10)
        assert scene.sender.sizes == [50, 50, 50, 10]
        assert {row.attempts for b in scene.sender.batches for row in b.rows} == {1}
        assert await scene.state() == ("open", "", "")

    play(script)


def test_a_failing_destination_does_not_stop_another() -> None:
    def answer(batch: Batch) -> Accepted:
        if batch.destination == "broken":
            raise RuntimeError("secret-token-in-a-message")
        return Accepted()

    async def script(scene: Scene) -> None:
        scene.sender.answer = answer
        scene.start("broken", "shop")
        await scene.spool.put([entry(1, destination="broken"), entry(2)])
        await scene.soon()
        assert scene.seen.accepted == [entry(2).payload]
        assert (await scene.spool.stats()).pending == {"broken": 1}
        await scene.soon(600)
        assert len([b for b in scene.sender.batches if b.destination == "broken"]) > 2

    with capture_logs() as logs:
        play(script)
    assert {
        "event": "sender_failed",
        "destination": "broken",
        "error": "RuntimeError",
        "log_level": "error",
    } in logs
    assert "secret-token" not in repr(logs)


def test_a_sender_that_answers_the_wrong_number_is_not_believed() -> None:
    async def script(scene: Scene) -> None:
        scene.sender.answer = lambda _: [Accepted()]
        await scene.spool.put(entries(2))
        scene.start()
        await scene.soon()
        assert scene.seen.accepted == []
        assert (await scene.spool.stats()).rows == 2

    play(script)


def test_a_removed_destination_holds_its_entries_until_it_is_back() -> None:
    async def script(scene: Scene) -> None:
        deliverer = scene.start("shop", "old")
        deliverer.configure(["shop"])
        await scene.spool.put([entry(1, destination="old"), entry(2)])
        await scene.soon(HOUR)
        assert scene.sender.sent == [entry(2).payload]
        assert await scene.state("old") == ("held", "destination_removed", "")
        deliverer.configure(["shop", "old"])
        await scene.soon()
        assert scene.sender.sent == [entry(2).payload, entry(1).payload]

    play(script)


def test_a_reload_tries_held_destinations_again() -> None:
    async def script(scene: Scene) -> None:
        scene.sender.answer = lambda _: Parked("40105", "auth")
        await scene.spool.put([entry(1)])
        deliverer = scene.start()
        await scene.soon()
        scene.sender.answer = lambda _: Accepted()
        deliverer.configure(["shop"])
        await scene.soon()
        assert await scene.state() == ("open", "", "")

    play(script)


def test_a_spool_that_fails_for_a_while_is_asked_again() -> None:
    class Moody(MemorySpool):
        failures = 3

        async def claim(self, *args: Any) -> Any:
            self.failures -= 1
            if self.failures >= 0:
                raise SpoolFull(1, "full")
            return await super().claim(*args)

        async def settle(self, *args: Any) -> int:
            self.failures -= 1
            if self.failures > -4:
                raise SpoolFull(7, "full")
            return await super().settle(*args)

    async def script(scene: Scene) -> None:
        scene.spool = Moody()
        await scene.spool.put([entry(1)])
        scene.start()
        await scene.soon(60)
        assert scene.sender.sizes == [1], (
            "what was sent is not sent again while its outcome waits for the disk"
        )
        assert (await scene.spool.stats()).rows == 0

    play(script)


def test_an_outcome_that_could_not_be_recorded_leaves_the_entry_due_again() -> None:
    class Forgetful(MemorySpool):
        forgot = False

        async def settle(self, *args: Any) -> int:
            if not self.forgot:
                self.forgot = True
                raise RuntimeError("a bug")
            return await super().settle(*args)

    async def script(scene: Scene) -> None:
        scene.spool = Forgetful()
        await scene.spool.put(entries(3))
        scene.start()
        await scene.soon()
        assert (await scene.spool.stats()).pending == {"shop": 3}
        await scene.soon(2)
        assert scene.sender.sizes == [3, 3]
        assert {row.first_ambiguous_at for row in scene.sender.batches[1].rows} == {NOW}

    play(script)


@pytest.mark.parametrize("operation", ["claim", "settle", "purge"])
def test_a_broken_spool_is_reported_and_nothing_more_is_sent(operation: str) -> None:
    async def broken(*_: Any, **__: Any) -> Any:
        raise SpoolBroken("the disk failed")

    async def script(scene: Scene) -> None:
        await scene.spool.put([entry(1)])
        setattr(scene.spool, operation, broken)
        deliverer = scene.start()
        await scene.soon(400)
        assert deliverer.broken.is_set()

    play(script)


def test_draining_finishes_what_is_open_and_claims_no_more() -> None:
    async def script(scene: Scene) -> None:
        scene.sender.gate = asyncio.Event()
        deliverer = scene.start(in_flight=1)
        await scene.spool.put(entries(70))
        await scene.soon()
        draining = asyncio.ensure_future(deliverer.drain(10))
        await scene.soon(9)
        assert not draining.done()
        scene.sender.gate.set()
        await scene.soon()
        assert await draining == 0
        assert scene.sender.sizes == [50]
        assert (await scene.spool.stats()).pending == {"shop": 20}

    play(script)


def test_a_request_still_open_after_the_drain_counts_as_ambiguous() -> None:
    async def script(scene: Scene) -> None:
        scene.sender.gate = asyncio.Event()
        deliverer = scene.start()
        await scene.spool.put([entry(1)])
        await scene.soon()
        draining = asyncio.ensure_future(deliverer.drain(10))
        await scene.soon(10)
        assert await draining == 1
        assert scene.sender.open == 0
        assert await scene.spool.recover() == 1
        (row,) = (await scene.spool.claim("shop", 1, NOW + 20)).rows
        assert (row.first_ambiguous_at, row.attempts) == (NOW, 2)

    play(script)


def test_draining_in_the_middle_of_a_split_puts_the_rest_back() -> None:
    async def script(scene: Scene) -> None:
        scene.sender.answer = lambda batch: Spoiled("1", "x") if len(batch) > 1 else Refused("1", "x")
        scene.sender.gate = asyncio.Event()
        deliverer = scene.start()
        await scene.spool.put(entries(8))
        await scene.soon()
        draining = asyncio.ensure_future(deliverer.drain(10))
        await scene.soon()
        scene.sender.gate.set()
        await scene.soon()
        assert await draining == 0
        assert scene.sender.sizes == [8]
        stats = await scene.spool.stats()
        assert (stats.pending, stats.dead) == ({"shop": 8}, {})
        (row, *_) = (await scene.spool.claim("shop", 1, NOW + 20)).rows
        assert (row.first_ambiguous_at, row.attempts) == (None, 1)

    play(script)


def test_dead_letters_beyond_their_bytes_are_evicted_and_counted() -> None:
    async def script(scene: Scene) -> None:
        scene.policy = Policy(dead_bytes=2 * len(entry(1).payload))
        scene.sender.answer = lambda batch: [Refused("1", str(row.id)) for row in batch.rows]
        await scene.spool.put([entry(number) for number in range(5)])
        deliverer = scene.start()
        await scene.soon()
        assert (await scene.spool.stats()).dead == {"refused": 5}
        await scene.soon(60)
        assert [letter.id for letter in await scene.spool.archive.dead()] == [4, 5]
        assert deliverer.evicted == 3

    play(script)


def test_old_claims_and_dead_letters_are_purged() -> None:
    async def script(scene: Scene) -> None:
        scene.policy = Policy(dead_seconds=1800, outcome_seconds=0)
        scene.sender.answer = lambda b: [
            Accepted() if at else Refused("1", "x") for at, _ in enumerate(b.entries)
        ]
        await scene.spool.put(entries(2500, claim_seconds=600))
        scene.start(batch_max=1000)
        await scene.soon()
        assert (await scene.spool.stats()).dead == {"refused": 3}
        await scene.soon(660)
        assert len(scene.spool.claims) == 3
        await scene.soon(1260)
        assert scene.spool.claims == {}

    play(script)
