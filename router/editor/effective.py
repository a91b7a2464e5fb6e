"""Which line sets a field in the end: a mapping's lines in the order they run, with what it includes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from router.lang import tree as t


@dataclass(frozen=True, slots=True)
class Effect:
    """A line that sets or takes away a payload field. Without `conditions` it always runs."""

    path: str
    node: t.Assign | t.Each | t.Omit
    conditions: tuple[str, ...]
    mapping: str


def effects(name: str, mappings: Mapping[str, t.Mapping]) -> list[Effect]:
    """Everything a mapping does to fields, in order. An include that leads back is left out."""
    mapping = mappings.get(name)
    return list(_body(mapping.body, (), name, mappings, (name,))) if mapping else []


def _body(
    body: Iterable[t.Statement],
    conditions: tuple[str, ...],
    name: str,
    mappings: Mapping[str, t.Mapping],
    trail: tuple[str, ...],
) -> Iterator[Effect]:
    for node in body:
        match node:
            case t.Assign() | t.Each():
                yield Effect(node.path.text, node, conditions, name)
            case t.Omit():
                yield from (Effect(path.text, node, conditions, name) for path in node.paths)
            case t.Include():
                for word in node.names:
                    inside = mappings.get(word.text) if word.text not in trail else None
                    if inside:
                        deeper = (*trail, word.text)
                        yield from _body(inside.body, conditions, word.text, mappings, deeper)
            case t.ForSources():
                sources = "for " + ", ".join(word.text for word in node.sources)
                yield from _body(node.body, (*conditions, sources), name, mappings, trail)
            case t.When():
                for condition, inside_branch in node.branches:
                    under = (*conditions, f"when {_one_line(condition)}")
                    yield from _body(inside_branch, under, name, mappings, trail)
                yield from _body(node.otherwise, (*conditions, "otherwise"), name, mappings, trail)
            case _:
                pass


def last_word(path: str, every: Iterable[Effect]) -> list[Effect]:
    """The line that counts for a field and, behind it, those that replace it under a condition."""
    kept: list[Effect] = []
    for each in every:
        if each.path == path:
            kept = [*kept, each] if each.conditions else [each]
    return kept


def mapping_of(node: t.Node, mappings: Mapping[str, t.Mapping]) -> str | None:
    """The mapping that a line stands in."""
    for name, mapping in mappings.items():
        span = mapping.span
        if span.source is node.span.source and span.start <= node.span.start and node.span.end <= span.end:
            return name
    return None


def including(name: str, mappings: Mapping[str, t.Mapping]) -> list[str]:
    """The mappings that this one's lines are part of, itself left out."""
    return [
        other for other in mappings
        if other != name and any(each.mapping == name for each in effects(other, mappings))
    ]  # fmt: skip


def _one_line(node: t.Expr) -> str:
    return " ".join(node.span.text.split())
