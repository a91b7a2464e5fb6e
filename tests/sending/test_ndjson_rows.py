"""NDJSON with whatever stands in its lines."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from router.sending import Given, SourceUnusable, open_source
from router.sending.rows import Row, SourceBroken
from router.settings import Limits, Settings

NOW = 1_795_219_200


def rows_of(path: Path, content: bytes, form: str = "raw", limits: Limits | None = None) -> list[Row]:
    path.write_bytes(content)
    source = open_source(Given(path, form=form), Settings(limits=limits or Limits()), lambda: NOW)
    try:
        return list(source.rows)
    finally:
        source.close()


def read(row: Row) -> Any:
    return row.place, [each.event for each in row.arrivals] or [each.code for each in row.faults]


def test_a_bad_line_costs_no_other(tmp_path: Path) -> None:
    lines = [
        b'\xef\xbb\xbf{"a": 1}', b"", b"{broken", b'{"a": 9007199254740993}', b'{"a": NaN}', b'{"a": "\xff"}',
        b"[1]", b'{"a": "' + b"x" * 3000 + b'"}', b"   ", b'{"a": ' + b"[" * 50 + b"]" * 50 + b"}",
        b'{"a": 12.50}',
    ]  # fmt: skip
    limits = Limits(event_bytes=1024, batch_bytes=2048)
    assert [read(row) for row in rows_of(tmp_path / "rows.ndjson", b"\n".join(lines), limits=limits)] == [
        (1, [{"a": 1}]),
        (3, ["not_json"]),
        (4, [{"a": 9007199254740993}]),
        (5, ["unusable_number"]),
        (6, ["not_utf8"]),
        (7, ["not_an_object"]),
        (8, ["event_too_large"]),
        (10, ["too_deep"]),
        (11, [{"a": 12.5}]),
    ]


def test_lines_may_have_any_format(tmp_path: Path) -> None:
    batch = {"batch": [{"type": "track", "event": "Order Completed", "messageId": f"m{i}"} for i in range(3)]}
    row = rows_of(tmp_path / "rows.jsonl", json.dumps(batch).encode(), "segment")[0]
    assert [each.event["id"] for each in row.arrivals] == ["m0", "m1", "m2"]


def test_packed_and_cut_off(tmp_path: Path) -> None:
    whole = gzip.compress(b'{"a": 1}\n' * 1000)
    assert len(rows_of(tmp_path / "rows.ndjson.gz", whole)) == 1000
    with pytest.raises(SourceBroken, match="ends too early"):
        rows_of(tmp_path / "rows.ndjson.gz", whole[:-10])


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (Given(Path("nowhere.ndjson")), "nowhere.ndjson: No such file"),
        (Given(Path("rows.json")), "the suffix does not tell what it is"),
        (Given(Path("rows")), "--as csv or ndjson or parquet"),
        (Given(None), "standard input has no suffix"),
        (Given(Path("nowhere.parquet")), "nowhere.parquet: "),
        (Given(None, kind="parquet"), "cannot be read from standard input"),
        (Given(Path("rows.parquet"), form="ga4"), "--format ga4 is for NDJSON"),
    ],
)
def test_what_cannot_be_opened(given: Given, words: str) -> None:
    with pytest.raises(SourceUnusable) as found:
        open_source(given, Settings(), lambda: NOW)
    assert words in str(found.value)
