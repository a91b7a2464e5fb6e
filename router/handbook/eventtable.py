"""The rows of an event table: one for each thing that a rule does with an event of a source."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from router.handbook.comments import comment_above
from router.handbook.conditions import all_of, branches, one_line
from router.lang import tree as t
from router.lang.outcome import DROPPED
from router.lang.program import Program, Rule
from router.lang.source import Span
from router.tiktok.catalogue import EVENTS, current_name, wire_name


@dataclass(frozen=True, slots=True)
class EventRow:
    """A send (`target`), a drop (`reason`), or that an event is known and not sent (`not_sent`)."""

    event: str
    span: Span
    target: str = ""
    remark: str = ""
    condition: str = ""
    sample: str = ""
    carries: tuple[str, ...] = ()
    to: tuple[str, ...] = ()
    reason: str = ""
    not_sent: bool = False
    note: str = ""


def event_rows(program: Program, rule: Rule) -> Iterator[EventRow]:
    """Everything that a rule does, with the conditions under which it does it."""
    note = _note(program, rule)
    if rule.not_sent or not rule.actions:
        yield EventRow(rule.event, rule.span, not_sent=True, note=note)
    yield from _actions(program, rule, rule.actions, "", note)


def _actions(
    program: Program, rule: Rule, actions: Iterable[t.Action], condition: str, note: str
) -> Iterator[EventRow]:
    for action in actions:
        match action:
            case t.SendAction():
                yield _send(program, rule, action, condition, note)
            case t.WhenAction():
                for when, inside in branches(action.branches, action.otherwise):
                    yield from _actions(program, rule, inside, all_of(condition, when), note)
            case t.DropAction():
                reason = action.reason.text if action.reason else DROPPED
                yield EventRow(rule.event, action.span, condition=condition, reason=reason, note=note)
            case t.Broken():
                pass


def _send(program: Program, rule: Rule, send: t.SendAction, condition: str, note: str) -> EventRow:
    target, remark = _target(send.event)
    own = ("lines of its own",) if send.body else ()
    return EventRow(
        rule.event,
        send.span,
        target,
        remark,
        all_of(condition, one_line(send.when) if send.when else ""),
        _sample(send.sample),
        (*dict.fromkeys(word.text for word in send.mappings), *own),
        tuple(word.text for word in send.to) or _serving(program, rule.source),
        note=note,
    )


def _target(event: t.TargetEvent | t.CustomEvent) -> tuple[str, str]:
    """The name and what TikTok makes of it."""
    if isinstance(event, t.CustomEvent):
        return one_line(event.name), "the name is computed"
    if wire_name(event.text) not in EVENTS:
        return event.text, "custom event"
    current = current_name(event.text)
    return event.text, f"TikTok shows it as {current}" if current != event.text else ""


def _sample(sample: t.Sample | None) -> str:
    if sample is None:
        return ""
    return f"only {sample.basis_points / 100:g} % of {one_line(sample.key)}"


def _serving(program: Program, source: str) -> tuple[str, ...]:
    return tuple(name for name, each in program.destinations.items() if source in each.sources)


def _note(program: Program, rule: Rule) -> str:
    """The rule's own documentation, else that of the table it stands in."""
    return comment_above(rule.span) or next(
        (
            comment_above(each.span)
            for file in program.files
            for each in file.declarations
            if isinstance(each, t.Table | t.On) and _holds(each.span, rule.span)
        ),
        "",
    )


def _holds(outer: Span, inner: Span) -> bool:
    return outer.source is inner.source and outer.start <= inner.start and inner.end <= outer.end


def dropped_events(rule: t.DropRule) -> list[str]:
    """The names that a drop rule is about."""
    return [each.text for each in rule.events if not each.star]
