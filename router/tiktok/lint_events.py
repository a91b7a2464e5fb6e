"""Lints about event names: renamed, deprecated, misspelt, and those that TikTok counts as something else."""

from __future__ import annotations

from collections.abc import Iterator

from router.lang import tree as t
from router.lang.diagnostics import Diagnostic
from router.lang.lint.nodes import nodes
from router.lang.program import Program
from router.lang.suggest import closest
from router.lang.traverse import endings
from router.tiktok import lint_words as say
from router.tiktok.catalogue import ALIASES, EVENTS, RESERVED, custom_event_problem


def _fold(name: str) -> str:
    return name.casefold().replace("_", "").replace("-", "")


_RESERVED = {_fold(name): name for name in RESERVED}


def renamed(program: Program) -> Iterator[Diagnostic]:
    """W530: old names of today's events, unless the settings rename them on the way out (HC-ADOPT, H)."""
    if program.settings.get("event_names") == "current":
        return
    for node in _targets(program):
        event = EVENTS.get(node.text)
        if event is not None and event.canonical:
            yield say.renamed(node.span, node.text, event.canonical)


def deprecated(program: Program) -> Iterator[Diagnostic]:
    """W532: events that TikTok supports until 2027 (HC-ADOPT, H)."""
    for node in _targets(program):
        event = EVENTS.get(node.text)
        if event is not None and event.status == "deprecated":
            yield say.deprecated(node.span, node.text)


def misspelt(program: Program) -> Iterator[Diagnostic]:
    """W531 for names that differ in case or signs only, W534 for custom names close to a standard one."""
    for node in _targets(program):
        if node.text in EVENTS:
            continue
        same = ALIASES.get(node.text) or _same_but_case(node.text)
        near = None if same or _fold(node.text) in _RESERVED else closest(node.text, EVENTS)
        if same:
            yield say.other_case(node.span, node.text, same, sure=node.text in ALIASES)
        elif near:
            yield say.near_miss(node.span, node.text, near)


def _same_but_case(name: str) -> str | None:
    """App events with reserved names are left to W533: on the web they count as something else."""
    folded = _fold(name)
    free = (known for known in EVENTS if known not in RESERVED or EVENTS[known].canonical)
    return next((known for known in free if _fold(known) == folded), None)


def counted_as_another(program: Program) -> Iterator[Diagnostic]:
    """W533: custom names that TikTok takes for another event, or would in another spelling (HC-RES, H)."""
    for node in _targets(program):
        found = _RESERVED.get(_fold(node.text))
        if found and node.text not in EVENTS and _same_but_case(node.text) is None:
            yield say.reserved(node.span, node.text, RESERVED[found])
    for literal, name in _computed(program):
        if name in RESERVED:
            yield say.reserved(literal.span, name, RESERVED[name])


def never_accepted(program: Program) -> Iterator[Diagnostic]:
    """W534: written-out names in `custom( )` that TikTok does not take, so that the send is skipped."""
    for literal, name in _computed(program):
        problem = custom_event_problem(name)
        if problem and name not in RESERVED:
            yield say.not_taken(literal.span, name, problem)


def _targets(program: Program) -> Iterator[t.TargetEvent]:
    """Events where rules send them; what tests expect follows from these."""
    for node in nodes(program):
        match node:
            case t.Row():
                yield from (cell for cell in node.cells if isinstance(cell, t.TargetEvent))
            case t.SendAction(event=t.TargetEvent() as event):
                yield event
            case _:
                pass


def _computed(program: Program) -> Iterator[tuple[t.Literal, str]]:
    for node in nodes(program):
        if isinstance(node, t.CustomEvent):
            for ending in endings(node.name):
                if isinstance(ending, t.Literal) and isinstance(ending.value, str):
                    yield ending, ending.value
