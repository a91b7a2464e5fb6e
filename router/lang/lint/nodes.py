"""Ways through a whole program: every node of its files, every route of an event to a send and its lines."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from router.lang import tree as t
from router.lang.program import Program, Rule
from router.lang.traverse import sends


def walk(node: object) -> Iterator[t.Node]:
    """The node and all nodes inside it, in the order of the text."""
    pending: list[object] = [node]
    while pending:
        each = pending.pop()
        if isinstance(each, t.Node):
            yield each
            pending += [getattr(each, name) for name in reversed(each.__dataclass_fields__)]
        elif isinstance(each, tuple):
            pending += reversed(each)


def nodes(program: Program) -> Iterator[t.Node]:
    """Every node of every file."""
    for file in program.files:
        yield from walk(file.declarations)


def rules(program: Program) -> Iterator[Rule]:
    """Every rule for a source that an event can have and a destination serves."""
    dispatch = program.dispatch
    served = sources_served(program)
    for table in (*dispatch.by_name.values(), *dispatch.by_key.values(), dispatch.everything_else):
        yield from (rule for rule in table.values() if rule.source in served)


def sources_served(program: Program) -> frozenset[str]:
    """The sources that some destination serves; all of them while there is no destination."""
    found = [each.sources for each in program.destinations.values()]
    return frozenset().union(*found) if found else frozenset(program.environment.target.sources)


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a mapping as it runs for a source; one that is not `sure` stands under a condition."""

    node: t.Assign | t.Each
    sure: bool

    @property
    def path(self) -> str:
        return self.node.path.text


@dataclass(frozen=True, slots=True)
class Route:
    """One send for one source, with the lines that fill it, in order."""

    rule: Rule
    send: t.SendAction
    lines: tuple[Line, ...]

    def last(self, path: str) -> Line | None:
        """The line that sets a field last."""
        return next((line for line in reversed(self.lines) if line.path == path), None)

    @property
    def event(self) -> str | None:
        """The name as written; None where it is computed."""
        return self.send.event.text if isinstance(self.send.event, t.TargetEvent) else None


def routes(program: Program) -> Iterator[Route]:
    """Every send of every rule. Rows with the same mappings share their lines."""
    known: dict[tuple[object, ...], tuple[Line, ...]] = {}
    for rule in rules(program):
        for send in sends(rule.actions):
            key = (rule.source, *(word.text for word in send.mappings), send.body)
            if key not in known:
                known[key] = tuple(_of_send(program, send, rule.source))
            yield Route(rule, send, known[key])


def _of_send(program: Program, send: t.SendAction, source: str) -> Iterator[Line]:
    for word in send.mappings:
        yield from _of_mapping(program, word.text, source, True)
    yield from _of_body(program, send.body, source, True)


def _of_mapping(program: Program, name: str, source: str, sure: bool) -> Iterator[Line]:
    mapping = program.mappings[name]
    if not mapping.sources or any(word.text == source for word in mapping.sources):
        yield from _of_body(program, mapping.body, source, sure)


def _of_body(program: Program, body: Iterable[t.Statement], source: str, sure: bool) -> Iterator[Line]:
    for node in body:
        match node:
            case t.Assign() | t.Each():
                yield Line(node, sure)
            case t.Include():
                for word in node.names:
                    yield from _of_mapping(program, word.text, source, sure)
            case t.ForSources() if any(word.text == source for word in node.sources):
                yield from _of_body(program, node.body, source, sure)
            case t.When():
                for inside in (*(body for _, body in node.branches), node.otherwise):
                    yield from _of_body(program, inside, source, False)
            case _:
                pass
