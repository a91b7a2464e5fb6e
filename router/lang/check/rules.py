"""Tables and `on` rules: events that exist, one rule per event and source, the dispatch table."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from router.lang import tree as t
from router.lang.check.expressions import EVENT, Expressions
from router.lang.check.mappings import Mappings, includes
from router.lang.check.scope import Checking
from router.lang.diagnostics import Fix
from router.lang.messages import names as say_name
from router.lang.messages import rules as say
from router.lang.messages import syntax as say_syntax
from router.lang.program import Destination, Dispatch, Rule
from router.lang.source import Span
from router.lang.suggest import listing

MAX_ROWS = 10_000


@dataclass(frozen=True, slots=True)
class Claim:
    """A statement that wants to be the rule of an event for a source."""

    rule: Rule
    name: Span
    statement: Span
    override: bool
    star: bool


@dataclass(slots=True)
class Claims:
    """Claims on (source, event); `keyed` are those of `events by` tables."""

    plain: list[Claim] = field(default_factory=list)
    keyed: list[Claim] = field(default_factory=list)
    key: t.Ref | None = None


class Rules:
    """Checks tables, `on` rules and drops, and builds the dispatch table."""

    def __init__(
        self,
        checking: Checking,
        expressions: Expressions,
        mappings: Mappings,
        destinations: dict[str, Destination],
    ) -> None:
        self.checking = checking
        self.expressions = expressions
        self.mappings = mappings
        self.destinations = destinations

    def check(self) -> Dispatch:
        claims = Claims()
        for declaration in self.checking.declarations():
            match declaration:
                case t.Table():
                    self._table(declaration, claims)
                case t.On():
                    self._on(declaration, claims)
                case t.DropRule():
                    self._drop(declaration)
                case _:
                    pass
        by_name, stars = self._settle(claims.plain)
        by_key, _ = self._settle(claims.keyed)
        dispatch = Dispatch(by_name, stars, claims.key, by_key)
        self._fields_used(dispatch)
        return dispatch

    # -------------------------------------------------------------- tables

    def _table(self, table: t.Table, claims: Claims) -> None:
        self.mappings.mappings(table.mappings)
        if table.key is not None:
            self.expressions.kind(table.key, EVENT)
            if claims.key is not None and claims.key.span.text != table.key.span.text:
                self.checking.report(say.second_key(table.key.span, claims.key.span))
            claims.key = claims.key or table.key
        if table.header is None:
            return
        self.mappings.sources(table.header.columns)
        if len(table.rows) > MAX_ROWS:
            self.checking.report(say.too_many_rows(table.rows[MAX_ROWS].span, MAX_ROWS))
        for row in table.rows:
            if isinstance(row, t.Row):
                self._row(table, table.header, row, claims)

    def _row(self, table: t.Table, header: t.Header, row: t.Row, claims: Claims) -> None:
        self.mappings.mappings(row.mappings)
        if row.when is not None:
            self.expressions.condition(row.when, EVENT)
        if len(row.cells) != len(header.columns):
            self._wrong_cells(header, row)
        for column, cell in zip(header.columns, row.cells, strict=False):
            if isinstance(cell, t.TargetEvent):
                self._column_event(cell, column, row)
            for name in row.events:
                claim = self._row_claim(table, row, column.text, cell, name)
                (claims.keyed if table.key else claims.plain).append(claim)

    def _wrong_cells(self, header: t.Header, row: t.Row) -> None:
        last = row.cells[-1].span
        written = Span(row.span.source, row.span.start, last.end)
        fix = None
        if len(row.cells) < len(header.columns):
            fix = Fix(Span(last.source, last.end, last.end), _missing_cells(header, row))
        columns = [column.text for column in header.columns]
        self.checking.report(say_syntax.row_cells(written, header.span, columns, len(row.cells), fix))

    def _row_claim(self, table: t.Table, row: t.Row, source: str, cell: t.Cell, name: t.EventName) -> Claim:
        actions: tuple[t.Action, ...] = ()
        if isinstance(cell, t.TargetEvent):
            mappings = (*table.mappings, *row.mappings)
            actions = (t.SendAction(row.span, cell, (), mappings, row.when, None, ()),)
        rule = Rule(source, name.text, row.span, actions, not_sent=isinstance(cell, t.NotSent))
        return Claim(rule, name.span, row.span, row.override, name.star)

    def _column_event(self, cell: t.TargetEvent, column: t.Word, row: t.Row) -> None:
        if column.text in self.checking.target.sources:
            instead = self._neutral_choice(row.events, column.text)
            self._target_event(cell, {column.text}, f"this column is `{column.text}`", column.span, instead)

    def _neutral_choice(self, events: Iterable[t.EventName], source: str) -> tuple[str, str] | None:
        """`on the web a purchase is CompletePayment`: what the neutral name usually becomes there."""
        target = self.checking.target
        for name in events:
            for event in target.events.values():
                if name.text in event.neutral and source in event.sources:
                    article = "an" if name.text[:1] in "aeiou" else "a"
                    noun = name.text.replace("_", " ")
                    where = target.source_phrases.get(source, f"for {source}")
                    return f"{where} {article} {noun} is `{event.name}`", event.name
        return None

    # -------------------------------------------------------------- target events

    def _target_event(
        self,
        node: t.TargetEvent,
        sources: set[str],
        label: str,
        column: Span | None,
        instead: tuple[str, str] | None,
    ) -> None:
        target = self.checking.target
        name = target.aliases.get(node.text, node.text)
        known = target.events.get(name)
        if known is not None:
            if not known.sources & sources:
                its = self._its(known.sources)
                self.checking.report(
                    say_name.event_of_other_source(node.span, node.text, its, label, column, instead)
                )
        elif not node.quoted:
            self.checking.report(
                say_name.unknown_target_event(node.span, node.text, target.title, target.events)
            )
        else:
            self._custom_event(node, sources)

    def _its(self, sources: frozenset[str]) -> str:
        nouns = [self.checking.target.source_nouns[s] for s in self.checking.target.sources if s in sources]
        shown = " and ".join(nouns) if len(nouns) < 3 else listing(nouns)
        return f"{'an' if shown[:1].lower() in 'aeiou' else 'a'} {shown}"

    def _custom_event(self, node: t.TargetEvent, sources: set[str]) -> None:
        target = self.checking.target
        problem = target.custom_event_problem(node.text)
        if problem:
            self.checking.report(say_name.bad_custom_event(node.span, node.text, problem))
        elif sources and sources <= target.standard_only:
            self.checking.report(say_name.custom_not_taken(node.span, min(sources)))

    # -------------------------------------------------------------- on rules

    def _on(self, rule: t.On, claims: Claims) -> None:
        self.mappings.sources(rule.sources)
        every = self.checking.target.sources
        sources = [word.text for word in rule.sources if word.text in every] or list(every)
        named = bool(rule.sources)
        self._actions(rule.actions, set(sources), named=named)
        for name in rule.events:
            for source in sources:
                made = Rule(source, name.text, name.span, rule.actions)
                claims.plain.append(Claim(made, name.span, rule.span, rule.override, name.star))

    def _actions(self, actions: Iterable[t.Action], sources: set[str], *, named: bool) -> None:
        for action in actions:
            match action:
                case t.SendAction():
                    self._send(action, sources, named=named)
                case t.WhenAction():
                    for condition, inside in action.branches:
                        self.expressions.condition(condition, EVENT)
                        self._actions(inside, sources, named=named)
                    self._actions(action.otherwise, sources, named=named)
                case t.DropAction() | t.Broken():
                    pass

    def _send(self, send: t.SendAction, sources: set[str], *, named: bool) -> None:
        self.mappings.mappings(send.mappings)
        for word in send.to:
            self._destination(word, sources)
        if send.when is not None:
            self.expressions.condition(send.when, EVENT)
        if send.sample is not None:
            self.expressions.kind(send.sample.key, EVENT)
        if isinstance(send.event, t.CustomEvent):
            self.expressions.kind(send.event.name, EVENT)
        else:
            reached = self._reached(send, sources)
            shown = " and ".join(f"`{s}`" for s in self.checking.target.sources if s in reached)
            self._target_event(send.event, reached or sources, f"this rule sends for {shown}", None, None)
        self.mappings.body(send.body)

    def _destination(self, word: t.Word, sources: set[str]) -> None:
        known = self.destinations.get(word.text)
        if known is None:
            if word.text not in self.checking.names.broken:
                self.checking.report(say_name.unknown_destination(word.span, word.text, self.destinations))
        elif known.sources and not known.sources & sources:
            serves = listing(s for s in self.checking.target.sources if s in known.sources)
            rule = listing(s for s in self.checking.target.sources if s in sources)
            self.checking.report(say.no_source_in_common(word.span, word.text, serves, rule))

    def _reached(self, send: t.SendAction, sources: set[str]) -> set[str]:
        """The sources for which a destination of this send exists."""
        names = [word.text for word in send.to] or list(self.destinations)
        served = {s for name in names if name in self.destinations for s in self.destinations[name].sources}
        return sources & served if served else sources

    def _drop(self, rule: t.DropRule) -> None:
        self.mappings.sources(rule.sources)
        if rule.when is not None:
            self.expressions.condition(rule.when, EVENT)

    # -------------------------------------------------------------- one rule per event and source

    def _settle(self, claims: list[Claim]) -> tuple[dict[str, dict[str, Rule]], dict[str, Rule]]:
        chosen: dict[tuple[str, str, bool], Claim] = {}
        clashes: dict[tuple[Span, Span], tuple[Claim, list[str]]] = {}
        for claim in sorted(claims, key=lambda each: (each.override, *each.name.sort_key)):
            key = (claim.rule.source, claim.rule.event, claim.star)
            first = chosen.get(key)
            if first is not None and not (claim.override and not first.override):
                pair = (claim.name, first.name)
                clashes.setdefault(pair, (claim, []))[1].append(claim.rule.source)
                continue
            chosen[key] = claim
        self._clashes(clashes)
        self._idle_overrides(claims)
        table: dict[str, dict[str, Rule]] = {source: {} for source in self.checking.target.sources}
        stars: dict[str, Rule] = {}
        for (source, event, star), claim in chosen.items():
            if star:
                stars[source] = claim.rule
            else:
                table.setdefault(source, {})[event] = claim.rule
        return table, stars

    def _clashes(self, clashes: dict[tuple[Span, Span], tuple[Claim, list[str]]]) -> None:
        for (second, first), (claim, sources) in clashes.items():
            shown = " and ".join(s for s in self.checking.target.sources if s in sources)
            self.checking.report(say.handled_twice(second, first, claim.rule.event, shown, claim.statement))

    def _idle_overrides(self, claims: list[Claim]) -> None:
        plain = {(c.rule.source, c.rule.event, c.star) for c in claims if not c.override}
        useful: dict[Span, bool] = {}
        for claim in (c for c in claims if c.override):
            hit = (claim.rule.source, claim.rule.event, claim.star) in plain
            useful[claim.name] = useful.get(claim.name, False) or hit
        for claim in claims:
            if claim.override and not useful.pop(claim.name, True):
                self.checking.report(say.nothing_to_override(claim.name, claim.rule.event, claim.statement))

    # -------------------------------------------------------------- fields for sources

    def _fields_used(self, dispatch: Dispatch) -> None:
        used: dict[str, set[str]] = {}
        rules = [
            rule
            for table in (dispatch.by_name, dispatch.by_key)
            for row in table.values()
            for rule in row.values()
        ]
        for rule in [*rules, *dispatch.everything_else.values()]:
            for send in sends(rule.actions):
                for name in send.mappings:
                    self._reach(name.text, rule.source, used)
                self._body_fields(send.body, {rule.source})
                for name in includes(send.body):
                    self._reach(name.text, rule.source, used)
        for name, sources in used.items():
            mapping = self.checking.names.mappings[name]
            own = {word.text for word in mapping.sources}
            self._body_fields(mapping.body, sources & own if own else sources)

    def _reach(self, name: str, source: str, used: dict[str, set[str]]) -> None:
        mapping = self.checking.names.mappings.get(name)
        if mapping is None or source in used.get(name, ()):
            return
        used.setdefault(name, set()).add(source)
        for word in includes(mapping.body):
            self._reach(word.text, source, used)

    def _body_fields(self, body: Iterable[t.Statement], sources: set[str]) -> None:
        for node in body:
            match node:
                case t.Assign() | t.Each():
                    self._used_field(node.path, sources)
                case t.ForSources():
                    self._body_fields(node.body, sources & {word.text for word in node.sources})
                case t.When():
                    for _, inside in node.branches:
                        self._body_fields(inside, sources)
                    self._body_fields(node.otherwise, sources)
                case _:
                    pass

    def _used_field(self, path: t.Path, sources: set[str]) -> None:
        known = self.checking.target.fields.get(path.text)
        if known is not None and sources and not known.sources & sources:
            every = self.checking.target.sources
            has = [s for s in every if s in known.sources]
            self.checking.report(
                say_name.field_of_other_source(path.span, path.text, has, [s for s in every if s in sources])
            )


def sends(actions: Iterable[t.Action]) -> Iterator[t.SendAction]:
    """Every send inside actions, whatever its conditions."""
    for action in actions:
        match action:
            case t.SendAction():
                yield action
            case t.WhenAction():
                for _, inside in action.branches:
                    yield from sends(inside)
                yield from sends(action.otherwise)
            case _:
                pass


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
