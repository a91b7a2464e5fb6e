"""`tagwright send` against a TikTok of this machine: what arrives, what is told, how it ends."""

from __future__ import annotations

import fcntl
import json
import sqlite3
import time
from collections import Counter
from functools import partial
from pathlib import Path
from typing import Any

import pyarrow as arrow
import pyarrow.parquet as parquet
import pytest
from warehouses import TOKEN, Warehouse

from router.delivery.retry import Policy
from router.delivery.surroundings import LaneSettings
from router.sending.job import paced
from router.tiktok.mock import MockTikTok, Scripted

HEADER = "event_name,event_id,event_time,email,value,currency,consent,vin\n"
REFUSED = "TikTok takes seventeen characters"


def line(number: int, name: str = "purchase", **cells: str) -> str:
    usual = {
        "event_id": f"e{number}", "event_time": str(int(time.time())), "email": f"p{number}@shop.example",
        "value": "12.50", "currency": "EUR", "consent": "true", "vin": "",
    } | cells  # fmt: skip
    return ",".join([name, *usual.values()]) + "\n"


def table(*lines: str) -> str:
    return HEADER + "".join(lines)


def ids(*numbers: int) -> list[str]:
    return sorted(f"e{number}" for number in numbers)


def test_every_row_arrives_once(warehouse: Warehouse) -> None:
    result = warehouse.send(warehouse.file("rows.csv", table(*map(line, range(120)))))
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout.splitlines() == ["rows        120", "sent        120"]
    assert warehouse.counted() == ids(*range(120))
    first = warehouse.tiktok.counted()[0]
    assert (first["event"], first["payload"]["properties"]["value"]) == ("Purchase", 12.5)


def test_the_summary_has_every_outcome_with_its_reason(warehouse: Warehouse) -> None:
    rows = table(
        line(1), line(1), line(2, consent="false"), line(3, "ping"), line(4, "wobble"), "purchase,ragged\n",
        line(5, email="a@test.example"), line(6, value="much"), "purchase,e7,,,,,,\xff\n",
    )  # fmt: skip
    path = warehouse.file("rows.csv", rows.encode("latin-1"))
    result = warehouse.send(path)
    assert result.exit_code == 1
    assert result.stdout.splitlines() == [
        "rows        9",
        "rejected    1 ragged_row: the row has more or fewer cells than the header (line 7)",
        "rejected    1 not_utf8: a text of the row is not in the encoding of the file (line 10)",
        "skipped     1 not_for_source",
        "skipped     1 row_condition",
        "dropped     1 test row",
        "unhandled   1 no rule knows their event name",
        "duplicates  1 taken before",
        "sent        2",
        "left out    1 event.value: not a number",
    ]
    assert warehouse.counted() == ids(1, 6)


def test_intended_skips_and_duplicates_are_no_failure(warehouse: Warehouse) -> None:
    rows = table(line(1), line(1), line(2, consent="false"), line(3, "ping"))
    report = warehouse.report(warehouse.file("rows.csv", rows))
    assert (report["clean"], report["sent"], report["duplicates"]) == (True, 1, 1)
    assert report["skipped"] == {"row_condition": 1, "not_for_source": 1}


def test_the_same_file_is_not_sent_again(warehouse: Warehouse) -> None:
    path = warehouse.file("rows.csv", table(*map(line, range(3))))
    warehouse.send(path)
    again = warehouse.send(warehouse.file("renamed.csv", Path(path).read_bytes()))
    assert again.exit_code == 0
    assert again.stdout.splitlines() == [
        "rows        0, after 3 of earlier runs",
        "sent        0",
        "All rows were taken by earlier runs; --from-start reads them again.",
    ]
    assert warehouse.report(path, "--from-start")["duplicates"] == 3
    assert warehouse.report(path)["rows_of_earlier_runs"] == 3
    assert warehouse.tiktok.stats()["merged"] == 0


def test_a_file_that_changed_is_read_from_its_start(warehouse: Warehouse) -> None:
    rows = [line(number) for number in range(3)]
    warehouse.send(warehouse.file("rows.csv", table(*rows)))
    report = warehouse.report(warehouse.file("rows.csv", table(*rows, line(3))))
    assert (report["rows"], report["duplicates"], report["sent"]) == (4, 3, 1)
    assert warehouse.counted() == ids(*range(4))


