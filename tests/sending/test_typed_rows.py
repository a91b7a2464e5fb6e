"""Rows of Parquet files and of databases: nothing is lost on the way to JSON."""

from __future__ import annotations

import sqlite3
import sys
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

import duckdb
import pyarrow as arrow
import pyarrow.parquet as parquet
import pytest
from hypothesis import given
from hypothesis import strategies as st

from router.lang.instants import to_epoch_seconds
from router.sending import Given, Source, SourceUnusable, open_source
from router.sending.cells import plain
from router.sending.databases import password_of
from router.sending.opening import Query
from router.sending.rows import Row, SourceBroken
from router.settings import Settings

NOW = 1_795_219_200
MOMENT = datetime(2026, 11, 21, 10, 30, 15, 123456, UTC)
SECONDS = int(MOMENT.timestamp())


def events(source: Source) -> list[dict[str, Any]]:
    try:
        return [each.event for row in source.rows for each in row.arrivals]
    finally:
        source.close()


def of_parquet(path: Path, **columns: Any) -> list[dict[str, Any]]:
    parquet.write_table(arrow.table(columns), path, row_group_size=2)
    return events(open_source(Given(path), Settings(), lambda: NOW))


def of_query(url: str, sql: str) -> list[dict[str, Any]]:
    return events(open_source(Given(query=Query(sql, url)), Settings(), lambda: NOW))


@given(st.decimals(allow_nan=False, allow_infinity=False, places=4, min_value=-(10**20), max_value=10**20))
def test_a_decimal_keeps_every_digit(value: Decimal) -> None:
    found = plain(value)
    assert Decimal(repr(found) if isinstance(found, float) else found) == value


@given(st.datetimes(datetime(1970, 1, 2), datetime(9999, 12, 30), timezones=st.timezones() | st.none()))
def test_a_moment_keeps_its_second(value: datetime) -> None:
    aware = value if value.tzinfo else value.replace(tzinfo=UTC)
    since = aware - datetime(1970, 1, 1, tzinfo=UTC)
    assert to_epoch_seconds(plain(value)) == since // timedelta(seconds=1)


@pytest.mark.parametrize(
    ("value", "found"),
    [
        (True, True),
        (2**63, 2**63),
        (float("nan"), None),
        (Decimal("NaN"), None),
        (Decimal("12.50"), 12.5),
        (Decimal("1E+3"), 1000),
        (Decimal("12345678901234567.89"), "12345678901234567.89"),
        (date(2026, 11, 21), "2026-11-21"),
        (time(10, 30), "10:30:00"),
        (b"text", "text"),
        (bytes(range(4)), "00010203"),
        (memoryview(b"\xff\xfe"), "fffe"),
        (UUID(int=1), "00000000-0000-0000-0000-000000000001"),
        ({"a": (Decimal("0.10"), None)}, {"a": [0.1, None]}),
    ],
)
def test_values_as_json(value: Any, found: Any) -> None:
    assert plain(value) == found


def test_types_of_parquet(tmp_path: Path) -> None:
    nanos = arrow.array([SECONDS * 10**9 + 123_456_789, None, 0], arrow.timestamp("ns", "Europe/Berlin"))
    items = arrow.list_(arrow.struct([("id", arrow.string()), ("at", arrow.timestamp("ns"))]))
    found = of_parquet(
        tmp_path / "rows.parquet",
        at=nanos,
        naive=arrow.array([MOMENT.replace(tzinfo=None)] * 3, arrow.timestamp("us")),
        price=arrow.array([Decimal("19.90"), Decimal("12345678901234567.89"), None], arrow.decimal128(30, 2)),
        big=arrow.array([2**63 - 1, -(2**63), 2**53 + 1], arrow.int64()),
        share=[0.1, float("nan"), 3.0],
        items=arrow.array([[{"id": "a", "at": 1}], [], None], items),
        kind=arrow.array(["x", "y", "x"]).dictionary_encode(),
        raw=[b"abc", b"\x00\xff", None],
    )
    assert [to_epoch_seconds(each["at"]) for each in (found[0], found[2])] == [SECONDS, 0]
    assert "at" not in found[1]
    assert to_epoch_seconds(found[0]["naive"]) == SECONDS
    assert [each.get("price") for each in found] == [19.9, "12345678901234567.89", None]
    assert [each["big"] for each in found] == [2**63 - 1, -(2**63), 2**53 + 1]
    assert [each.get("share") for each in found] == [0.1, None, 3.0]
    assert [each.get("items") for each in found] == [[{"id": "a", "at": "1970-01-01T00:00:00"}], [], None]
    assert [each.get("kind") for each in found] == ["x", "y", "x"]
    assert [each.get("raw") for each in found] == ["abc", "00ff", None]


