"""A rule set as a marketer reads it: what is sent where, when, and what each field is made of."""

from __future__ import annotations

from collections.abc import Iterator

from router.handbook.blocks import (
    Block,
    Document,
    Heading,
    Text,
    code,
    joined,
    paragraph,
    plain,
    quiet,
    table,
)
from router.handbook.comments import comment_above
from router.handbook.conditions import one_line
from router.handbook.eventtable import EventRow, dropped_events, event_rows
from router.handbook.fieldlines import rules_of
from router.handbook.matrix import matrix, never_set
from router.handbook.places import place
from router.lang import tree as t
from router.lang.program import Destination, Program
from router.lang.source import Span
from router.lang.traverse import everything

_VARIABLES = frozenset({"env", "secret"})


def describe(program: Program, title: str) -> Document:
    """Everything about a rule set. Ids and tokens are named by their variables, never by their values."""
    sources = [each for each in program.environment.target.sources if rules_of(program, each)]
    blocks: list[Block] = []
    for section in (
        _sources(program, sources),
        _events(program, sources),
        _dropped(program),
        _destinations(program),
        matrix(program, sources),
        never_set(program, sources),
        _names(program),
        _settings(program),
    ):
        blocks += section
    return Document(title, tuple(blocks))


# ------------------------------------------------------------------ sources and events


def _sources(program: Program, sources: list[str]) -> Iterator[Block]:
    yield Heading(2, "Where events come from")
    if program.source is None:
        yield paragraph(plain("Every event counts as an event of the web."))
    else:
        declared = _declaration(program, program.source.span)
        yield paragraph(plain(comment_above(declared)))
        yield paragraph(plain("The source is "), code(program.source.span.text), plain(" "), _at(declared))
    served = ", ".join(sources) or "none"
    yield paragraph(plain(f"Sources with rules: {served}."))


def _declaration(program: Program, span: Span) -> Span:
    """The whole declaration that an expression belongs to."""
    return next(
        each.span
        for file in program.files
        for each in file.declarations
        if each.span.source is span.source and each.span.start <= span.start and span.end <= each.span.end
    )


def _events(program: Program, sources: list[str]) -> Iterator[Block]:
    for source in sources:
        rows = [row for rule in rules_of(program, source) for row in event_rows(program, rule)]
        noun = program.environment.target.source_nouns.get(source, source)
        yield Heading(2, f"Events: {noun}")
        sent = [row for row in rows if row.target]
        head = ("your event", "TikTok event", "when", "carries", "to", "note", "line")
        yield from table(head, map(_event, sent))
        silent = [row for row in rows if row.not_sent]
        if silent:
            names = joined((code(row.event) for row in silent), plain(", "))
            yield paragraph(plain("Known, and not sent: "), names, plain("."))
        yield from table(
            ("dropped on the way", "when", "reason", "line"),
            (
                (code(row.event), _code(row.condition), plain(row.reason), _at(row.span))
                for row in rows
                if row.reason
            ),
        )


def _event(row: EventRow) -> tuple[Text, ...]:
    event = plain("everything else") if row.event == "*" else code(row.event)
    target = joined((code(row.target), plain(row.remark) if row.remark else ()))
    conditions = joined((_code(row.condition), plain(row.sample) if row.sample else ()))
    carries = joined((code(each) for each in row.carries), plain(", "))
    to = joined((code(each) for each in row.to), plain(", "))
    return event, target, conditions, carries, to, plain(row.note), _at(row.span)


def _dropped(program: Program) -> Iterator[Block]:
    rows = table(
        ("events", "sources", "when", "reason", "line"),
        (
            (
                joined(map(code, dropped_events(rule)), plain(", ")) or plain("all"),
                plain(", ".join(word.text for word in rule.sources) or "all"),
                _code(one_line(rule.when)) if rule.when else (),
                plain(rule.reason.text if rule.reason else comment_above(rule.span)),
                _at(rule.span),
            )
            for rule in program.drops
        ),
    )
    if rows:
        yield Heading(2, "Dropped before anything else")
        yield from rows


# ------------------------------------------------------------------ destinations


def _destinations(program: Program) -> Iterator[Block]:
    yield Heading(2, "Destinations")
    if not program.destinations:
        yield paragraph(plain("None: nothing is sent."))
    yield from table(
        ("destination", "serves", "set by", "only when", "note", "line"),
        map(_destination, program.destinations.values()),
    )


def _destination(destination: Destination) -> tuple[Text, ...]:
    ids = (_variables(f"id for {source}", node) for source, node in destination.ids.items())
    others = (
        _variables(name.replace("_", " "), node)
        for name, node in destination.settings.items()
        if name not in ("type", "source")
    )
    return (
        code(destination.name),
        plain(", ".join(destination.ids)),
        joined([*ids, *others]),
        joined(_gate(gate) for gate in destination.gates),
        plain(comment_above(destination.span)),
        _at(destination.span),
    )


def _variables(name: str, node: t.Expr) -> Text:
    """Where a value comes from, by the names of variables alone."""
    names = [
        arg.value
        for call in everything(node)
        if isinstance(call, t.Call) and call.name.text in _VARIABLES
        for arg in call.args
        if isinstance(arg, t.Literal) and isinstance(arg.value, str)
    ]
    where = joined(map(code, names), plain(" or ")) or plain("written in the file")
    return (*plain(f"{name}: "), *where)


def _gate(gate: t.Requires) -> Text:
    reason = plain(f' else "{gate.reason.text}"') if gate.reason else ()
    return (*code(one_line(gate.condition)), *reason, *plain(" "), *_at(gate.span))


# ------------------------------------------------------------------ names and settings


def _names(program: Program) -> Iterator[Block]:
    rows = table(
        ("name", "value", "note", "line"),
        (
            (code(name), code(one_line(let.value)), plain(comment_above(let.span)), _at(let.span))
            for name, let in program.lets.items()
        ),
    )
    if rows:
        yield Heading(2, "Named values")
        yield from rows


def _settings(program: Program) -> Iterator[Block]:
    rows = table(
        ("setting", "value", "line"),
        (
            (code(each.name.text), code(one_line(each.value)), _at(each.span))
            for file in program.files
            for block in file.declarations
            if isinstance(block, t.SettingsBlock)
            for each in block.settings
            if isinstance(each, t.Setting)
        ),
    )
    if rows:
        yield Heading(2, "Settings")
        yield from rows


def _code(text: str) -> Text:
    return code(text) if text else ()


def _at(span: Span) -> Text:
    return quiet(place(span.place))
