"""Spools of earlier versions are brought forward with everything in them; newer ones are left alone."""

import asyncio
import contextlib
import re
from collections.abc import Awaitable, Callable
from pathlib import Path

import apsw
import pytest
from delivery_samples import NOW, delivered, entry
from spool_kinds import unaccounted

from router.delivery.archive import Fate, Route, Settlement
from router.delivery.entry import HOUR, DeadLetter, Entry
from router.delivery.spool import SpoolUnusable
from router.delivery.sqlite import FILE, SqliteSpool
from router.delivery.tables import APPLICATION, VERSION

Use = Callable[[SqliteSpool], Awaitable[None]]
HERE = Path(__file__).parent
OLD = (1, 2, 3)
BEFORE_BOOKS = (1, 2)
PENDING, LEASED, APP, DEAD, SENT = (entry(number) for number in range(5))
WAY_OF_ALL = ("web", "PIXEL", "Purchase", "v1")
WAY = Route("shop", *WAY_OF_ALL)


def using(directory: Path, use: Use) -> None:
    async def run() -> None:
        spool = await SqliteSpool.open(directory)
        try:
            await use(spool)
        finally:
            await spool.close()

    asyncio.run(run())


async def nothing(_: SqliteSpool) -> None:
    pass


def opened(directory: Path) -> contextlib.closing[apsw.Connection]:
    return contextlib.closing(apsw.Connection(str(directory / FILE)))


def _delivery(connection: apsw.Connection, row: int, given: Entry, *more: object) -> None:
    """State, attempts, due, claimed at, first in doubt at."""
    connection.execute(
        "INSERT INTO delivery (id, key, destination, source, source_id, event, event_time, accepted_at,"
        " rules_version, claim_seconds, claim_until, resend_seconds, payload,"
        " state, attempts, due, claimed_at, first_ambiguous_at)"
        " VALUES (?, ?, ?, 'web', 'PIXEL', 'Purchase', ?, ?, 'v1', 172800, NULL, 169200, ?, ?, ?, ?, ?, ?)",
        (row, given.key, given.destination, given.event_time, NOW, given.payload, *more),
    )


def _dead(connection: apsw.Connection, row: int, given: Entry) -> None:
    connection.execute(
        "INSERT INTO dead (id, key, destination, source, source_id, event, event_time, accepted_at,"
        " rules_version, claim_seconds, claim_until, resend_seconds, attempts, first_ambiguous_at, reason,"
        " code, message, request_id, died_at, payload)"
        " VALUES (?, ?, 'shop', 'web', 'PIXEL', 'Purchase', ?, ?, 'v1', 172800, NULL,"
        " 169200, 4, ?, 'refused', '40002', 'said so', 'req-1', ?, ?)",
        (row, given.key, given.event_time, NOW, NOW + 1, NOW + 2, given.payload),
    )


def old_spool(directory: Path, version: int) -> None:
    """The file of an earlier version: one row waits, two are being sent, one is dead, one was sent."""
    directory.mkdir()
    with opened(directory) as connection:
        connection.execute((HERE / f"spool_version_{version}.sql").read_text("utf-8"))
        connection.execute(f"PRAGMA application_id = {APPLICATION}; PRAGMA user_version = {version}")
        _delivery(connection, 7, PENDING, 0, 1, NOW + 30, None, NOW - 7)
        _delivery(connection, 8, LEASED, 1, 2, NOW, NOW, None)
        _delivery(connection, 9, entry(2, destination="app"), 1, 1, NOW, NOW + 1, NOW - 9)
        _dead(connection, 5, DEAD)
        for row, (each, state, expires) in {
            7: (PENDING, 0, None), 8: (LEASED, 0, None), 9: (APP, 0, None),
            5: (DEAD, 2, None), 6: (SENT, 1, NOW + 48 * HOUR),
        }.items():  # fmt: skip
            connection.execute(
                "INSERT INTO dedup (key, state, expires, delivery_id) VALUES (?, ?, ?, ?)",
                (each.key, state, expires, row),
            )


@pytest.mark.parametrize("version", OLD)
def test_every_row_of_an_older_spool_is_there_and_goes_its_way(tmp_path: Path, version: int) -> None:
    async def check(spool: SqliteSpool) -> None:
        assert await spool.recover() == 2
        waiting = {row.id: row for row in await spool.archive.waiting()}
        assert {row: each.entry for row, each in waiting.items()} == {
            7: PENDING, 8: LEASED, 9: entry(2, destination="app"),
        }  # fmt: skip
        assert [(each.attempts, each.first_ambiguous_at, each.crashes) for each in waiting.values()] == [
            (1, NOW - 7, 0), (2, NOW, 1), (1, NOW - 9, 1),
        ]  # fmt: skip
        assert await spool.archive.dead() == [
            DeadLetter(5, DEAD, 4, NOW + 1, "refused", "40002", "said so", "req-1", NOW + 2)
        ]
        assert await spool.put([PENDING, LEASED, APP, DEAD, SENT, entry(99)]) == [False] * 5 + [True]
        assert [row.id for row in (await spool.claim("shop", 9, NOW + 30)).rows] == [8, 10, 7]
        assert await spool.settle(delivered(7, 8, 10), NOW + 31) == 3
        assert await spool.put([entry(4, accepted_at=NOW + 48 * HOUR)]) == [True], "its claim has ended"

    old_spool(tmp_path / "data", version)
    using(tmp_path / "data", check)
    using(tmp_path / "data", nothing)


