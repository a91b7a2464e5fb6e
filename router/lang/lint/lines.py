"""Gates that missing opens, lines that later ones undo, fields that a source does not have, double sends."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from router.lang import tree as t
from router.lang.check.constants import Constants
from router.lang.diagnostics import Diagnostic
from router.lang.lint.nodes import Line, nodes, routes, rules
from router.lang.messages import lints as say
from router.lang.program import Program
from router.lang.traverse import everything


def open_gates(program: Program) -> Iterator[Diagnostic]:
    """W510: `requires` that holds because something is missing."""
    constants = Constants(program.lets)
    for gate in (node for node in nodes(program) if isinstance(node, t.Requires)):
        for node in everything(gate.condition):
            match node:
                case t.Compare(op="!=") if any(map(constants.can_be_missing, (node.left, node.right))):
                    yield say.open_gate(node.span, "`!=`")
                case t.Not(term=t.Ref() | t.Compare() as term) if _can_lack(term, constants):
                    yield say.open_gate(node.span, "`not`")
                case _:
                    pass


def _can_lack(term: t.Ref | t.Compare, constants: Constants) -> bool:
    sides = (term.left, term.right) if isinstance(term, t.Compare) else (term,)
    return any(map(constants.can_be_missing, sides))


def overwritten(program: Program) -> Iterator[Diagnostic]:
    """W520: lines whose value never arrives, because wherever they run a later one is certain."""
    constants = Constants(program.lets)
    kept: set[t.Node] = set()
    undone: dict[t.Node, t.Node] = {}
    for lines in {route.lines for route in routes(program)}:
        last: dict[str, Line] = {}
        for line in reversed(lines):
            later = last.get(line.path)
            if later is None or later.node is line.node:
                kept.add(line.node)
            else:
                undone[line.node] = later.node
            if (
                line.sure
                and isinstance(line.node, t.Assign)
                and not constants.can_be_missing(line.node.value)
            ):
                last.setdefault(line.path, line)
    for node, by in undone.items():
        if node not in kept and isinstance(node, t.Assign | t.Each):
            yield say.overwritten(node.path.span, by.span)


def left_out(program: Program) -> Iterator[Diagnostic]:
    """W521: fields that some of the sources of their line do not have."""
    target = program.environment.target
    used: dict[t.Assign | t.Each, set[str]] = {}
    for route in routes(program):
        for line in route.lines:
            if line.sure:
                used.setdefault(line.node, set()).add(route.rule.source)
    for node, sources in used.items():
        known = target.fields.get(node.path.text)
        lacking = [s for s in target.sources if known and s in sources - known.sources]
        if known and lacking and len(lacking) < len(sources):
            having = [s for s in target.sources if s in known.sources & sources]
            yield say.left_out(node.path.span, lacking, having)


@dataclass(frozen=True, slots=True)
class _Branched:
    """A send and the branch it stands in, for each `when` around it."""

    send: t.SendAction
    branches: tuple[tuple[t.Node, int], ...]

    def excludes(self, other: _Branched) -> bool:
        """Can only one of the two happen? Two conditions of their own are taken to exclude each other."""
        mine = dict(self.branches)
        apart = any(mine.get(when, branch) != branch for when, branch in other.branches)
        return apart or (self.send.when is not None and other.send.when is not None)


def sent_twice(program: Program) -> Iterator[Diagnostic]:
    """W540: one rule that sends one event to one destination twice."""
    for rule in rules(program):
        found = list(_branched(rule.actions, ()))
        for at, second in enumerate(found):
            for first in found[:at]:
                if _same(first.send, second.send) and not first.excludes(second):
                    yield say.sent_twice(second.send.event.span, first.send.event.span)


def _branched(body: Iterable[t.Action], around: tuple[tuple[t.Node, int], ...]) -> Iterator[_Branched]:
    for node in body:
        if isinstance(node, t.SendAction):
            yield _Branched(node, around)
        elif isinstance(node, t.WhenAction):
            for number, inside in enumerate((*(each for _, each in node.branches), node.otherwise)):
                yield from _branched(inside, (*around, (node, number)))


def _same(first: t.SendAction, second: t.SendAction) -> bool:
    names = [{word.text for word in send.to} for send in (first, second)]
    events = [send.event.span.text.strip('"') for send in (first, second)]
    return events[0] == events[1] and (not all(names) or bool(names[0] & names[1]))