def test_a_limit_is_taken_up_where_it_ended(warehouse: Warehouse) -> None:
    path = warehouse.file("rows.csv", table(*map(line, range(5)), "broken\n", *map(line, range(5, 8))))
    assert warehouse.report(path, "--limit", "3")["sent"] == 3
    assert warehouse.counted() == ids(0, 1, 2)
    second = warehouse.report(path, "--limit", "3")
    assert (second["rows_of_earlier_runs"], second["sent"]) == (3, 2)
    assert second["rejected"][0]["first_lines"] == [7]
    assert warehouse.report(path)["sent"] == 3
    assert warehouse.tiktok.stats()["counted"] == 8


def test_rows_without_an_id_are_known_by_their_content(warehouse: Warehouse) -> None:
    rows = table(line(1, event_id=""), line(1, event_id="", value="13"), line(1, event_id=""))
    path = warehouse.file("rows.csv", rows)
    report = warehouse.report(path)
    assert (report["sent"], report["duplicates"]) == (2, 1)
    assert warehouse.report(path, "--from-start")["duplicates"] == 3
    assert all(each.startswith("auto-") for each in warehouse.counted())


def test_every_kind_of_source(warehouse: Warehouse, postgresql: str) -> None:
    now = int(time.time())

    def event(event_id: str) -> dict[str, Any]:
        return {"event_name": "view", "event_id": event_id, "event_time": now, "value": 1.5}

    lines = "".join(json.dumps(event(f"n{number}")) + "\n" for number in range(2))
    parquet.write_table(arrow.Table.from_pylist([event("p0"), event("p1")]), "rows.parquet")
    connection = sqlite3.connect("rows.sqlite")
    connection.execute("CREATE TABLE event (event_name, event_id, event_time, value)")
    connection.executemany(
        "INSERT INTO event VALUES (:event_name, :event_id, :event_time, :value)", [event("s0")]
    )
    connection.commit()
    connection.close()
    selected = "SELECT 'view' AS event_name, {} AS event_id, now() AS event_time"
    reports = [
        warehouse.report(warehouse.file("rows.ndjson", lines)),
        warehouse.report("rows.parquet"),
        warehouse.report("-", "--as", "csv", given=table(line(0, "view"))),
        warehouse.report("-", "--as", "ndjson", given=json.dumps(event("i0"))),
        warehouse.report("--query", "SELECT * FROM event", "--database", "sqlite:///rows.sqlite"),
        warehouse.report("--query", selected.format("'d0'"), "--database", "duckdb://"),
        warehouse.report("--query", selected.format("'g0'"), "--database", postgresql),
    ]
    assert [report["sent"] for report in reports] == [2, 2, 1, 1, 1, 1, 1]
    assert warehouse.counted() == ["d0", "e0", "g0", "i0", "n0", "n1", "p0", "p1", "s0"]


def test_the_same_query_sends_nothing_twice(warehouse: Warehouse) -> None:
    sql = "SELECT 'view' AS event_name, 'q' || range AS event_id, now() AS event_time FROM range({})"
    warehouse.report("--query", sql.format(3), "--database", "duckdb://")
    again = warehouse.report("--query", sql.format(5), "--database", "duckdb://")
    assert (again["duplicates"], again["sent"]) == (3, 2)


def test_ndjson_of_another_format_with_its_rules(warehouse: Warehouse) -> None:
    track = {
        "type": "track", "event": "Products Searched", "messageId": "m1", "userId": "u1",
        "timestamp": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
    }  # fmt: skip
    path = warehouse.file("rows.ndjson", json.dumps(track))
    report = warehouse.report(path, "--format", "segment", "--rules", "standard.rules", "--no-tests")
    assert (report["rows"], sum(report["skipped"].values())) == (1, 1)


def test_a_dry_run_judges_sends_nothing_and_keeps_nothing(warehouse: Warehouse) -> None:
    warehouse.environment.pop("TIKTOK_TOKEN")
    path = warehouse.file("rows.csv", table(line(1), line(2, vin=REFUSED), line(3, consent="false")))
    for _ in range(2):
        report = warehouse.report(path, "--dry-run")
        assert (report["rows"], report["sent"], report["duplicates"]) == (3, 1, 0)
        assert sum(report["dead"].values()) == 1
        assert "error" in {each["severity"] for each in report["findings"]}
    assert warehouse.tiktok.requests() == []
    assert not (warehouse.folder / "tagwright-send").exists()
    lines = warehouse.send(path, "--dry-run").stdout.splitlines()
    assert "would send  1" in lines