@pytest.mark.parametrize("version", BEFORE_BOOKS)
def test_the_books_begin_with_what_is_there_and_balance_from_then_on(tmp_path: Path, version: int) -> None:
    async def check(spool: SqliteSpool) -> None:
        books = await spool.archive.books()
        assert dict(books.postings) == {
            ("", "received", ""): 4,
            ("", "routed", ""): 4,
            ("shop", "offered", ""): 3,
            ("shop", "dead", "refused"): 1,
            ("app", "offered", ""): 1,
        }
        assert await unaccounted(spool) == {0}
        await spool.recover()
        rows = [row.id for row in (await spool.claim("shop", 9, NOW + 30)).rows]
        await spool.settle(delivered(*rows), NOW + 31)
        await spool.archive.replay([5], NOW + 31)
        await spool.archive.erase([9], NOW + 31)
        assert await unaccounted(spool) == {0}

    old_spool(tmp_path / "data", version)
    using(tmp_path / "data", check)


@pytest.mark.parametrize("version", OLD)
def test_of_entries_from_before_the_history_tells_what_is_known(tmp_path: Path, version: int) -> None:
    async def check(spool: SqliteSpool) -> None:
        keys = [each.key for each in (PENDING, LEASED, DEAD, SENT)]
        assert (await spool.archive.history(keys, b"")).fates == (
            Fate("dead", 5, None, None, 0, Settlement(NOW + 2, "refused", "40002", "said so", "req-1")),
            Fate("sent", 6, None, None, 0, repeats_until=NOW + 48 * HOUR),
            Fate("pending", 7, WAY, int(NOW), 1, due=NOW + 30, first_ambiguous_at=NOW - 7),
            Fate("sending", 8, WAY, int(NOW), 2, due=NOW),
        )
        assert await spool.archive.routes() == [WAY, Route("app", *WAY_OF_ALL)]
        await spool.archive.replay([5], NOW + 31)
        await spool.claim("shop", 9, NOW + 31)
        await spool.settle(delivered(5), NOW + 32)
        (fate,) = (await spool.archive.history([DEAD.key], b"")).fates
        assert (fate.state, fate.settlement, fate.attempts) == ("sent", Settlement(NOW + 32), 1)

    old_spool(tmp_path / "data", version)
    using(tmp_path / "data", check)


@pytest.mark.parametrize("version", OLD)
def test_an_empty_spool_of_an_older_version_has_empty_books(tmp_path: Path, version: int) -> None:
    async def check(spool: SqliteSpool) -> None:
        assert not (await spool.archive.books()).postings

    old_spool(tmp_path / "data", version)
    with opened(tmp_path / "data") as connection:
        connection.execute("DELETE FROM delivery; DELETE FROM dead; DELETE FROM dedup")
    using(tmp_path / "data", check)


def filled(directory: Path) -> None:
    """Version 3 with what only it has: ends of claims, a letter replayed with other rules, kept events."""
    directory.mkdir()
    with opened(directory) as connection:
        connection.execute((HERE / "spool_version_3.sql").read_text("utf-8"))
        connection.execute(f"PRAGMA application_id = {APPLICATION}; PRAGMA user_version = 3")
        _delivery(connection, 1, entry(1), 0, 0, NOW, None, None)
        _delivery(connection, 2, entry(2), 0, 0, NOW + 9, None, NOW - 9)
        _delivery(connection, 3, entry(3), 1, 1, NOW, NOW + 1, None)
        _delivery(connection, 4, entry(4), 1, 3, NOW, NOW + 2, NOW - 4)
        connection.execute("UPDATE delivery SET rules_version = 'v2' WHERE id = 2")
        connection.execute("UPDATE delivery SET claim_until = ? WHERE id = 3", (NOW + 60,))
        connection.execute("UPDATE delivery SET crashes = 2, why = 'timeout', correlation = 'c' WHERE id = 4")
        connection.execute("INSERT INTO kept VALUES (1, x'7b7d')")
        connection.execute("INSERT INTO route VALUES (7, 'shop', 'web', 'PIXEL', 'Purchase', 'v1')")
        connection.execute("INSERT INTO settlement VALUES (3, ?, '', '', '', 'req-3')", (NOW + 3,))
        connection.execute("UPDATE sqlite_sequence SET seq = 40 WHERE name = 'delivery'")
        for number, state, expires, attempts, said in (
            (1, 0, None, 0, None), (2, 0, None, 0, None), (3, 0, NOW + 60, 0, None), (4, 0, None, 0, None),
            (5, 1, NOW + 48 * HOUR, 2, 3), (6, 3, NOW + 4, 1, 3),
        ):  # fmt: skip
            connection.execute(
                "INSERT INTO dedup VALUES (?, ?, ?, ?, 7, ?, ?, ?)",
                (entry(number).key, state, expires, number, int(NOW), attempts, said),
            )


