"""E4xx: rules, mappings and destinations that contradict each other."""

from __future__ import annotations

from router.lang.diagnostics import Diagnostic, Fix, Help, Mark, Note, Remark, code
from router.lang.source import Span


def _first(span: Span, here: Span, label: str) -> tuple[tuple[Mark, ...], tuple[Remark, ...]]:
    """The other place: as a mark in the same file, as a note in another one."""
    if span.source is here.source:
        return (Mark(span, label),), ()
    return (), (Note(f"{label}: {span.place}"),)


@code("E401", "an event with two rules for one source")
def handled_twice(
    second: Span, first: Span, event: str, sources: str, statement: Span, override: bool
) -> Diagnostic:
    others, elsewhere = _first(first, second, "first rule")
    help_text = "to send both, put both in one rule; to replace the row, start this one with `override`"
    fix = Fix(Span(statement.source, statement.start, statement.start), "override ")
    remedy = (
        Help("a rule is replaced once; remove one of the two", None) if override else Help(help_text, fix)
    )
    return Diagnostic(
        f"`{event}` is already handled for {sources}",
        Mark(second, "second rule"),
        others,
        (
            remedy,
            *elsewhere,
            Note("one rule per event and source, so that a conversion is never counted twice"),
        ),
    )


@code("E402", "an override that replaces nothing")
def nothing_to_override(span: Span, event: str, statement: Span) -> Diagnostic:
    keyword = Span(statement.source, statement.start, statement.start + len("override "))
    return Diagnostic(
        f"there is no rule for `{event}` to replace",
        Mark(span, "replaces nothing"),
        remarks=(Help("remove `override`", Fix(keyword, "")),),
    )


@code("E404", "two lines that decide the source")
def second_source(span: Span, first: Span) -> Diagnostic:
    others, elsewhere = _first(first, span, "the first")
    return Diagnostic("the source is decided twice", Mark(span, "a second time"), others, (*elsewhere,
                      Help("join them with `??`")))  # fmt: skip


@code("E405", "a line that means nothing in a list element")
def not_in_each(span: Span, what: str) -> Diagnostic:
    return Diagnostic(
        f"`{what}` has no meaning inside `each`",
        Mark(span, "inside a list element"),
        remarks=(Help("put it before or behind the `each`; to leave elements out, use `where`"),),
    )


@code("E406", "a list inside a list element")
def nested_each(span: Span) -> Diagnostic:
    return Diagnostic(
        "`each` cannot stand inside `each` here", Mark(span, "the field takes no list of objects")
    )  # fmt: skip


@code("E407", "a rule that can send nowhere")
def no_source_in_common(span: Span, destination: str, serves: str, rule: str) -> Diagnostic:
    return Diagnostic(
        f"`{destination}` serves {serves}, this rule is for {rule}",
        Mark(span, "never reached"),
        remarks=(Help("name another destination, or widen the rule's sources"),),
    )


@code("E420", "a mapping that includes itself")
def include_cycle(name: str, steps: list[tuple[Span, str, str]]) -> Diagnostic:
    (first, frm, to), *rest = steps
    others = tuple(
        Mark(span, f"`{a}` includes `{b}`") for span, a, b in rest[:2] if span.source is first.source
    )
    return Diagnostic(
        f"`{name}` includes itself",
        Mark(first, f"`{frm}` includes `{to}`"),
        others,
        (Help("remove one of the two includes" if len(steps) == 2 else "remove one of the includes"),),
    )


@code("E421", "a name that is defined by itself")
def let_cycle(span: Span, name: str) -> Diagnostic:
    return Diagnostic(
        f"`{name}` is defined by itself",
        Mark(span, "leads back to it"),
        remarks=(Help("write one of the names out"),),
    )


@code("E422", "tables that are keyed by different fields")
def second_key(span: Span, first: Span) -> Diagnostic:
    others, elsewhere = _first(first, span, "the first key")
    return Diagnostic(
        "all `events by` tables use one field", Mark(span, "another field"), others,
        (*elsewhere, Help("use `on` rules with `when` for the second field")),
    )  # fmt: skip


@code("E423", "a table with two columns for one source")
def same_column(span: Span, first: Span) -> Diagnostic:
    return Diagnostic(
        f"the table has two columns for `{span.text}`",
        Mark(span, "the second"),
        (Mark(first, "the first"),),
        (Help("one cell says what a source sends; for several sends use an `on` rule"),),
    )


@code("E430", "more rows than the language allows")
def too_many_rows(span: Span, limit: int) -> Diagnostic:
    return Diagnostic(
        f"this table has more than {limit:,} rows", Mark(span, "the limit is passed here"),
        remarks=(Help("split it into several tables"),),
    )  # fmt: skip


@code("E431", "includes or `each` beyond the limit")
def too_deep(span: Span, what: str, limit: int) -> Diagnostic:
    return Diagnostic(
        f"{what} nest more than {limit} levels deep",
        Mark(span, "the limit is passed here"),
        remarks=(Help("write some of them out where they are used"),),
    )


@code("E432", "a name that stands for more than the language allows")
def too_much(span: Span, name: str, what: str, limit: int) -> Diagnostic:
    return Diagnostic(
        f"`{name}` comes to more than {limit:,} {what} when what it uses is written out",
        Mark(span, "the limit is passed here"),
        remarks=(Help("use the names in it less often"),),
    )
