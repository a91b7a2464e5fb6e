"""Queries of SQLite, DuckDB and PostgreSQL, read portion by portion through their own libraries.

What a driver says of a value that it cannot read may quote it, so only its words about the query itself and
about the connection are passed on.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, Final
from urllib.parse import unquote, urlsplit

from router.sending.rows import SourceBroken, SourceUnusable, known_once
from router.sending.tables import PORTION, Table, library

_URLS: Final = "sqlite:///FILE, duckdb:///FILE, duckdb:// or postgresql://USER@HOST/DATABASE"
# SQLSTATE: connection, authorisation, unknown database, syntax and names, operator's intervention.
_SPEAKING: Final = ("08", "28", "3D", "42", "57")
# Texts lose nothing: Python has no infinity among its times, and no years before the first.
_AS_TEXT: Final = ("timestamp", "timestamptz", "date", "time", "timetz", "interval")


def query_table(sql: str, url: str) -> Table:
    """The rows of a query; the database is only read. Raises `SourceUnusable`."""
    scheme = url.partition(":")[0]
    opening = _OPENINGS.get(scheme)
    if opening is None or "://" not in url:
        raise SourceUnusable(f"a database is named as {_URLS}")
    return opening(sql, url)


def password_of(url: str) -> str | None:
    """The password in a URL, which no message may hold."""
    try:
        return unquote(urlsplit(url).password or "") or None
    except ValueError:
        return None


def _file(url: str) -> Path:
    """Three strokes begin a path from here, four one from the root, as elsewhere."""
    return Path(unquote(url.partition("://")[2].removeprefix("/")))


def _existing(url: str) -> Path:
    path = _file(url)
    if not path.is_file():
        raise SourceUnusable(f"there is no file {path}")
    return path


def _sqlite(sql: str, url: str) -> Table:
    path = _existing(url).resolve()
    connection = sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True, check_same_thread=False)
    connection.text_factory = _text
    try:
        cursor = connection.execute(sql)
    except sqlite3.Error as problem:
        connection.close()
        raise SourceUnusable(f"SQLite refuses the query: {problem}") from None

    def fetch(_: int) -> Sequence[Sequence[Any]]:
        # Of many, those before one that fails would be lost.
        row = cursor.fetchone()
        return [] if row is None else [row]

    return _table(cursor.description, fetch, connection.close, _name_of, sqlite3.Error)


def _name_of(problem: Exception) -> str:
    return type(problem).__name__


def _text(raw: bytes) -> str:
    return raw.decode("utf-8", "surrogateescape")


def _duckdb(sql: str, url: str) -> Table:
    duckdb = library("duckdb", "duckdb", "a DuckDB database")
    # Without it DuckDB's library cannot hand out times with a zone.
    library("pytz", "duckdb", "a DuckDB database")
    at_all = url.partition("://")[2].strip("/") not in ("", ":memory:")
    place, options = (str(_existing(url)), {"read_only": True}) if at_all else (":memory:", {})
    try:
        connection = duckdb.connect(place, **options)
    except duckdb.Error as problem:
        raise SourceUnusable(f"{place} cannot be opened: {type(problem).__name__}") from None
    try:
        connection.execute(sql)
    except duckdb.Error as problem:
        connection.close()
        raise SourceUnusable(f"DuckDB refuses the query: {_of_duckdb(duckdb, problem)}") from None
    return _table(connection.description, connection.fetchmany, connection.close, _name_of, duckdb.Error)


def _of_duckdb(duckdb: Any, problem: Exception) -> str:
    speaking = (duckdb.ParserException, duckdb.CatalogException, duckdb.BinderException, duckdb.IOException)
    return str(problem).strip() if isinstance(problem, speaking) else type(problem).__name__


def _postgresql(sql: str, url: str) -> Table:
    psycopg = library("psycopg", "postgresql", "a PostgreSQL database")
    try:
        connection = psycopg.connect(url, options="-c datestyle=ISO -c timezone=UTC")
    except psycopg.Error as problem:
        raise SourceUnusable(f"PostgreSQL cannot be reached: {_of_postgresql(problem, url)}") from None
    with ExitStack() as opened:
        opened.callback(connection.close)
        try:
            cursor = opened.enter_context(_server_cursor(connection, sql))
        except psycopg.Error as problem:
            words = _of_postgresql(problem, url)
            raise SourceUnusable(f"PostgreSQL refuses the query: {words}") from None
        return _table(
            cursor.description, cursor.fetchmany, opened.pop_all().close,
            lambda problem: _of_postgresql(problem, ""), psycopg.Error,
        )  # fmt: skip


@contextmanager
def _server_cursor(connection: Any, sql: str) -> Iterator[Any]:
    """A cursor with a name stays on the server, and so do the rows that were not asked for yet."""
    connection.read_only = True
    loader = library("psycopg.types.string", "postgresql", "a PostgreSQL database").TextLoader
    for kind in _AS_TEXT:
        connection.adapters.register_loader(kind, loader)
    with connection.cursor(name="tagwright_send") as cursor:
        cursor.execute(sql)
        yield cursor


def _of_postgresql(problem: Any, url: str) -> str:
    state, name = problem.sqlstate, type(problem).__name__
    if state is None and not url:
        return name
    if state is None or state.startswith(_SPEAKING):
        words = str(problem).strip()
        password = password_of(url)
        return words.replace(password, "[hidden]") if password else words
    return f"{name} ({state})"


def _table(
    description: Sequence[Sequence[Any]] | None,
    fetch: Callable[[int], Sequence[Sequence[Any]]],
    close: Callable[[], None],
    say: Callable[[Exception], str],
    failure: type[Exception],
) -> Table:
    if not description:
        close()
        raise SourceUnusable("the query yields no rows; write a SELECT")
    try:
        columns = known_once([str(column[0]) for column in description], "the query")
    except SourceUnusable:
        close()
        raise

    def portions() -> Iterator[Sequence[Sequence[Any]]]:
        try:
            while rows := fetch(PORTION):
                yield rows
        except failure as problem:
            raise SourceBroken(f"the query failed: {say(problem)}") from None

    return Table(columns, portions(), close)


_OPENINGS: Final[Mapping[str, Callable[[str, str], Table]]] = {
    "sqlite": _sqlite,
    "duckdb": _duckdb,
    "postgresql": _postgresql,
    "postgres": _postgresql,
}