def test_everything_that_the_version_before_knew_is_known(tmp_path: Path) -> None:
    said = Settlement(NOW + 3, request_id="req-3")

    async def check(spool: SqliteSpool) -> None:
        keys = [entry(number).key for number in range(1, 7)]
        assert (await spool.archive.history(keys, b"")).fates == (
            Fate("pending", 1, WAY, int(NOW), 0, due=NOW),
            Fate("pending", 2, WAY, int(NOW), 0, due=NOW + 9, first_ambiguous_at=NOW - 9),
            Fate("sending", 3, WAY, int(NOW), 1, repeats_until=NOW + 60, due=NOW),
            Fate("sending", 4, WAY, int(NOW), 3, due=NOW, first_ambiguous_at=NOW - 4, why="timeout"),
            Fate("sent", 5, WAY, int(NOW), 2, said, NOW + 48 * HOUR),
            Fate("gone", 6, WAY, int(NOW), 1, said, NOW + 4),
        )
        assert await spool.archive.kept([1, 2]) == {1: b"{}"}
        assert [each.entry.rules_version for each in await spool.archive.waiting(2)] == ["v1", "v2"]
        assert await spool.put([entry(5), entry(6), entry(7)]) == [False, True, True]
        assert await spool.put([entry(3, accepted_at=NOW + 60)]) == [True], "its claim has ended"
        # The two that were being sent are still, each for its own time.
        assert await spool.settle(delivered(4), NOW) == 1
        assert await spool.recover() == 1
        rows = {row.id: row for row in (await spool.claim("shop", 99, NOW + 60)).rows}
        assert list(rows) == [1, 3, 41, 42, 2, 43], "a number is never used again"
        assert (rows[3].attempts, rows[3].first_ambiguous_at, rows[3].crashes) == (2, NOW + 1, 1)
        await spool.settle(delivered(*rows), NOW + 60)
        (fate,) = (await spool.archive.history([entry(2).key], b"")).fates
        assert (fate.state, fate.route, fate.repeats_until) == ("sent", WAY, NOW + 60 + 48 * HOUR)
        (fate,) = (await spool.archive.history([entry(3).key], b"")).fates
        assert (fate.row, fate.repeats_until) == (43, NOW + 60 + 48 * HOUR), "of the entry that took over"

    filled(tmp_path / "data")
    using(tmp_path / "data", check)


def normalised(directory: Path) -> dict[str, tuple[str, list[tuple[object, ...]]]]:
    """Every table and index: its statement without comments and spacing, and its columns."""
    with opened(directory) as connection:
        found = connection.execute("SELECT name, coalesce(sql, '') FROM sqlite_master").fetchall()
        columns = 'SELECT name, type, "notnull", dflt_value, pk FROM pragma_table_info(?) ORDER BY cid'
        return {
            str(name): (_bare(str(sql)), connection.execute(columns, (name,)).fetchall())
            for name, sql in found
        }


def _bare(sql: str) -> str:
    return re.sub(r"\s+|[\"']", "", re.sub(r"--.*", "", sql))


@pytest.mark.parametrize("version", OLD)
def test_a_migrated_schema_is_the_fresh_one(tmp_path: Path, version: int) -> None:
    old_spool(tmp_path / "old", version)
    using(tmp_path / "old", nothing)
    using(tmp_path / "fresh", nothing)
    assert normalised(tmp_path / "old") == normalised(tmp_path / "fresh")
    with opened(tmp_path / "old") as connection:
        assert (connection.pragma("user_version"), connection.pragma("application_id")) == (
            VERSION, APPLICATION,
        )  # fmt: skip
        assert connection.pragma("integrity_check") == "ok"


@pytest.mark.parametrize("version", OLD)
def test_a_migration_that_fails_leaves_the_file_as_it_was(tmp_path: Path, version: int) -> None:
    old_spool(tmp_path / "data", version)
    with opened(tmp_path / "data") as connection:
        connection.execute(f"CREATE TABLE {'posting' if version in BEFORE_BOOKS else 'fate'} (theirs)")
    before = normalised(tmp_path / "data")
    with pytest.raises(apsw.SQLError, match=r"(posting|fate) already exists"):
        using(tmp_path / "data", nothing)
    assert normalised(tmp_path / "data") == before
    with opened(tmp_path / "data") as connection:
        assert connection.pragma("user_version") == version


@pytest.mark.parametrize("version", [VERSION + 1, 99])
def test_a_newer_spool_is_refused_untouched(tmp_path: Path, version: int) -> None:
    using(tmp_path / "data", nothing)
    with opened(tmp_path / "data") as connection:
        connection.execute(f"PRAGMA user_version = {version}")
    before = (tmp_path / "data" / FILE).read_bytes()
    with pytest.raises(SpoolUnusable) as refused:
        using(tmp_path / "data", nothing)
    assert f"newer version (schema {version}, this one knows {VERSION})\n  fix: " in str(refused.value)
    assert (tmp_path / "data" / FILE).read_bytes() == before