def test_a_bad_token_stops_and_keeps_everything(warehouse: Warehouse) -> None:
    path = warehouse.file("rows.csv", table(*map(line, range(40))))
    warehouse.tiktok.revoke(TOKEN)
    stopped = warehouse.send(path)
    assert stopped.exit_code == 1
    assert "sent        0" in stopped.stdout
    assert "Stopped: tiktok_web: auth, code 40105. TikTok does not take the token" in stopped.stdout
    assert "the same command goes on from here. What waits is in tagwright-send." in stopped.stdout
    warehouse.environment["TIKTOK_TOKEN"] = "token-that-is-good"
    going_on = warehouse.report(path)
    assert (going_on["ending"], going_on["sent"], going_on["waiting"]) == ("done", 40, {})
    assert warehouse.counted() == ids(*range(40))


def test_the_store_may_still_hold_rows_of_another_source(warehouse: Warehouse) -> None:
    warehouse.tiktok.revoke(TOKEN)
    warehouse.send(warehouse.file("first.csv", table(line(1))))
    warehouse.environment["TIKTOK_TOKEN"] = "token-that-is-good"
    report = warehouse.report(warehouse.file("second.csv", table(line(2))))
    assert (report["rows"], report["sent"]) == (1, 2)
    assert warehouse.counted() == ids(1, 2)


def test_what_tiktok_refuses_is_dead_with_its_code(warehouse: Warehouse) -> None:
    path = warehouse.file("rows.csv", table(*map(line, range(10)), line(10, vin=REFUSED)))
    result = warehouse.send(path)
    assert result.exit_code == 1
    assert warehouse.counted() == ids(*range(10))
    assert "dead        1 refused 40002" in result.stdout
    assert "tagwright dead list --data tagwright-send shows the dead ones." in result.stdout


def test_failures_that_pass_are_sat_out(warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("router.daemon.tuning.Policy", partial(Policy, backoff_base=0.1))
    warehouse.tiktok.script(Scripted(status=502, times=2))
    report = warehouse.report(warehouse.file("rows.csv", table(*map(line, range(3)))))
    assert (report["ending"], report["sent"]) == ("done", 3)
    assert warehouse.counted() == ids(0, 1, 2)


def test_events_that_are_too_old_are_not_sent(warehouse: Warehouse) -> None:
    old = str(int(time.time()) - 30 * 86_400)
    report = warehouse.report(warehouse.file("rows.csv", table(line(1), line(2, event_time=old))))
    assert (report["sent"], report["dead"]) == (1, {"too_old": 1})


def test_batches_are_as_large_as_asked(warehouse: Warehouse) -> None:
    path = warehouse.file("rows.csv", table(*map(line, range(30))))
    assert warehouse.report(path, "--batch", "7", "-q")["sent"] == 30
    sizes = Counter(len(each["body"]["data"]) for each in warehouse.tiktok.requests())
    assert max(sizes) == 7


@pytest.mark.parametrize("rate", [0.1, 0.5, 1.0, 3.0, 49.0, 50.0, 333.0, 1e6])
def test_a_rate_is_never_exceeded(rate: float) -> None:
    lanes = paced(LaneSettings(), rate)
    assert lanes.batch_max * lanes.requests_per_second <= max(rate, 1e-9) * 1.0001
    assert lanes.batch_max <= LaneSettings().batch_max
    assert lanes.requests_per_second <= LaneSettings().requests_per_second


def test_a_rate_spreads_the_requests(warehouse: Warehouse) -> None:
    path = warehouse.file("rows.csv", table(*map(line, range(6))))
    began = time.monotonic()
    assert warehouse.report(path, "--rate", "4", "--batch", "2")["sent"] == 6
    # Three requests of two, two a second, the first at once.
    assert time.monotonic() - began >= 1.0


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([], "name a file, or - for standard input, or a --query"),
        (["rows.csv", "--query", "SELECT 1"], "one of them"),
        (["--query", "SELECT 1"], "--query needs --database"),
        (["nowhere.csv"], "nowhere.csv: No such file"),
        (["rows.txt"], "the suffix does not tell"),
        (["-"], "say what it is with --as"),
        (["rows.csv", "--delimiter", "ab"], "must be one character"),
        (["other.csv"], "no column is a field of the rules' schema, which begins with event_name, event_id"),
        (["rows.csv", "--data", "rows.csv"], "Directory 'rows.csv' is a file"),
        (["rows.csv", "--config", "broken.toml"], "broken.toml"),
        (["--query", "SELECT 1 AS a", "--database", "mysql://"], "a database is named as"),
    ],
)
def test_what_cannot_run(warehouse: Warehouse, arguments: list[str], words: str) -> None:
    warehouse.file("rows.csv", table(line(1)))
    warehouse.file("other.csv", "Ada,ada@shop.example\nBob,bob@shop.example\n")
    warehouse.file("broken.toml", "delivery = 1\n")
    result = warehouse.send(*arguments)
    assert (result.exit_code, result.stdout) == (2, "")
    assert words in " ".join(result.stderr.split())
    assert warehouse.tiktok.requests() == []


