"""One expression in the midst of a rule set: checked and computed by the parts that run the daemon."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from router.assets import asset
from router.lang import tree as t
from router.lang.check import check
from router.lang.check.collect import collect
from router.lang.check.expressions import Expressions
from router.lang.check.scope import Checking
from router.lang.diagnostics import Diagnostic, Fix, Help, Mark, Note
from router.lang.kinds import Kind
from router.lang.outcome import Arrival
from router.lang.parse import parse
from router.lang.program import Program
from router.lang.source import Source, Span
from router.lang.trace import Trace, Tried
from router.lang.walk import Evaluation

PLACE = "<try>"


@dataclass(frozen=True, slots=True)
class Mistaken:
    """What is wrong with the expression, as its author wrote it."""

    problems: tuple[Diagnostic, ...]


@dataclass(frozen=True, slots=True)
class Answer:
    """A value with its type; None is missing, and `why` and `tried` say why. `warnings` come along."""

    value: Any
    kind: Kind
    why: str
    choice: str | None
    tried: tuple[Tried, ...]
    warnings: tuple[Diagnostic, ...]
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Checked:
    """An expression that is right, in the program that it became part of."""

    node: t.Expr
    name: str
    program: Program
    warnings: tuple[Diagnostic, ...]


def read(program: Program, text: str) -> Checked | Mistaken:
    """Check an expression as the value of one more `let` of the rule set."""
    name = _unused(program)
    lead = f"let {name} = "
    shown = Source(PLACE, text)
    file, problems = parse(Source(PLACE, lead + text), asset("grammar/rules.lark").read_text("utf-8"))
    let = next((each for each in file.declarations if isinstance(each, t.Let)), None)
    checked, found = check([*program.files, file], program.environment)
    own = [each for each in [*problems, *found] if each.mark.span.source is file.span.source]
    drawn = tuple(_moved(each, shown, len(lead)) for each in own if _about(each, len(lead)))
    if problems or checked is None or let is None:
        return Mistaken(drawn)
    return Checked(let.value, name, checked, drawn)


def answer(checked: Checked, arrival: Arrival) -> Answer:
    """Compute it for an event, with the reasons for what is missing."""
    trace = Trace()
    evaluation = Evaluation(checked.program, arrival, trace=trace)
    value = evaluation.value(checked.node)
    notes = tuple(f"{note.path}: {note.why}" for note in evaluation.notes.values())
    why = "" if value is not None else trace.whys.get(checked.node, "missing")
    choice = _choice(checked.node, trace)
    tried = tuple(_tried(checked.node, trace))
    return Answer(value, _kind(checked), why, choice, tried, checked.warnings, notes)


def _kind(checked: Checked) -> Kind:
    checking = Checking(checked.program.environment, checked.program.files)
    collect(checking)
    return Expressions(checking).let_kind(checked.name)


def _about(problem: Diagnostic, lead: int) -> bool:
    """A warning about the `let` itself is not the author's business."""
    return problem.severity == "error" or problem.mark.span.end > lead


def _choice(node: t.Expr, trace: Trace) -> str | None:
    """The alternative of a fallback chain that gave the value."""
    if not isinstance(node, t.Coalesce) or node not in trace.chosen:
        return None
    return node.choices[trace.chosen[node]].span.text


def _tried(node: t.Expr, trace: Trace) -> Iterator[Tried]:
    """The alternatives of a fallback chain that gave nothing."""
    if isinstance(node, t.Coalesce):
        last = trace.chosen.get(node, len(node.choices))
        for choice in node.choices[:last]:
            yield Tried(choice.span.text, trace.whys.get(choice, "missing"))


def _unused(program: Program) -> str:
    """A name that no `let` of the rules has."""
    name = "it"
    while name in program.lets:
        name += "_"
    return name


# ------------------------------------------------------------------ the author's own line


def _moved(problem: Diagnostic, to: Source, by: int) -> Diagnostic:
    """The diagnostic on the text that was typed, without the `let` in front of it."""
    source = problem.mark.span.source
    others = tuple(_mark(each, source, to, by) for each in problem.others)
    remarks = tuple(_remark(each, source, to, by) for each in problem.remarks)
    return replace(problem, mark=_mark(problem.mark, source, to, by), others=others, remarks=remarks)


def _mark(mark: Mark, source: Source, to: Source, by: int) -> Mark:
    return replace(mark, span=_span(mark.span, source, to, by))


def _remark(remark: Help | Note, source: Source, to: Source, by: int) -> Help | Note:
    if isinstance(remark, Note) or remark.fix is None or remark.fix.span.source is not source:
        return remark
    fix: Fix = replace(remark.fix, span=_span(remark.fix.span, source, to, by))
    return replace(remark, fix=fix)


def _span(span: Span, source: Source, to: Source, by: int) -> Span:
    if span.source is not source:
        return span
    return Span(to, max(0, span.start - by), min(max(0, span.end - by), len(to.text)))
