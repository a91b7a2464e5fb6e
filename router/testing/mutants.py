"""Rule sets with one mistake each, made from a rule set without."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import TypeVar

from router.lang import tree as t
from router.lang.program import Program, Rule
from router.lang.source import Span
from router.lang.trace import Trace
from router.testing.goals import rules
from router.testing.mutate import Variant, negated, quoted, variants, without
from router.testing.possible import truths
from router.testing.switched_off import is_switched_off


@dataclass(frozen=True, slots=True)
class Mutant:
    """A rule set with one change, built when it is needed.

    `inside` are the places around the change, the nearest first; with none every event goes through it.
    """

    at: Span
    what: str
    inside: tuple[Hashable, ...]
    program: Callable[[], Program]


def touched(trace: Trace) -> frozenset[Hashable]:
    """The places that a trace went through, in the terms of `Mutant.inside`."""
    rule = trace.rule
    cell = frozenset[Hashable]() if rule is None else frozenset({(rule.span, rule.source)})
    return frozenset((*trace.fired, *trace.held, *trace.hits)) | cell


def mutants(program: Program) -> Iterator[Mutant]:
    """Every mutant that could make a difference; schema, settings and tests stay as they are."""
    switched_off = is_switched_off(program)
    kinds = (_lets, _source, _gates, _mappings, _drops, _on_rules, _tables)
    yield from (each for kind in kinds for each in kind(program) if not switched_off(each.at))


def _mutant(variant: Variant, build: Callable[[], Program]) -> Mutant:
    return Mutant(variant.at, variant.what, variant.inside, build)


# ------------------------------------------------------------------ declarations


def _lets(program: Program) -> Iterator[Mutant]:
    for name, let in program.lets.items():
        for each in variants(let):
            yield _mutant(each, partial(_with_let, program, name, each.piece))


def _with_let(program: Program, name: str, let: t.Let) -> Program:
    return replace(program, lets={**program.lets, name: let})


def _source(program: Program) -> Iterator[Mutant]:
    for each in variants(program.source) if program.source is not None else ():
        yield Mutant(each.at, each.what, (), partial(replace, program, source=each.piece))


def _gates(program: Program) -> Iterator[Mutant]:
    gates = {gate: None for each in program.destinations.values() for gate in each.gates}
    for gate in gates:
        removed = Variant(None, gate.span, f"without {quoted(gate.span)}", (gate.condition,))
        for each in (removed, *variants(gate)):
            yield _mutant(each, partial(_with_gate, program, gate, each.piece))


def _with_gate(program: Program, old: t.Requires, new: t.Requires | None) -> Program:
    changed = {
        name: replace(each, gates=_swapped(each.gates, old, new))
        for name, each in program.destinations.items()
    }
    return replace(program, destinations=changed)


def _mappings(program: Program) -> Iterator[Mutant]:
    for name, mapping in program.mappings.items():
        for each in variants(mapping):
            yield _mutant(each, partial(_with_mapping, program, name, each.piece))


def _with_mapping(program: Program, name: str, mapping: t.Mapping) -> Program:
    return replace(program, mappings={**program.mappings, name: mapping})


def _drops(program: Program) -> Iterator[Mutant]:
    for drop in program.drops:
        removed = Variant(None, drop.span, f"without {quoted(drop.span)}", (drop,))
        for each in (removed, *variants(drop)):
            yield _mutant(each, partial(_with_drop, program, drop, each.piece))


def _with_drop(program: Program, old: t.DropRule, new: t.DropRule | None) -> Program:
    return replace(program, drops=_swapped(program.drops, old, new))


N = TypeVar("N")


def _swapped(nodes: tuple[N, ...], old: N, new: N | None) -> tuple[N, ...]:
    """With the new one in the place of the old, or with nothing there."""
    changed = (new if each is old else each for each in nodes)
    return tuple(each for each in changed if each is not None)


# ------------------------------------------------------------------ rules

Change = Callable[[Rule], Rule]


def _with_rules(program: Program, change: Change) -> Program:
    dispatch = program.dispatch
    changed = replace(
        dispatch,
        by_name={source: _each(found, change) for source, found in dispatch.by_name.items()},
        by_key={source: _each(found, change) for source, found in dispatch.by_key.items()},
        everything_else=_each(dispatch.everything_else, change),
    )
    return replace(program, dispatch=changed)


def _each(found: Mapping[str, Rule], change: Change) -> dict[str, Rule]:
    return {name: change(rule) for name, rule in found.items()}


def _on_rules(program: Program) -> Iterator[Mutant]:
    reachable = {each.actions for each in rules(program)}
    for node in _declared(program, t.On):
        for each in variants(node) if node.actions in reachable else ():
            yield _mutant(each, partial(_with_actions, program, node.actions, each.piece))


def _with_actions(program: Program, old: tuple[t.Action, ...], on: t.On) -> Program:
    return _with_rules(
        program, lambda rule: replace(rule, actions=on.actions) if rule.actions is old else rule
    )


def _tables(program: Program) -> Iterator[Mutant]:
    cells = {(each.span, each.source) for each in rules(program)}
    for table in _declared(program, t.Table):
        for row in table.rows:
            if isinstance(row, t.Row) and table.header is not None:
                for column, cell in zip(table.header.columns, row.cells, strict=False):
                    if (row.span, column.text) in cells:
                        yield from _cell(program, table, row, column.text, cell)
                yield from _row_condition(program, row)


def _cell(program: Program, table: t.Table, row: t.Row, source: str, cell: t.Cell) -> Iterator[Mutant]:
    other = _other_event(program, source, cell)
    for event in (None, other) if isinstance(cell, t.TargetEvent) else (other,):
        actions: tuple[t.Action, ...] = ()
        if event is not None:
            target = t.TargetEvent(cell.span, event, quoted=False)
            mappings = (*table.mappings, *row.mappings)
            actions = (t.SendAction(row.span, target, (), mappings, row.when, None, ()),)
        what = f"`{event or '-'}` for {quoted(cell.span)} in the column {source}"
        build = partial(_with_cell, program, row.span, source, actions)
        yield Mutant(cell.span, what, ((row.span, source),), build)


def _other_event(program: Program, source: str, cell: t.Cell) -> str | None:
    """A standard event of the source, another one than the cell's: the one that follows it."""
    known = [each.name for each in program.environment.target.events.values() if source in each.sources]
    own = cell.text if isinstance(cell, t.TargetEvent) else None
    after = known.index(own) + 1 if own in known else 0
    return next((each for each in (*known[after:], *known) if each != own), None)


