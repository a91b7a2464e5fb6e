"""The desk over a spool in memory: what operators ask, and what they may change."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from router.delivery.account import Account, Record, event_ref
from router.delivery.clock import ManualClock
from router.delivery.entry import HOUR, DeadLetter, Entry, dedup_key
from router.delivery.memory import MemorySpool
from router.delivery.retry import Policy
from router.delivery.spool import Buried, Delivered, Rescheduled
from router.desk import Desk
from router.desk.erasure import Person, person_of
from router.desk.keeping import pack, unpack
from router.desk.letters import HIDDEN, shown_payload
from router.functions.identity import hash_email, hash_id
from router.lang.outcome import Arrival

NOW = 1_795_219_200.0
ADA = "ada@example.com"
SECRET = "marker-of-a-person"


def entry(name: str, user: dict[str, Any] | None = None, **changes: Any) -> Entry:
    payload = {"event": "Purchase", "event_id": name, "user": user or {"ip": SECRET}}
    fields: dict[str, Any] = {
        "key": dedup_key("web", "PIXEL", "Purchase", name),
        "destination": "shop",
        "source": "web",
        "source_id": "PIXEL",
        "event": "CompletePayment",
        "payload": json.dumps(payload).encode(),
        "event_time": int(NOW),
        "accepted_at": NOW,
        "rules_version": "v1",
    }
    return Entry(**fields | changes)


class Room:
    """A desk and the spool below it."""

    def __init__(self, rework: Callable[[Arrival, DeadLetter], Entry | str] | None = None) -> None:
        self.spool = MemorySpool()
        self.clock = ManualClock(NOW)
        self.desk = Desk(self.spool.archive, self.clock, Policy(), rework)

    async def bury(self, *entries: Entry, reason: str = "refused", code: str = "40002") -> None:
        await self.spool.put(entries)
        rows = (await self.spool.claim("shop", 100, NOW)).rows
        await self.spool.settle([Buried(row.id, reason, code, "no good", "req-1") for row in rows], NOW)

    async def ask(self, question: str, **asked: Any) -> dict[str, Any]:
        return await self.desk.ask(question, asked)


def play(script: Callable[[], Awaitable[None]]) -> None:
    async def whole() -> None:
        await script()

    asyncio.run(whole())


def test_dead_letters_are_counted_by_kind_and_listed_up_to_a_limit() -> None:
    async def script() -> None:
        room = Room()
        await room.bury(*(entry(f"a-{number}") for number in range(3)))
        await room.bury(entry("b"), reason="too_old", code="")
        answer = await room.ask("dead", limit=2)
        assert [each["event_id"] for each in answer["letters"]] == ["a-0", "a-1"]
        assert answer["groups"] == [
            {"destination": "shop", "reason": "refused", "code": "40002", "count": 3},
            {"destination": "shop", "reason": "too_old", "code": "", "count": 1},
        ]
        assert [each["event_id"] for each in (await room.ask("dead", reason="too_old"))["letters"]] == ["b"]
        assert SECRET not in json.dumps(answer)

    play(script)


def test_ages_choose() -> None:
    async def script() -> None:
        room = Room()
        await room.bury(entry("a"))
        await room.clock.advance(100)
        for asked, count in (
            ({"older": 99}, 1),
            ({"older": 101}, 0),
            ({"newer": 101}, 1),
            ({"newer": 99}, 0),
        ):
            assert len((await room.ask("dead", **asked))["letters"]) == count

    play(script)


def test_a_replay_leaves_what_must_stay() -> None:
    async def script() -> None:
        room = Room()
        await room.bury(entry("plain"), entry("unclear"), entry("came-again"))
        unclear = room.spool.letters[2]
        room.spool.letters[2] = replace(unclear, first_ambiguous_at=NOW - 48 * HOUR)
        room.spool.claims[room.spool.letters[3].entry.key].state = "gone"
        await room.spool.put([entry("came-again")])
        foreseen = await room.ask("replay", dry_run=True)
        assert foreseen["counts"] == {"queued": 1, "late": 1, "claimed": 1}
        assert len(room.spool.letters) == 3
        assert (await room.ask("replay"))["counts"] == foreseen["counts"]
        assert sorted(room.spool.letters) == [2, 3]
        assert (await room.ask("replay", ids=[2], force=True))["counts"] == {"queued": 1}
        assert room.spool.rows[2].first_ambiguous_at is None

    play(script)


def test_a_dry_run_foresees_what_would_die_again() -> None:
    async def script() -> None:
        room = Room()
        await room.bury(entry("old", event_time=int(NOW - 400 * 24 * HOUR)), reason="too_old", code="")
        assert (await room.ask("replay", dry_run=True))["counts"] == {"would die again: too_old": 1}

    play(script)


def test_rules_run_again_over_the_event_as_it_came() -> None:
    def rework(arrival: Arrival, letter: DeadLetter) -> Entry | str:
        if arrival.event["id"] == "gone":
            return "the rules now skip it: no consent"
        payload = {
            "event": "Purchase",
            "event_id": arrival.event["id"],
            "user": {"email": "e"},
            "limited": True,
        }
        return letter.entry._replace(payload=json.dumps(payload).encode(), rules_version="v2")

    async def script() -> None:
        room = Room(rework)
        kept = {name: pack(Arrival({"id": name}, int(NOW))) for name in ("new", "gone")}
        await room.bury(entry("new", kept=kept["new"]), entry("gone", kept=kept["gone"]), entry("not-kept"))
        answer = await room.ask("replay", rerun_rules=True)
        assert answer["counts"] == {
            "queued": 1,
            "the rules now skip it: no consent": 1,
            "its event was not kept": 1,
        }
        assert answer["changes"] == [
            {
                "id": 1,
                "event_id": "new",
                "added": ["limited", "user.email"],
                "removed": ["user.ip"],
                "changed": [],
            }
        ]
        assert room.spool.rows[1].entry.rules_version == "v2"

    play(script)


def test_without_rules_there_are_none_to_run_again() -> None:
    async def script() -> None:
        assert "error" in await Room().ask("replay", rerun_rules=True)
        assert "error" in await Room().ask("no such question")
        assert "error" in await Room().ask("letter", id=7)

    play(script)


def test_a_purge_frees_the_events() -> None:
    async def script() -> None:
        room = Room()
        await room.bury(entry("a"), entry("b"))
        assert await room.ask("purge", reason="too_old") == {"purged": 0}
        assert await room.ask("purge", ids=[1]) == {"purged": 1}
        assert await room.spool.put([entry("a"), entry("b")]) == [True, False]

    play(script)


def test_an_event_is_traced_by_either_of_its_ids() -> None:
    async def script() -> None:
        room = Room()
        made = entry("sent-as")
        record = Record(event_ref("came-as"), NOW, "send", "", "shop", "purchase", "", "v1", "", made.key)
        skip = Record(event_ref("came-as"), NOW, "skip", "no consent", "other", "purchase", "a.rules:3", "v1")
        await room.spool.put([made, entry("waits")], Account(records=[record, skip]))
        first, second = (await room.spool.claim("shop", 2, NOW)).rows
        await room.spool.settle([Delivered(first.id, "req-9")], NOW + 5)
        await room.spool.settle([Rescheduled(second.id, NOW + 60, NOW, why="server:50000")], NOW + 5)
        for event_id in ("sent-as", "came-as"):
            (traced,) = (await room.ask("why", event_id=event_id))["entries"]
            assert (traced["state"], traced["request_id"], traced["settled_at"]) == ("sent", "req-9", NOW + 5)
        (decision,) = (await room.ask("why", event_id="came-as"))["decisions"]
        assert (decision["outcome"], decision["reason"], decision["place"]) == (
            "skip",
            "no consent",
            "a.rules:3",
        )
        (waiting,) = (await room.ask("why", event_id="waits"))["entries"]
        assert (waiting["state"], waiting["why"], waiting["due"]) == ("pending", "server:50000", NOW + 60)
        assert (await room.ask("why", event_id="neither"))["entries"] == []

    play(script)


def test_erasure_finds_a_person_by_value_and_by_hash_wherever_it_stands() -> None:
    hashed = str(hash_email.code(ADA))

    async def script() -> None:
        for person in (ADA, f"  {ADA.upper()} ", hashed):
            room = Room()
            await room.bury(entry("dead", {"email": hashed}), entry("somebody", {"email": "0" * 64}))
            await room.spool.put([
                entry("waits", {"email": ["1" * 64, hashed]}),
                entry("kept", kept=pack(Arrival({"user": {"email": ADA}, "id": "x"}, 0))),
                entry("not-a-person", {"ip": "1.2.3.4"}, kept=pack(Arrival({"user": {}, "id": ADA}, 0))),
            ])  # fmt: skip
            assert await room.ask("erase", email=person) == {"erased": 3}
            left = {json.loads(row.entry.payload)["event_id"] for row in room.spool.rows.values()}
            assert left == {"not-a-person"}
            assert list(room.spool.letters) == [2]
            assert sorted(room.spool.kept) == [5]

    play(script)


@pytest.mark.parametrize(
    "named",
    [{"email": "nobody"}, {"phone": "12"}, {"external_id": "undefined"}, {"phone": "0170 1234567"}, {}],
)
def test_who_cannot_be_named_is_not_erased(named: dict[str, str]) -> None:
    async def script() -> None:
        answer = await Room().ask("erase", **named)
        assert "error" in answer
        assert not any(value in answer["error"] for value in named.values())

    play(script)


def test_a_national_number_needs_its_country() -> None:
    person = person_of(phone="0170 1234567", country="DE")
    assert isinstance(person, Person)
    assert person.is_in({"phone": "+49 170 123-4567"})
    assert "170" not in repr(person)


@given(st.text(min_size=1).filter(lambda text: hash_id.code(text) is not None))
def test_whatever_the_rules_hash_an_erasure_finds(value: str) -> None:
    person = person_of(external_id=value)
    assert isinstance(person, Person)
    assert person.is_in({"user": {"external_id": [hash_id.code(value)]}})


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.text(),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    )
)
def test_a_hidden_payload_keeps_its_shape_and_none_of_its_values(value: Any) -> None:
    letter = DeadLetter(1, entry("x", {"deep": value}), 1, None, "refused", "", "", "", NOW)
    shown = shown_payload(letter, reveal=False)
    assert shown["event_id"] == "x"
    assert set(_leaves(shown["user"])) <= {HIDDEN}
    assert shown_payload(letter, reveal=True) == json.loads(letter.entry.payload)


def _leaves(value: Any) -> list[Any]:
    if isinstance(value, dict):
        return [leaf for each in value.values() for leaf in _leaves(each)]
    if isinstance(value, list):
        return [leaf for each in value for leaf in _leaves(each)]
    return [value]


@given(st.dictionaries(st.text(), st.integers() | st.floats(allow_nan=False) | st.text() | st.none()))
def test_a_kept_event_comes_back_as_it_was(event: dict[str, Any]) -> None:
    arrival = Arrival(event, 7, {"_ttp": "x"}, {"user-agent": "y"})
    assert unpack(pack(arrival)) == arrival
