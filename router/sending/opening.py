"""What was named on the command line, opened as rows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from hashlib import blake2b, file_digest
from pathlib import Path
from typing import IO, Any, BinaryIO, Final, Literal, cast, get_args

from router.sending.csv_rows import csv_rows
from router.sending.databases import query_table
from router.sending.lines import as_text, opened, unpacked
from router.sending.ndjson_rows import ndjson_rows
from router.sending.rows import Extent, Source, SourceUnusable
from router.sending.tables import parquet_table, table_rows
from router.settings import Settings

Kind = Literal["csv", "ndjson", "parquet"]
KINDS: Final[tuple[Kind, ...]] = get_args(Kind)
_SUFFIXES: Final[dict[str, Kind]] = {
    ".csv": "csv", ".tsv": "csv", ".ndjson": "ndjson", ".jsonl": "ndjson", ".parquet": "parquet",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Query:
    """What to ask which database."""

    sql: str
    url: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Given:
    """A file or a query, and how it is to be read. `stream` stands for a file that comes only once.

    Without `kind` the file's suffix tells it; `form` is a format of `FORMATS`, and only NDJSON has any but
    `raw`. `delimiter` and `encoding` are CSV's.
    """

    path: Path | None = None
    stream: BinaryIO | None = None
    query: Query | None = None
    kind: Kind | None = None
    form: str = "raw"
    delimiter: str | None = None
    encoding: str | None = None


def open_source(given: Given, settings: Settings, now: Callable[[], int]) -> Source:
    """Open it; nothing but a header is read. `now` is when events arrive. Raises `SourceUnusable`."""
    if given.query is not None:
        _must_be_raw(given, "a query yields")
        table = query_table(given.query.sql, given.query.url)
        return Source("row", table_rows(table, now), table.columns, close=table.close)
    kind = given.kind or _kind_of(given.path)
    if kind == "parquet":
        return _parquet(given, now)
    if kind == "csv":
        _must_be_raw(given, "CSV has")
    stream = given.stream or opened(_path(given))
    try:
        return _csv(given, stream, settings, now) if kind == "csv" else _ndjson(given, stream, settings, now)
    except BaseException:
        stream.close()
        raise


def _kind_of(path: Path | None) -> Kind:
    if path is None:
        raise SourceUnusable(
            "standard input has no suffix\n  fix: say what it is with --as csv or --as ndjson"
        )
    suffixes = [each.lower() for each in path.suffixes if each.lower() != ".gz"]
    kind = _SUFFIXES.get(suffixes[-1]) if suffixes else None
    if kind is None:
        raise SourceUnusable(f"{path}: the suffix does not tell what it is\n  fix: --as {' or '.join(KINDS)}")
    return kind


def _must_be_raw(given: Given, what: str) -> None:
    if given.form != "raw":
        raise SourceUnusable(
            f"--format {given.form} is for NDJSON; {what} columns, which are fields of raw events"
        )


def _path(given: Given) -> Path:
    if given.path is None:
        raise SourceUnusable("a Parquet file cannot be read from standard input\n  fix: name the file")
    return given.path


def _csv(given: Given, stream: BinaryIO, settings: Settings, now: Callable[[], int]) -> Source:
    tab = given.path is not None and ".tsv" in [each.lower() for each in given.path.suffixes]
    delimiter = given.delimiter or ("\t" if tab else ",")
    plain, packed = unpacked(stream)
    text = as_text(plain, given.encoding)
    columns, rows = csv_rows(text, delimiter, settings.limits.event_bytes, now)
    mark = _fingerprint(given, "csv", delimiter, given.encoding or "")
    return Source("line", rows, columns, mark, _extent(given, packed), _closing(text, stream))


def _ndjson(given: Given, stream: BinaryIO, settings: Settings, now: Callable[[], int]) -> Source:
    plain, packed = unpacked(stream)
    rows = ndjson_rows(cast("BinaryIO", plain), given.form, settings, now)
    return Source(
        "line", rows, None, _fingerprint(given, "ndjson"), _extent(given, packed), _closing(plain, stream)
    )


def _parquet(given: Given, now: Callable[[], int]) -> Source:
    _must_be_raw(given, "Parquet has")
    table = parquet_table(_path(given))
    mark = _fingerprint(given, "parquet")
    extent = None if table.rows is None else Extent("rows", table.rows)
    return Source("row", table_rows(table, now), table.columns, mark, extent, table.close)


def _closing(*streams: IO[Any]) -> Callable[[], None]:
    """The outermost first; what unpacks a stream leaves that one open."""

    def close() -> None:
        for each in streams:
            each.close()

    return close


def _extent(given: Given, packed: bool) -> Extent | None:
    return None if packed or given.path is None else Extent("bytes", given.path.stat().st_size)


def _fingerprint(given: Given, *reading: str) -> str | None:
    """Of the whole content, whatever the file is called: a row that changed anywhere makes another source."""
    if given.path is None or not given.path.is_file():
        return None
    with given.path.open("rb") as stream:
        digest = file_digest(stream, lambda: blake2b(digest_size=16))
    digest.update("\0".join((*reading, given.form)).encode())
    return digest.hexdigest()
