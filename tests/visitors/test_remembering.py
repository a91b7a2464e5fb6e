"""From one event of a visitor to the next: which click, for how long, for whom."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path

import apsw
import pytest

from router.delivery.spool import SpoolUnusable
from router.functions.identity import hash_email, hash_id
from router.settings import Visitors
from router.visitors import VisitorMemory, forget_kept, open_visitors, recall_kept

from .meeting import ALL, DAY, NOW, arrival, clicks, landing, met, with_memory


def test_a_purchase_without_a_browser_gets_the_click_of_the_page_view(tmp_path: Path) -> None:
    purchase = arrival("purchase", at=NOW + 60, anonymous_id="a-1")
    known = met(tmp_path, landing("c-1", anonymous_id="a-1", cookies={"_ttp": "b-1"}), purchase)
    assert not known[0]
    given = known[1].given_to(purchase)
    assert given.event["meta"] == {
        "format": "standard",
        "remembered": {
            "ttclid": "c-1", "ttclid_at": NOW, "ttclid_event": "page_view",
            "page_url": "https://shop.example/?ttclid=c-1",
            "ttp": "b-1", "ttp_at": NOW, "ttp_event": "page_view",
        },
    }  # fmt: skip
    assert "remembered" not in purchase.event["meta"]


def test_from_anonymous_to_known(tmp_path: Path) -> None:
    journey = (
        landing("c-1", anonymous_id="a-1"),
        arrival("sign_up", anonymous_id="a-1", id="u-1"),
        arrival("purchase", id="u-1"),
        arrival("purchase", id="u-2"),
        arrival("purchase", email="ada@example.com"),
    )
    assert clicks(tmp_path, *journey) == [None, "c-1", "c-1", None, None]


def test_within_one_request_the_order_counts(tmp_path: Path) -> None:
    async def script(memory: VisitorMemory) -> list[tuple[str, ...]]:
        both = [landing("c-1", id="u-1"), arrival("purchase", id="u-1"), arrival("purchase")]
        return [each.names for each in await memory.meet(both, NOW)]

    assert with_memory(tmp_path, script) == [(), ("ttclid",), ()]


@pytest.mark.parametrize(
    ("click", "wanted"), [("newest", ["c-1", "c-2", "c-2"]), ("first", ["c-1", "c-1", "c-1"])]
)
def test_the_newest_click_counts_or_the_first(tmp_path: Path, click: str, wanted: list[str]) -> None:
    choice = replace(ALL, click=click)  # type: ignore[arg-type]  # one of its two words
    visits = [landing(f"c-{day}", id="u-1", at=NOW + day * DAY) for day in (1, 2)]
    late = landing("c-0", id="u-1", at=NOW - DAY)
    if click == "newest":
        visits.append(late)
    asked = arrival(id="u-1", at=NOW + 3 * DAY)
    found = clicks(tmp_path, *(each for visit in visits for each in (visit, asked)), wanted=choice)
    assert found[1::2] == wanted[: len(visits)]


def test_a_cookies_click_never_replaces_a_known_one(tmp_path: Path) -> None:
    old = arrival(id="u-1", at=NOW + DAY, cookies={"ttclid": "c-old"})
    assert clicks(tmp_path, old, landing("c-1", id="u-1"), old, old) == [None, "c-old", "c-1", "c-1"]


def test_a_click_ends_after_its_days_however_often_it_is_told(tmp_path: Path) -> None:
    days = (0, 10, 29, 31, 31)
    told = [
        arrival(id="u-1", at=NOW + day * DAY, cookies={"ttclid": "c-1"} if day < 31 else {}) for day in days
    ]
    assert clicks(tmp_path, *told) == [None, "c-1", "c-1", None, None]


@pytest.mark.parametrize("consent", [None, {}, {"advertising": "yes"}, {"analytics": True}])
def test_without_consent_nothing_is_kept_and_nothing_is_given(tmp_path: Path, consent: object) -> None:
    silent = landing("c-1", id="u-1", consent=consent)
    assert clicks(tmp_path, silent, arrival(id="u-1")) == [None, None]
    assert clicks(tmp_path, landing("c-2", id="u-2"), arrival(id="u-2", consent=consent)) == [None, None]


def test_a_refusal_removes_what_was_known(tmp_path: Path) -> None:
    unread = {"advertising": False, "unread": True}
    journey = (
        landing("c-1", id="u-1"),
        arrival(id="u-1", consent=unread),
        arrival(id="u-1"),
        arrival(id="u-1", consent=False),
        arrival(id="u-1"),
    )
    assert clicks(tmp_path, *journey) == [None, None, "c-1", None, None]


def test_the_oldest_go_when_there_are_too_many(tmp_path: Path) -> None:
    few = replace(ALL, rows=100)
    visits = [landing(f"c-{number}", id=f"u-{number}", at=NOW + number) for number in range(150)]

    async def script(memory: VisitorMemory) -> int:
        for each in visits:
            await memory.meet([each], each.now)
        return memory.rows

    assert with_memory(tmp_path, script, few) <= 100
    assert clicks(tmp_path, arrival(id="u-0", at=NOW), arrival(id="u-149", at=NOW), wanted=few) == [
        None,
        "c-149",
    ]


def test_what_is_too_old_leaves_the_file(tmp_path: Path) -> None:
    met(tmp_path, landing("c-1", id="u-1"), arrival(id="u-2", at=NOW + 32 * DAY))
    with_memory(tmp_path, lambda memory: memory.meet([arrival(id="u-3", at=NOW + 32 * DAY)], NOW + 32 * DAY))

    async def rows(memory: VisitorMemory) -> int:
        return memory.rows

    assert with_memory(tmp_path, rows) == 0


def test_it_survives_the_end_of_the_process_and_holds_no_key_in_clear(tmp_path: Path) -> None:
    assert clicks(tmp_path, landing("c-1", id="user-in-clear", email="ada@example.com")) == [None]
    assert clicks(tmp_path, arrival(email="ADA@example.com ")) == ["c-1"]
    content = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    hashes = [hash_id.code("user-in-clear"), hash_email.code("ada@example.com")]
    assert all(each is not None and each.encode() not in content for each in hashes)
    assert b"user-in-clear" not in content
    assert b"ada@example" not in content


def test_a_person_is_forgotten_with_all_that_shares_the_click(tmp_path: Path) -> None:
    met(
        tmp_path,
        landing("c-1", anonymous_id="a-1"),
        arrival("sign_up", anonymous_id="a-1", email="ada@example.com"),
        landing("c-2", anonymous_id="a-2"),
    )

    async def script(memory: VisitorMemory) -> list[int]:
        hashed = hash_email.code("ada@example.com")
        return [await memory.forget([str(hashed)]), await memory.forget([str(hashed)])]

    assert with_memory(tmp_path, script) == [2, 0]
    assert clicks(tmp_path, arrival(anonymous_id="a-1"), arrival(anonymous_id="a-2")) == [None, "c-2"]


def test_forgetting_without_a_daemon(tmp_path: Path) -> None:
    assert with_memory(tmp_path, lambda memory: memory.meet([landing("c-1", id="u-1")], NOW))

    hashed = str(hash_id.code("u-1"))
    assert asyncio.run(forget_kept(tmp_path, [hashed])) == 1
    assert asyncio.run(forget_kept(tmp_path / "elsewhere", [hashed])) == 0
    assert not (tmp_path / "elsewhere").exists()


def test_a_look_from_outside_notes_nothing(tmp_path: Path) -> None:
    met(tmp_path, landing("c-1", id="u-1"))
    asked = arrival("purchase", at=NOW + 60, id="u-1", tiktok={"ttp": "b-9"})
    for _ in range(2):
        known = recall_kept(tmp_path, ALL, asked)
        assert known.names == ("ttclid",)
    assert not recall_kept(tmp_path, Visitors(), asked)
    assert not recall_kept(tmp_path / "elsewhere", ALL, asked)
    assert not recall_kept(tmp_path, ALL, arrival(id="u-1", consent=False))
    (tmp_path / "visitors.sqlite").write_bytes(b"not a database at all" * 100)
    assert not recall_kept(tmp_path, ALL, asked)


def test_a_damaged_file_is_begun_anew(tmp_path: Path) -> None:
    (tmp_path / "visitors.sqlite").write_bytes(b"not a database at all" * 100)
    assert clicks(tmp_path, landing("c-1", id="u-1"), arrival(id="u-1")) == [None, "c-1"]


def test_a_file_of_another_version_is_begun_anew(tmp_path: Path) -> None:
    met(tmp_path, landing("c-1", id="u-1"))
    connection = apsw.Connection(str(tmp_path / "visitors.sqlite"))
    connection.execute("PRAGMA user_version = 99")
    connection.close()
    assert not recall_kept(tmp_path, ALL, arrival(id="u-1"))
    assert clicks(tmp_path, arrival(id="u-1")) == [None]


def test_a_file_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "visitors.sqlite").mkdir()
    with pytest.raises(SpoolUnusable, match="cannot be opened"):
        met(tmp_path, arrival(id="u-1"))


def test_where_nothing_is_remembered_nothing_stays(tmp_path: Path) -> None:
    met(tmp_path, landing("c-1", id="u-1"))
    assert asyncio.run(open_visitors(tmp_path, Visitors())) is None
    assert list(tmp_path.iterdir()) == []
    assert not (tmp_path / "visitors.sqlite").exists()