def test_a_file_that_is_not_parquet(tmp_path: Path) -> None:
    path = tmp_path / "rows.parquet"
    path.write_bytes(b"PAR1 and nothing of it")
    with pytest.raises(SourceUnusable, match="is not a Parquet file"):
        open_source(Given(path), Settings(), lambda: NOW)


def test_a_damaged_parquet_file_gives_what_stands_before(tmp_path: Path) -> None:
    path = tmp_path / "rows.parquet"
    parquet.write_table(
        arrow.table({"a": [f"{n}" * 50 for n in range(20_000)]}), path,
        row_group_size=5_000, compression="none", use_dictionary=False, write_page_checksum=True,
    )  # fmt: skip
    content = bytearray(path.read_bytes())
    middle = len(content) * 3 // 4
    content[middle : middle + 2000] = b"\xff" * 2000
    path.write_bytes(content)
    source = open_source(Given(path), Settings(), lambda: NOW)
    read: list[Row] = []
    with pytest.raises(SourceBroken, match="damaged"):
        read.extend(source.rows)
    source.close()
    assert len(read) >= 5_000


def test_types_of_sqlite(tmp_path: Path) -> None:
    path = tmp_path / "odd name #1.sqlite"
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE event (name TEXT, amount REAL, big INTEGER, raw BLOB)")
    connection.execute("INSERT INTO event VALUES ('purchase', 12.5, 9007199254740993, x'00ff')")
    connection.execute("INSERT INTO event VALUES (CAST(x'ff41' AS TEXT), NULL, 1, NULL)")
    connection.commit()
    connection.close()
    source = open_source(
        Given(query=Query("SELECT * FROM event", f"sqlite:///{path}")), Settings(), lambda: NOW
    )
    rows = list(source.rows)
    source.close()
    assert rows[0].arrivals[0].event == {"name": "purchase", "amount": 12.5, "big": 2**53 + 1, "raw": "00ff"}
    assert [each.code for each in rows[1].faults] == ["not_utf8"]
    assert source.columns == ("name", "amount", "big", "raw")


def test_types_of_duckdb(tmp_path: Path) -> None:
    path = tmp_path / "rows.duckdb"
    duckdb.connect(str(path)).close()
    sql = (
        "SELECT TIMESTAMPTZ '2026-11-21 11:30:15.123+01' AS at, 19.90::DECIMAL(10, 2) AS price,"
        " 9223372036854775807 AS big, [{'id': 'a', 'price': 0.10::DECIMAL(5, 2)}] AS items,"
        " MAP {'k': 1} AS map, DATE '2026-11-21' AS day, 'NaN'::DOUBLE AS nothing, 'ab'::BLOB AS raw"
    )
    for url in (f"duckdb:///{path}", "duckdb://"):
        row = of_query(url, sql)[0]
        assert to_epoch_seconds(row.pop("at")) == SECONDS
        assert row == {
            "price": 19.9, "big": 2**63 - 1, "items": [{"id": "a", "price": 0.1}], "map": {"k": 1},
            "day": "2026-11-21", "raw": "ab",
        }  # fmt: skip


def test_types_of_postgresql(postgresql: str) -> None:
    sql = (
        "SELECT TIMESTAMPTZ '2026-11-21 11:30:15.123456+01' AS at, 19.90::numeric AS price,"
        " 9223372036854775807 AS big, ARRAY['a', 'b'] AS ids, '{\"id\": 1.5}'::jsonb AS item,"
        " DATE '2026-11-21' AS day, 'infinity'::timestamp AS never, '\\x00ff'::bytea AS raw, true AS yes,"
        " '00000000-0000-0000-0000-000000000001'::uuid AS id, '192.0.2.1'::inet AS ip, NULL AS nothing"
    )
    row = of_query(postgresql, sql)[0]
    assert to_epoch_seconds(row.pop("at")) == SECONDS
    assert row == {
        "price": 19.9, "big": 2**63 - 1, "ids": ["a", "b"], "item": {"id": 1.5}, "day": "2026-11-21",
        "never": "infinity", "raw": "00ff", "yes": True, "id": str(UUID(int=1)), "ip": "192.0.2.1",
    }  # fmt: skip


