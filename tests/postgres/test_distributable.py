"""The tables can be spread over machines by their bucket: shown with partitions, which ask for the same."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import psycopg
import pytest
from postgres_server import shared_server

from router.delivery.postgres.statements import creation, statements

SCHEMA = "spread"
SMALL = {"meta", "route", "drift", "node", "condition"}
"""Few rows, of no bucket: on an engine of many machines they are copied to all, or stay on one."""
HERE, ELSEWHERE = 1, 0

_NUMBERS = itertools.count()
_TABLE = re.compile(r"CREATE TABLE \w+\.(\w+)")
_OPTIONS = re.compile(r"\) WITH \([^)]*\)$")
_PLACE = re.compile(r"%\((\w+)\)[sb](?:::(\w+)(\[\])?)?")
_SAMPLES: Mapping[str, Any] = {
    "int2": 1, "int4": 1, "int8": 1, "float8": 1.0, "text": "x", "bytea": b"x", "": "x",
}  # fmt: skip
_BY_NAME: Mapping[str, Any] = {
    "force": True, "lease": 1, "grace": 1, "seconds": 1, "strikes": 1, "lag": 1.0, "remaining": 1.0,
    "before": 2.0, "after": 0,
}  # fmt: skip


def names(schema: str = SCHEMA) -> list[str]:
    return sorted(statements(schema))


@dataclass(frozen=True, slots=True)
class Spread:
    """A spool of which every table with a bucket lies in two partitions."""

    session: psycopg.Connection
    schema: str

    def plan(self, name: str) -> Mapping[str, Any]:
        """How the server would run a statement in one bucket."""
        text = statements(self.schema)[name].decode()
        values = {found[1]: _sample(found) for found in _PLACE.finditer(text)}
        cursor = psycopg.ClientCursor(self.session)
        rows = cursor.execute(f"EXPLAIN (FORMAT JSON) {text.replace(')b', ')s')}".encode(), values).fetchall()
        plan: Mapping[str, Any] = rows[0][0][0]["Plan"]
        return plan


def _sample(place: re.Match[str]) -> Any:
    name, kind, several = place.groups()
    if name == "bucket":
        return HERE
    one = _BY_NAME.get(name, _SAMPLES[kind or ""])
    return [one] if several else one


@pytest.fixture(scope="module")
def spread() -> Iterator[Spread]:
    schema = f"{SCHEMA}_{next(_NUMBERS)}"
    with shared_server().session() as session:
        session.execute(f"CREATE SCHEMA {schema}".encode())
        for statement in creation(schema):
            for part in _partitioned(statement.decode()):
                session.execute(part.encode())
        yield Spread(session, schema)
        session.execute(f"DROP SCHEMA {schema} CASCADE".encode())


def _partitioned(statement: str) -> Iterator[str]:
    """The server makes no table whose keys lack the column by which it is to be partitioned."""
    table = _TABLE.match(statement)
    if table is None or table[1] in SMALL:
        yield statement
        return
    yield f"{_OPTIONS.sub(')', statement)} PARTITION BY LIST (bucket)"
    whole = table[0].removeprefix("CREATE TABLE ")
    for bucket in (HERE, ELSEWHERE):
        yield f"CREATE TABLE {whole}_{bucket} PARTITION OF {whole} FOR VALUES IN ({bucket})"


def touched(plan: Mapping[str, Any]) -> Iterator[str]:
    """Every table that the plan reads or changes."""
    if "Relation Name" in plan:
        yield plan["Relation Name"]
    for part in plan.get("Plans", ()):
        yield from touched(part)


def test_what_has_a_bucket_has_it_in_every_key(spread: Spread) -> None:
    rows = spread.session.execute(
        """
        SELECT c.relname, c.relkind = 'p',
            array_agg(a.attname::text ORDER BY array_position(i.indkey, a.attnum))
        FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
        LEFT JOIN pg_index i ON i.indrelid = c.oid AND i.indisprimary
        LEFT JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = ANY (i.indkey)
        WHERE n.nspname = %s AND c.relkind IN ('r', 'p') AND NOT c.relispartition GROUP BY c.oid
        """,
        [spread.schema],
    ).fetchall()
    assert {name for name, partitioned, _ in rows if not partitioned} == SMALL
    assert {name: key[0] for name, partitioned, key in rows if partitioned and key[0] != "bucket"} == {}


@pytest.mark.parametrize("name", names())
def test_a_statement_of_one_bucket_touches_no_other(spread: Spread, name: str) -> None:
    text, found = statements(spread.schema)[name].decode(), set(touched(spread.plan(name)))
    if "%(bucket)s" in text:
        assert [each for each in found if each.endswith(f"_{ELSEWHERE}")] == []
        assert found - SMALL
    elif "%(every)s" in text:
        # A look at all buckets names them: what it begins with is looked at nowhere else.
        chosen = {each.removesuffix(f"_{HERE}") for each in found if each.endswith(f"_{HERE}")}
        assert {each for each in chosen if f"{each}_{ELSEWHERE}" not in found} != set()
    else:
        assert found <= SMALL


def test_a_statement_that_forgets_its_bucket_would_be_noticed(spread: Spread) -> None:
    forgetful = f"EXPLAIN (FORMAT JSON) DELETE FROM {spread.schema}.dead WHERE id = 1"  # noqa: S608 - ours
    row = spread.session.execute(forgetful.encode()).fetchone()
    assert row is not None
    assert f"dead_{ELSEWHERE}" in set(touched(row[0][0]["Plan"]))
