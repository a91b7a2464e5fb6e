"""Which lines can set each payload field of a source, in the order in which they run."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from router.handbook.conditions import all_of, branches, one_line
from router.lang import tree as t
from router.lang.outcome import Place
from router.lang.program import Program, Rule
from router.lang.traverse import sends


@dataclass(frozen=True, slots=True)
class FieldLine:
    """A line that sets `path`: the alternatives in the order of their turn, and when it runs."""

    path: str
    choices: tuple[str, ...]
    condition: str
    mapping: str
    at: Place


def rules_of(program: Program, source: str) -> list[Rule]:
    """Every rule of a source: by event name, by another key, then the one for everything else."""
    dispatch = program.dispatch
    found = [*dispatch.by_name.get(source, {}).values(), *dispatch.by_key.get(source, {}).values()]
    rest = dispatch.everything_else.get(source)
    return [*found, rest] if rest else found


def field_lines(program: Program, source: str) -> list[FieldLine]:
    """The lines of everything that is sent for a source, each once."""
    walk = _Walk(program, source)
    seen: dict[FieldLine, None] = {}
    for rule in rules_of(program, source):
        for send in sends(rule.actions):
            for word in send.mappings:
                if walk.first(word.text):
                    seen |= dict.fromkeys(walk.mapping(word.text, ""))
            condition = one_line(send.when) if send.when else ""
            seen |= dict.fromkeys(walk.body(send.body, condition, ""))
    return list(seen)


class _Walk:
    def __init__(self, program: Program, source: str) -> None:
        self.program = program
        self.source = source
        self._used: set[str] = set()

    def first(self, name: str) -> bool:
        """Whether a mapping is named for the first time: a table names it in each of its rows."""
        is_new = name not in self._used
        self._used.add(name)
        return is_new

    def mapping(self, name: str, condition: str) -> Iterator[FieldLine]:
        mapping = self.program.mappings[name]
        if self._serves(mapping.sources):
            yield from self.body(mapping.body, condition, name)

    def _serves(self, words: Iterable[t.Word]) -> bool:
        names = {word.text for word in words}
        return not names or self.source in names

    def body(
        self, body: Iterable[t.Statement], condition: str, mapping: str, prefix: str = ""
    ) -> Iterator[FieldLine]:
        for node in body:
            match node:
                case t.Assign():
                    yield self._line(node, prefix + node.path.text, node.value, condition, mapping)
                case t.Each():
                    yield from self._each(node, condition, mapping)
                case t.Include():
                    for word in node.names:
                        yield from self.mapping(word.text, condition)
                case t.ForSources() if self._serves(node.sources):
                    yield from self.body(node.body, condition, mapping, prefix)
                case t.When():
                    for when, inside in branches(node.branches, node.otherwise):
                        yield from self.body(inside, all_of(condition, when), mapping, prefix)
                case t.Omit():
                    for path in node.paths:
                        yield FieldLine(path.text, ("(left out)",), condition, mapping, node.span.place)
                case _:
                    pass

    def _each(self, node: t.Each, condition: str, mapping: str) -> Iterator[FieldLine]:
        text = f"each {node.item.text} in {one_line(node.items)}"
        text += f" where {one_line(node.where)}" if node.where else ""
        yield FieldLine(node.path.text, (text,), condition, mapping, node.span.place)
        yield from self.body(node.body, condition, mapping, f"{node.path.text}[].")

    def _line(self, node: t.Node, path: str, value: t.Expr, condition: str, mapping: str) -> FieldLine:
        choices = value.choices if isinstance(value, t.Coalesce) else (value,)
        return FieldLine(path, tuple(map(one_line, choices)), condition, mapping, node.span.place)