def test_a_database_is_only_read(tmp_path: Path, postgresql: str) -> None:
    path = tmp_path / "rows.sqlite"
    sqlite3.connect(path).close()
    for url, sql in (
        (f"sqlite:///{path}", "CREATE TABLE t (a)"),
        (postgresql, "CREATE TABLE t (a int)"),
        (postgresql, "INSERT INTO t VALUES (1) RETURNING 1"),
    ):
        with pytest.raises(SourceUnusable, match="refuses the query"):
            of_query(url, sql)


@pytest.mark.parametrize(
    ("url", "sql", "words"),
    [
        ("mysql://host/db", "SELECT 1", "a database is named as sqlite:///FILE"),
        ("rows.sqlite", "SELECT 1", "a database is named as"),
        ("sqlite:///nowhere.sqlite", "SELECT 1", "there is no file nowhere.sqlite"),
        ("duckdb://", "SELECT * FROM nowhere", "nowhere does not exist"),
        ("duckdb://", "SELECT 1 AS a, 2 AS a", "columns 1 and 2 of the query have the same name"),
        ("postgresql://u:pa55word@127.0.0.1:9/db", "SELECT 1", "PostgreSQL cannot be reached"),
        ("{postgresql}", "SELECT * FROM nowhere", 'relation "nowhere" does not exist'),
        ("{postgresql}", "SELEC 1", "syntax error"),
        ("{postgresql}", "SELECT 1 AS a, 2 AS a", "have the same name"),
    ],
)
def test_queries_that_cannot_run(url: str, sql: str, words: str, postgresql: str) -> None:
    with pytest.raises(SourceUnusable) as found:
        of_query(url.format(postgresql=postgresql), sql)
    assert words in str(found.value)
    assert "pa55word" not in str(found.value)


@pytest.mark.parametrize("scheme", ["duckdb", "postgresql"])
def test_a_query_that_fails_in_the_middle_quotes_no_value(scheme: str, postgresql: str) -> None:
    numbers = {"duckdb": "range(5000)", "postgresql": "generate_series(0, 4999)"}[scheme]
    cast = "CAST(CASE WHEN n < 3000 THEN '1' ELSE 'secret' || n END AS INTEGER)"
    sql = " ".join(("SELECT", cast, "AS a FROM", numbers, "AS r(n)"))
    url = "duckdb://" if scheme == "duckdb" else postgresql
    source = open_source(Given(query=Query(sql, url)), Settings(), lambda: NOW)
    with pytest.raises(SourceBroken) as found:
        list(source.rows)
    source.close()
    assert "secret" not in str(found.value)


def test_large_results_are_read_in_portions(postgresql: str) -> None:
    """The first rows come at once, though the query would need hours for all of them."""
    sql = "SELECT n, CASE WHEN n > 5000 THEN pg_sleep(3600) END AS late FROM generate_series(1, 9000) AS r(n)"
    source = open_source(Given(query=Query(sql, postgresql)), Settings(), lambda: NOW)
    assert [next(source.rows).place for _ in range(2000)] == list(range(1, 2001))
    source.close()


@pytest.mark.parametrize(
    ("module", "given", "extra"),
    [
        ("pyarrow", Given(Path("rows.parquet")), "parquet"),
        ("duckdb", Given(query=Query("SELECT 1", "duckdb://")), "duckdb"),
        ("pytz", Given(query=Query("SELECT 1", "duckdb://")), "duckdb"),
        ("psycopg", Given(query=Query("SELECT 1", "postgresql://h/d")), "postgresql"),
    ],
)
def test_a_missing_library_is_named_with_its_extra(
    monkeypatch: pytest.MonkeyPatch, module: str, given: Given, extra: str
) -> None:
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(SourceUnusable) as found:
        open_source(given, Settings(), lambda: NOW)
    assert f"needs {module}" in str(found.value)
    assert f"pip install 'tagwright[{extra}]'" in str(found.value)


def test_the_password_of_a_url() -> None:
    assert password_of("postgresql://me:p%40ss@host/db") == "p@ss"
    assert password_of("sqlite:///rows.sqlite") is None