def test_rules_that_are_not_ready(warehouse: Warehouse) -> None:
    path = warehouse.file("rows.csv", table(line(1)))
    warehouse.file("wrong.rules", "language 1\n\nevents with nothing { }\n")
    assert warehouse.send(path, "--rules", "wrong.rules").exit_code == 2
    warehouse.environment.pop("TIKTOK_TOKEN")
    result = warehouse.send(path)
    assert (result.exit_code, "tiktok_web has no token" in result.stderr) == (2, True)


def test_columns_are_compared_with_the_schema(warehouse: Warehouse) -> None:
    result = warehouse.send(warehouse.file("rows.csv", "event_id,e-mail\ne1,a@shop.example\n"))
    assert result.stderr.splitlines() == [
        "note: no field of the schema is named like e-mail",
        "note: there is no column event_name, which names the event",
    ]
    assert (result.exit_code, "unhandled   1" in result.stdout) == (1, True)


def test_a_source_that_breaks_sends_what_stands_before(warehouse: Warehouse) -> None:
    sqlite3.connect("rows.sqlite").close()
    sql = (
        "WITH RECURSIVE r(n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM r WHERE n < 4000)"
        " SELECT 'view' AS event_name, 'b' || n AS event_id, strftime('%s') AS event_time,"
        " CASE n WHEN 3000 THEN json('p@shop.example') END AS value FROM r"
    )
    report = warehouse.report("--query", sql, "--database", "sqlite:///rows.sqlite", "--batch", "1000")
    assert report["ending"] == "unreadable"
    assert report["why"] == "the query failed: OperationalError"
    assert report["rows"] == report["sent"] == warehouse.tiktok.stats()["counted"]
    assert 2900 < report["rows"] <= 3000


def test_a_store_that_is_smaller_than_a_portion(warehouse: Warehouse) -> None:
    warehouse.environment["TAGWRIGHT_STORE_PENDING_ROWS"] = "100"
    report = warehouse.report(warehouse.file("rows.csv", table(*map(line, range(350)))))
    assert (report["clean"], report["rows"], report["sent"]) == (True, 350, 350)
    assert warehouse.tiktok.stats()["counted"] == 350


def test_a_disk_without_room_stops_the_run(warehouse: Warehouse) -> None:
    path = warehouse.file("rows.csv", table(*map(line, range(3))))
    warehouse.environment["TAGWRIGHT_STORE_FREE_BYTES"] = str(10**14)
    stopped = warehouse.send(path)
    assert (stopped.exit_code, "Stopped: the disk is nearly full." in stopped.stdout) == (1, True)
    warehouse.environment["TAGWRIGHT_STORE_FREE_BYTES"] = "0"
    assert warehouse.report(path)["sent"] == 3


def test_a_second_run_at_the_same_time_is_refused(warehouse: Warehouse, tiktok: MockTikTok) -> None:
    (warehouse.folder / "tagwright-send").mkdir(mode=0o700)
    with (warehouse.folder / "tagwright-send" / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        result = warehouse.send(warehouse.file("rows.csv", table(line(1))))
    assert (result.exit_code, "in use by another process" in result.stderr) == (2, True)
    assert tiktok.requests() == []