def _with_cell(program: Program, row: Span, source: str, actions: tuple[t.Action, ...]) -> Program:
    def change(rule: Rule) -> Rule:
        if rule.span != row or rule.source != source:
            return rule
        return replace(rule, actions=actions, not_sent=not actions)

    return _with_rules(program, change)


def _row_condition(program: Program, row: t.Row) -> Iterator[Mutant]:
    """The condition of a row stands in the tree once, and in every send that was made of the row."""
    if row.when is None:
        return
    names = [each.text for each in row.events if not each.star]
    always = truths(program, row.when, names) == {True}  # without it nothing would change
    found = [*(() if always else without(row, "when")), *negated(row, "when")]
    inner = [each.within(replace(row, when=each.piece), row) for each in variants(row.when)]
    for each in (*found, *inner):
        yield _mutant(each, partial(_with_condition, program, row.span, each.piece.when))


def _with_condition(program: Program, row: Span, condition: t.Expr | None) -> Program:
    def change(rule: Rule) -> Rule:
        if rule.span != row:
            return rule
        return replace(rule, actions=tuple(replace(each, when=condition) for each in _sends(rule)))

    return _with_rules(program, change)


def _sends(rule: Rule) -> Iterator[t.SendAction]:
    return (each for each in rule.actions if isinstance(each, t.SendAction))


D = TypeVar("D", bound=t.Declaration)


def _declared(program: Program, kind: type[D]) -> Iterator[D]:
    for file in program.files:
        for node in file.declarations:
            if isinstance(node, kind):
                yield node
