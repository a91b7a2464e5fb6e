"""Lints about event names: renamed, deprecated, misspelt, and those that TikTok counts as something else."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from router.lang import tree as t
from router.lang.diagnostics import Diagnostic
from router.lang.lint.nodes import Route, nodes, routes
from router.lang.program import Program
from router.lang.suggest import closest
from router.lang.traverse import endings
from router.tiktok import lint_words as say
from router.tiktok.catalogue import ALIASES, EVENTS, RESERVED, current_name, custom_event_problem

_VIEWS: Final = ("page_view", "view_item")


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


def custom_names(program: Program) -> Iterator[Diagnostic]:
    """W547: names of an author's own, for whoever expects campaigns to be optimised for them (CA12, H)."""
    for node in _targets(program):
        if _is_custom(node.text):
            yield say.custom_event(node.span, node.text)
    for literal, name in _computed(program):
        if _is_custom(name):
            yield say.custom_event(literal.span, name)


def _is_custom(name: str) -> bool:
    """Whether nothing else is to be said of the name."""
    known = name in EVENTS or name in ALIASES or _same_but_case(name) or _fold(name) in _RESERVED
    return not known and custom_event_problem(name) is None and closest(name, EVENTS) is None


def two_views(program: Program) -> Iterator[Diagnostic]:
    """W548: a page view and a product view that count alike for one destination (UP16, UP17, H)."""
    found: dict[tuple[str, str], list[_View]] = {}
    for route in routes(program):
        name = route.rule.event
        if name in _VIEWS and route.event and not _never(program, route.send.when, name):
            found.setdefault((route.rule.source, current_name(route.event)), []).append(_View(name, route))
    for (_, event), views in found.items():
        for second in (each for each in views if each.name == _VIEWS[1]):
            first = next((each for each in views if each.name == _VIEWS[0] and each.meets(second)), None)
            if first is not None:
                spans = second.route.send.event.span, first.route.send.event.span
                yield say.two_views(*spans, _VIEWS, event)


@dataclass(frozen=True, slots=True)
class _View:
    name: str
    route: Route

    def meets(self, other: _View) -> bool:
        """Whether both can go to one destination, under ids that differ."""
        mine, theirs = ({word.text for word in each.route.send.to} for each in (self, other))
        return not mine or not theirs or bool(mine & theirs)


def _never(program: Program, condition: t.Expr | None, name: str) -> bool:
    """Whether a condition says, by a list that never changes, that events of this name are not sent."""
    match condition:
        case t.Compare(op="in", left=t.Ref() as left, right=right) if _is_event_name(program, left):
            names = _texts(program, right)
            return names is not None and name not in names
        case _:
            return False


def _is_event_name(program: Program, ref: t.Ref) -> bool:
    steps = tuple(step.text for step in ref.steps if isinstance(step, t.Word))
    return ref.name.text == "event" and len(steps) == len(ref.steps) and steps == program.event_name


def _texts(program: Program, node: t.Expr) -> set[str] | None:
    if isinstance(node, t.Ref) and not node.steps and node.name.text in program.lets:
        node = program.lets[node.name.text].value
    if not isinstance(node, t.ListOf):
        return None
    texts = [each.value for each in node.items if isinstance(each, t.Literal)]
    known = {each for each in texts if isinstance(each, str)}
    return known if len(texts) == len(node.items) else None


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
