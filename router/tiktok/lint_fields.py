"""Lints about what events carry: ids that deduplicate, money that adds up, clicks that are found again."""

from __future__ import annotations

from collections.abc import Iterator

from router.lang import tree as t
from router.lang.diagnostics import Diagnostic
from router.lang.lint.nodes import Line, Route, nodes, routes, walk
from router.lang.program import Program
from router.lang.traverse import endings, everything, references
from router.tiktok import lint_words as say
from router.tiktok.catalogue import current_name

_PAGE_SCOPED = frozenset(
    {"url", "referrer", "path", "title", "page", "session_id", "session", "client_id", "user_agent", "ip"}
)
_TIMES = frozenset({"at", "event_timestamp", "timestamp", "time", "sent_at", "received_at", "session_start"})
_TOTALS = frozenset({"value", "total", "revenue", "total_amount", "total_price", "grand_total"})
_PRICES = frozenset({"price", "unit_price", "item_price"})


def unstable_ids(program: Program) -> Iterator[Diagnostic]:
    """W535: event ids that differ for every attempt, or are the same for every event of a page or session."""
    for node in _assigned(program, "event_id"):
        for ending in endings(node.value):
            parts = list(_parts(program, ending, frozenset()))
            clock = next(
                (each for each in parts if isinstance(each, t.Call) and each.name.text == "now"), None
            )
            reads = [each for each in parts if isinstance(each, t.Ref) and each.name.text == "event"]
            leaves = {_leaf(each) for each in reads}
            if clock is not None:
                yield say.unstable_id(ending.span, "changes with every attempt")
            elif leaves and leaves <= _PAGE_SCOPED | _TIMES:
                yield say.unstable_id(ending.span, "several events can share it")


def _parts(program: Program, node: t.Expr, trail: frozenset[str]) -> Iterator[t.Expr]:
    """Everything in an expression, with its names written out."""
    for each in everything(node):
        yield each
        let = program.lets.get(each.name.text) if isinstance(each, t.Ref) else None
        if let is not None and let.name.text not in trail:
            yield from _parts(program, let.value, trail | {let.name.text})


def _leaf(ref: t.Ref) -> str:
    """The last name of a path."""
    return next((step.text for step in reversed(ref.steps) if isinstance(step, t.Word)), ref.name.text)


def shared_ids(program: Program) -> Iterator[Diagnostic]:
    """W536: one id for all events, or for two sends of a rule that TikTok counts as one event."""
    for node in _assigned(program, "event_id"):
        if all(isinstance(ending, t.Literal) and ending.value for ending in endings(node.value)):
            yield say.shared_id(node.value.span)
    seen: dict[tuple[str, str, t.Node], Route] = {}
    for route in routes(program):
        line = route.last("event_id")
        if route.event is None or line is None or len(route.rule.actions) < 2:
            continue
        key = (route.rule.source, current_name(route.event), line.node)
        first = seen.setdefault((*key[:2], route.rule.actions[0]), route)
        if first.rule is route.rule and first.event != route.event and first.last("event_id") == line:
            yield say.counted_once(route.send.event.span, first.send.event.span)


def value_without_currency(program: Program) -> Iterator[Diagnostic]:
    """W537: TikTok reads a value without a currency as no value (HC-STD, H)."""
    for route in routes(program):
        value = route.last("properties.value")
        if value is not None and route.last("properties.currency") is None:
            yield say.no_currency(value.node.path.span)


def price_for_value(program: Program) -> Iterator[Diagnostic]:
    """W538: the value is what the event is worth in all, a price what one item costs (MP, H)."""
    for node in _assigned(program, "properties.value"):
        for ending in endings(node.value):
            if isinstance(ending, t.Ref) and _leaf(ending) in _PRICES:
                yield say.price_as_value(ending.span)
    for each in (node for node in nodes(program) if isinstance(node, t.Each)):
        for line in walk(each.body):
            if isinstance(line, t.Assign) and line.path.text == "price":
                for ref in references(line.value):
                    if ref.name.text == "event" and _leaf(ref) in _TOTALS:
                        yield say.value_as_price(ref.span)


def stale_click(program: Program) -> Iterator[Diagnostic]:
    """W539: a cookie of an older click before the page address, which holds the newest one."""
    for node in _assigned(program, "user.ttclid"):
        calls = [each for each in everything(node.value) if isinstance(each, t.Call)]
        cookie = next((at for at, call in enumerate(calls) if call.name.text == "cookie"), None)
        address = next((at for at, call in enumerate(calls) if call.name.text == "query"), None)
        if cookie is not None and address is not None and cookie < address:
            yield say.stale_click(calls[cookie].span, calls[address].span)


def web_without_page(program: Program) -> Iterator[Diagnostic]:
    """W544: TikTok matches a web event by its page, too."""
    seen: set[tuple[Line, ...]] = set()
    for route in routes(program):
        if route.rule.source == "web" and route.lines not in seen and route.last("page.url") is None:
            seen.add(route.lines)
            yield say.no_page(route.send.event.span)


def ids_without_type(program: Program) -> Iterator[Diagnostic]:
    """W545: TikTok looks content ids up as products or as groups of them (HC-STD, H)."""
    for route in routes(program):
        line = route.last("properties.content_ids")
        typed = route.last("properties.content_type") is not None or any(map(_typed, route.lines))
        if line is not None and not typed:
            yield say.no_content_type(line.node.path.span)


def _typed(line: Line) -> bool:
    inside = walk(line.node.body) if isinstance(line.node, t.Each) else ()
    return any(isinstance(each, t.Assign) and each.path.text == "content_type" for each in inside)


def fixed_currency(program: Program) -> Iterator[Diagnostic]:
    """W546: a currency that no event can change."""
    for node in _assigned(program, "properties.currency"):
        if isinstance(node.value, t.Literal) and node.value.value:
            yield say.fixed_currency(node.value.span, node.value.span.text)


def lower_case_ids(program: Program) -> Iterator[Diagnostic]:
    """W549: TikTok's template hashes an id as it is written (GTM, M); Segment and Stape lower-case it."""
    for node in _assigned(program, "user.external_id"):
        for each in _parts(program, node.value, frozenset()):
            if isinstance(each, t.Call) and each.name.text == "lower":
                yield say.lower_case_id(each.span)


def _assigned(program: Program, path: str) -> Iterator[t.Assign]:
    """Lines of mappings and sends that set a field; those of tests are none."""
    tested = {node for test in program.tests for node in walk(test)}
    for node in nodes(program):
        if isinstance(node, t.Assign) and node.path.text == path and node not in tested:
            yield node
