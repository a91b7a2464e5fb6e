"""Event tables: as many cells as columns, events that exist, a claim for every cell."""

from __future__ import annotations

from router.lang import tree as t
from router.lang.check.claims import Claim, Claims
from router.lang.check.expressions import EVENT, Expressions
from router.lang.check.mappings import Mappings
from router.lang.check.scope import Checking
from router.lang.check.target_events import check_cell
from router.lang.diagnostics import Fix
from router.lang.messages import rules as say
from router.lang.messages import syntax as say_syntax
from router.lang.program import Rule
from router.lang.source import Span

MAX_ROWS = 10_000


class Tables:
    """Checks `events` blocks."""

    def __init__(
        self, checking: Checking, expressions: Expressions, mappings: Mappings, claims: Claims
    ) -> None:
        self.checking = checking
        self.expressions = expressions
        self.mappings = mappings
        self.claims = claims

    def check(self, table: t.Table) -> None:
        self.mappings.mappings(table.mappings)
        if table.key is not None:
            self._key(table.key)
        if table.header is None:
            return
        self.mappings.sources(table.header.columns)
        self._columns(table.header)
        if len(table.rows) > MAX_ROWS:
            self.checking.report(say.too_many_rows(table.rows[MAX_ROWS].span, MAX_ROWS))
        for row in table.rows:
            if isinstance(row, t.Row):
                self._row(table, table.header, row)

    def _key(self, key: t.Ref) -> None:
        self.expressions.kind(key, EVENT)
        first = self.claims.key
        if first is not None and first.span.text != key.span.text:
            self.checking.report(say.second_key(key.span, first.span))
        self.claims.key = first or key

    def _columns(self, header: t.Header) -> None:
        first: dict[str, t.Word] = {}
        for column in header.columns:
            if column.text in first:
                self.checking.report(say.same_column(column.span, first[column.text].span))
            first.setdefault(column.text, column)

    def _row(self, table: t.Table, header: t.Header, row: t.Row) -> None:
        self.mappings.mappings(row.mappings)
        if row.when is not None:
            self.expressions.condition(row.when, EVENT)
        if len(row.cells) != len(header.columns):
            self._wrong_cells(header, row)
        seen: set[str] = set()
        for column, cell in zip(header.columns, row.cells, strict=False):
            if column.text in seen:
                continue
            seen.add(column.text)
            if isinstance(cell, t.TargetEvent):
                check_cell(self.checking, cell, column, row)
            for name in row.events:
                claims = self.claims.plain if table.key is None or name.star else self.claims.keyed
                claims.append(_claim(table, row, column.text, cell, name))

    def _wrong_cells(self, header: t.Header, row: t.Row) -> None:
        last = row.cells[-1].span
        written = Span(row.span.source, row.span.start, last.end)
        fix = None
        if len(row.cells) < len(header.columns):
            fix = Fix(Span(last.source, last.end, last.end), _missing_cells(header, row))
        columns = [column.text for column in header.columns]
        self.checking.report(say_syntax.row_cells(written, header.span, columns, len(row.cells), fix))


def _claim(table: t.Table, row: t.Row, source: str, cell: t.Cell, name: t.EventName) -> Claim:
    actions: tuple[t.Action, ...] = ()
    if isinstance(cell, t.TargetEvent):
        mappings = (*table.mappings, *row.mappings)
        actions = (t.SendAction(row.span, cell, (), mappings, row.when, None, ()),)
    rule = Rule(source, name.text, row.span, actions, not_sent=isinstance(cell, t.NotSent))
    return Claim(rule, name.span, row.span, row.override, name.star)


def _missing_cells(header: t.Header, row: t.Row) -> str:
    """` | -` for each missing column, under the header's bars where there is room."""
    bars = [index for index, char in enumerate(header.span.source.lines[header.span.line - 1]) if char == "|"]
    at = row.cells[-1].span.column - 1 + len(row.cells[-1].span.text)
    text = ""
    for index in range(len(row.cells), len(header.columns)):
        bar = bars[index] if index < len(bars) else at + 1
        text += " " * max(1, bar - at) + "| -"
        at = max(bar, at + 1) + 3
    return text
