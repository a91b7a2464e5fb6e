"""Parquet files and queries: columns with types, rows in portions."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any, Final

from router.sending.cells import plain
from router.sending.rows import NOT_TEXT, Row, SourceBroken, SourceUnusable, is_text, known_once, row_of

PORTION: Final = 1000


@dataclass(frozen=True, slots=True)
class Table:
    """`portions` yields rows as sequences in the order of `columns`; `rows` is their number where known."""

    columns: tuple[str, ...]
    portions: Iterator[Sequence[Sequence[Any]]]
    close: Callable[[], None]
    rows: int | None = None


def table_rows(table: Table, now: Callable[[], int]) -> Iterator[Row]:
    """The rows of a table, counted from 1. Raises `SourceBroken`."""
    place = 0
    for portion in table.portions:
        for cells in portion:
            place += 1
            event = dict(zip(table.columns, map(plain, cells), strict=True))
            yield row_of(place, event, now()) if _is_unicode(event) else Row(place, faults=(NOT_TEXT,))


def _is_unicode(value: Any) -> bool:
    match value:
        case str():
            return is_text(value)
        case dict():
            return all(_is_unicode(each) for each in (*value, *value.values()))
        case list():
            return all(map(_is_unicode, value))
    return True


def library(module: str, extra: str, what: str) -> Any:
    """A library that is installed on demand. Raises `SourceUnusable` where it is not."""
    try:
        return import_module(module)
    except ImportError:
        package = module.partition(".")[0]
        fix = f"pip install 'tagwright[{extra}]'"
        raise SourceUnusable(f"{what} needs {package}, which is not installed\n  fix: {fix}") from None


def parquet_table(path: Path) -> Table:
    """A Parquet file, read portion by portion. Raises `SourceUnusable`."""
    library("pyarrow", "parquet", "a Parquet file")
    parquet = library("pyarrow.parquet", "parquet", "a Parquet file")
    arrow = import_module("pyarrow")
    try:
        file = parquet.ParquetFile(path, pre_buffer=False, buffer_size=1 << 20)
    except OSError as problem:
        raise SourceUnusable(f"{path}: {problem.strerror or 'cannot be read'}") from None
    except arrow.ArrowException:
        raise SourceUnusable(f"{path} is not a Parquet file, or is damaged") from None
    columns = known_once(list(file.schema_arrow.names), "the file")
    return Table(columns, _portions(file, arrow), file.close, file.metadata.num_rows)


def _portions(file: Any, arrow: Any) -> Iterator[list[tuple[Any, ...]]]:
    try:
        for batch in file.iter_batches(batch_size=PORTION):
            values = [_in_micros(column, arrow).to_pylist() for column in batch.columns]
            yield list(zip(*values, strict=True))
    except (OSError, ValueError, arrow.ArrowException) as problem:
        raise SourceBroken(f"the Parquet file is damaged ({type(problem).__name__})") from None


def _in_micros(column: Any, arrow: Any) -> Any:
    """Python's times have no nanoseconds, and rules look at seconds."""
    kind = _micros(column.type, arrow)
    return column if kind is column.type else column.cast(kind, safe=False)


def _micros(kind: Any, arrow: Any) -> Any:
    types = arrow.types
    if types.is_timestamp(kind) and kind.unit == "ns":
        return arrow.timestamp("us", kind.tz)
    if types.is_time64(kind) and kind.unit == "ns":
        return arrow.time64("us")
    if types.is_duration(kind) and kind.unit == "ns":
        return arrow.duration("us")
    if types.is_list(kind):
        inner = _micros(kind.value_type, arrow)
        return kind if inner is kind.value_type else arrow.list_(inner)
    if types.is_struct(kind):
        fields = [(each, _micros(each.type, arrow)) for each in kind]
        if all(each.type is inner for each, inner in fields):
            return kind
        return arrow.struct([each.with_type(inner) for each, inner in fields])
    return kind
