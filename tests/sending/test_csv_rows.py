"""CSV in all the ways that it is written, and broken."""

from __future__ import annotations

import csv
import gzip
import io
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from router.sending import Given, Source, SourceUnusable, open_source
from router.sending.csv_rows import csv_rows
from router.sending.rows import Row
from router.settings import Limits, Settings

NOW = 1_795_219_200


def rows_of(text: str, delimiter: str = ",", most: int = 10_000) -> list[Row]:
    return list(csv_rows(io.StringIO(text, newline=""), delimiter, most, lambda: NOW)[1])


def read(row: Row) -> Any:
    """Where a row stands, and its event or what is wrong with it."""
    return row.place, [each.event for each in row.arrivals] or [each.code for each in row.faults]


def opened(path: Path, content: bytes, limits: Limits | None = None, **how: Any) -> Source:
    path.write_bytes(content)
    return open_source(Given(path, **how), Settings(limits=limits or Limits()), lambda: NOW)


def events(source: Source) -> list[Any]:
    found = [read(row) for row in source.rows]
    source.close()
    return found


def test_cells_are_fields_and_empty_ones_are_missing() -> None:
    assert [read(row) for row in rows_of("name,value,,note\npurchase,12.50,x,\n\nview,,,ok\n")] == [
        (2, [{"name": "purchase", "value": "12.50"}]),
        (4, [{"name": "view", "note": "ok"}]),
    ]


def test_quotes_and_lines_inside_of_them() -> None:
    text = 'name,note\r\npurchase,"a ""quoted"", long\r\nnote"\r\nview,5" disk\r\n'
    assert [read(row) for row in rows_of(text)] == [
        (2, [{"name": "purchase", "note": 'a "quoted", long\r\nnote'}]),
        (4, [{"name": "view", "note": '5" disk'}]),
    ]


@pytest.mark.parametrize(
    ("broken", "code"),
    [
        ("purchase", "ragged_row"),
        ("purchase,a,b", "ragged_row"),
        ('purchase,"never closed', "bad_quotes"),
        ('purchase,"closed"too early', "bad_quotes"),
        ("purchase,\udcff", "not_utf8"),
        ("purchase," + "a" * 20_000, "event_too_large"),
    ],
)
@pytest.mark.parametrize("place", [2, 3, 4])
def test_a_broken_row_costs_no_other(broken: str, code: str, place: int) -> None:
    lines = ["name,note", "a,1", 'b,"2\n2"', "c,3"]
    whole = [read(row)[1] for row in rows_of("\n".join(lines))]
    lines.insert(place - 1, broken)
    found = [read(row) for row in rows_of("\n".join(lines) + "\n")]
    line = "\n".join(lines[: place - 1]).count("\n") + 2
    assert (line, [code]) in found
    assert [each for _, each in found if each != [code]] == whole


@given(
    st.lists(st.lists(st.text(st.characters(codec="utf-8"), max_size=8), min_size=3, max_size=3), max_size=8),
    st.sampled_from([",", ";", "\t"]),
    st.sampled_from(["\n", "\r\n"]),
)
def test_what_a_writer_writes_is_read(table: list[list[str]], delimiter: str, end: str) -> None:
    out = io.StringIO(newline="")
    writer = csv.writer(out, delimiter=delimiter, lineterminator=end, quoting=csv.QUOTE_ALL)
    writer.writerows([["a", "b", "c"], *table])
    events = [{name: cell for name, cell in zip("abc", row, strict=True) if cell} for row in table]
    assert [each.event for row in rows_of(out.getvalue(), delimiter) for each in row.arrivals] == events


@given(st.text(st.sampled_from('ab",\n\r '), max_size=200))
def test_any_text_is_rows_or_faults_and_nothing_is_read_twice(text: str) -> None:
    found = rows_of("x,y\n" + text, most=50)
    assert [row.place for row in found] == sorted({row.place for row in found})
    assert all(bool(row.arrivals) != bool(row.faults) for row in found)


@pytest.mark.parametrize(
    ("content", "how"),
    [
        ("ä,b\nü,1\n".encode(), {}),
        ("ä,b\nü,1\n".encode("utf-8-sig"), {}),
        ("ä,b\nü,1\n".encode("utf-16"), {}),
        ("ä,b\nü,1\n".encode("cp1252"), {"encoding": "cp1252"}),
        (gzip.compress("ä,b\nü,1\n".encode("utf-8-sig"), mtime=0), {}),
        ("ä;b\nü;1\n".encode(), {"delimiter": ";"}),
        ("ä,b\rü,1\r".encode(), {}),
    ],
)
def test_encodings_packing_delimiters_and_ends_of_lines(
    tmp_path: Path, content: bytes, how: dict[str, Any]
) -> None:
    assert events(opened(tmp_path / "rows.csv", content, **how)) == [(2, [{"ä": "ü", "b": "1"}])]


def test_a_tsv_file_has_tabs(tmp_path: Path) -> None:
    assert events(opened(tmp_path / "rows.TSV", b"a\tb\n1,5\t2\n")) == [(2, [{"a": "1,5", "b": "2"}])]


def test_bytes_that_are_not_utf8_cost_their_row(tmp_path: Path) -> None:
    found = events(opened(tmp_path / "rows.csv", b"a,b\n1,\xfc\n2,x\n"))
    assert found == [(2, ["not_utf8"]), (3, [{"a": "2", "b": "x"}])]


@pytest.mark.parametrize(
    ("content", "how", "words"),
    [
        (b"", {}, "the file is empty"),
        (b"a,b,a\n1,2,3\n", {}, "columns 1 and 3 of the header have the same name"),
        (b"a;b\n1;2\n", {}, "--delimiter ';'"),
        (b"\xe4,b\n1,2\n", {}, "--encoding"),
        (b'"a,b\n1,2\n', {}, "the header cannot be read: quotes"),
        (b"a,b\n", {"encoding": "klingon"}, "there is no encoding klingon"),
        (b"a,b\n", {"form": "segment"}, "--format segment is for NDJSON"),
        (b"\x1f\x8bbroken", {}, "the source cannot be read"),
    ],
)
def test_files_that_cannot_be_read_at_all(
    tmp_path: Path, content: bytes, how: dict[str, Any], words: str
) -> None:
    with pytest.raises(SourceUnusable, match=words.replace("(", r"\(")):
        opened(tmp_path / "rows.csv", content, **how)


def test_a_line_may_be_longer_than_memory_would_like(tmp_path: Path) -> None:
    limits = Limits(event_bytes=1024, batch_bytes=2048)
    content = b"a,b\n" + b"x" * 5_000_000 + b"\n1,2\n"
    found = events(opened(tmp_path / "rows.csv", content, limits))
    assert found == [(2, ["event_too_large"]), (3, [{"a": "1", "b": "2"}])]


def test_the_fingerprint_is_of_content_and_reading(tmp_path: Path) -> None:
    def mark(name: str, content: bytes, **how: Any) -> str | None:
        source = opened(tmp_path / name, content, **how)
        source.close()
        return source.fingerprint

    first = mark("a.csv", b"a,b\n1,2\n")
    assert first == mark("b.csv", b"a,b\n1,2\n")
    assert len({first, mark("a.csv", b"a,b\n1,3\n"), mark("a.csv", b"a,b\n1,2\n", delimiter=";"), None}) == 4
