"""Names that nothing uses, sources that nothing reaches, events that no test tries."""

from __future__ import annotations

from collections.abc import Iterator

from router.lang import tree as t
from router.lang.diagnostics import Diagnostic
from router.lang.lint.nodes import nodes, routes, sources_served, walk
from router.lang.messages import lints as say
from router.lang.program import Program
from router.lang.traverse import endings, sends


def unused(program: Program) -> Iterator[Diagnostic]:
    """W502. A rule set without rules is there for others to use."""
    if not any(isinstance(node, t.Table | t.On) for node in nodes(program)):
        return
    named = {node.name.text for node in nodes(program) if isinstance(node, t.Ref)}
    for name, let in program.lets.items():
        if name not in named:
            yield say.unused(let.name.span, "name")
    included = {word.text for node in nodes(program) for word in _mappings(node)}
    for name, mapping in program.mappings.items():
        if name not in included:
            yield say.unused(mapping.name.span, "mapping")
    reached = _destinations(program)
    for name, destination in program.destinations.items():
        if name not in reached:
            yield say.unused(destination.span, "destination")


def _mappings(node: t.Node) -> tuple[t.Word, ...]:
    match node:
        case t.Include():
            return node.names
        case t.SendAction() | t.Table() | t.Row():
            return node.mappings
        case _:
            return ()


def _destinations(program: Program) -> set[str]:
    """Those that a send names or reaches, and those that another one takes its lines from."""
    reached: set[str] = set()
    for route in routes(program):
        names = [word.text for word in route.send.to] or program.destinations
        reached |= {name for name in names if route.rule.source in program.destinations[name].sources}
    blocks = (node for node in nodes(program) if isinstance(node, t.DestinationBlock))
    lines = (line for block in blocks for line in block.lines)
    return reached | {word.text for line in lines if isinstance(line, t.Include) for word in line.names}


def unreachable(program: Program) -> Iterator[Diagnostic]:
    """W550: columns and rules for a source that no event has or no destination serves."""
    served, possible = sources_served(program), _possible(program)
    for word in _source_words(program):
        if word.text not in served:
            yield say.unreachable(word.span, "no destination serves it")
        elif possible is not None and word.text not in possible:
            yield say.unreachable(word.span, "the `source` line never gives it")


def _possible(program: Program) -> set[str] | None:
    """The sources that events can have; None when that depends on the event."""
    if program.source is None:
        return {"web"}
    found: set[str] = set()
    for ending in endings(program.source):
        if isinstance(ending, t.Literal):
            found.add(str(ending.value))
        elif (
            isinstance(ending, t.Ref) and ending in program.accesses and program.accesses[ending].kind.options
        ):
            found |= set(program.accesses[ending].kind.options)
        else:
            return None
    return found


def _source_words(program: Program) -> Iterator[t.Word]:
    for node in nodes(program):
        match node:
            case t.Table(header=t.Header() as header):
                for at, word in enumerate(header.columns):
                    rows = (row for row in node.rows if isinstance(row, t.Row))
                    if any(isinstance(row.cells[at], t.TargetEvent) for row in rows):
                        yield word
            case t.On():
                yield from node.sources
            case _:
                pass


def untested(program: Program) -> Iterator[Diagnostic]:
    """W560: events of a file with tests that none gives. What a fixture holds is known by its sends only."""
    tested = {test.span.source for test in program.tests}
    given, sent = _given(program), _sent_by_fixtures(program)
    for node in nodes(program):
        if not isinstance(node, t.Row | t.On) or node.span.source not in tested:
            continue
        events = _events(node)
        for name in node.events:
            if events and not name.star and name.text not in given and not events & sent:
                yield say.untested(name.span, name.text)


def _events(node: t.Row | t.On) -> set[str]:
    if isinstance(node, t.Row):
        return {cell.text for cell in node.cells if isinstance(cell, t.TargetEvent)}
    return {each.event.text for each in sends(node.actions) if isinstance(each.event, t.TargetEvent)}


def _given(program: Program) -> set[str]:
    """Every text that a `given` sets, so that the name counts wherever it stands."""
    givens = (line for test in program.tests for line in test.lines if isinstance(line, t.Given))
    literals = (node for given in givens for node in walk(given.lines) if isinstance(node, t.Literal))
    return {node.value for node in literals if isinstance(node.value, str)}


def _sent_by_fixtures(program: Program) -> set[str]:
    fixtures = [
        test
        for test in program.tests
        if any(isinstance(line, t.Given) and line.file is not None for line in test.lines)
    ]
    return {line.event.text for test in fixtures for line in test.lines if isinstance(line, t.ExpectSend)}
