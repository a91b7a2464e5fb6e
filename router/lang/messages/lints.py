"""W5xx: rules that work and mean something else than they seem to."""

from __future__ import annotations

from router.lang.diagnostics import Diagnostic, Fix, Help, Mark, Note, code
from router.lang.source import Span
from router.lang.suggest import closest, listing


@code("W501", "a fallback that is never used")
def dead_fallback(dead: Span, before: Span, swapped: Fix | None) -> Diagnostic:
    return Diagnostic(
        "this fallback is never used",
        Mark(dead, "never reached"),
        others=(Mark(before, "never missing"),),
        remarks=(Help("put the value that can be missing first", swapped),),
    )


@code("W503", "a condition that never changes")
def constant_condition(span: Span, value: bool) -> Diagnostic:
    return Diagnostic(
        f"this condition is always {'true' if value else 'false'}",
        Mark(span, "does not depend on the event"),
        remarks=(Help("remove the condition" if value else "remove what it guards"),),
    )


@code("W505", "an allowed warning without a reason")
def no_reason(span: Span) -> Diagnostic:
    return Diagnostic(
        f"this allows {span.text} and does not say why",
        Mark(span, "allows nothing"),
        remarks=(Help(f"write the reason behind a colon: # allow {span.text}: reason"),),
    )


@code("W506", "an allowed warning that does not occur")
def unused_allowance(span: Span) -> Diagnostic:
    return Diagnostic(
        f"there is no {span.text} here to allow",
        Mark(span, "allows nothing"),
        remarks=(
            Help(
                "remove the comment; it holds for its line or the next one, with the block that opens there"
            ),
        ),
    )


@code("W507", "an allowed code that cannot be allowed")
def not_allowable(span: Span, known: list[str]) -> Diagnostic:
    if span.text.startswith("E"):
        return Diagnostic(
            "errors cannot be allowed",
            Mark(span, "an error"),
            remarks=(Help("mend the mistake; comments allow warnings only"),),
        )
    near = closest(span.text, known)
    help_text = f"did you mean {near}?" if near else "tagwright help lists the codes"
    return Diagnostic(
        f"there is no warning {span.text}",
        Mark(span, "unknown code"),
        remarks=(Help(help_text, Fix(span, near) if near else None),),
    )


@code("W502", "a name, mapping or destination that nothing uses")
def unused(span: Span, noun: str) -> Diagnostic:
    return Diagnostic(
        f"the {noun} `{span.text}` is never used",
        Mark(span, "unused"),
        remarks=(Help("remove it, or use it where it was meant"),),
    )


@code("W510", "a gate that a missing field opens")
def open_gate(span: Span, sign: str) -> Diagnostic:
    return Diagnostic(
        f"{sign} holds when the field is missing",
        Mark(span, "an event without it passes"),
        remarks=(Help("ask for what must be there, with `==` or `is present`"),),
    )


@code("W520", "a line that a later one always replaces")
def overwritten(span: Span, by: Span) -> Diagnostic:
    here = by.source is span.source
    return Diagnostic(
        f"`{span.text}` is always set again",
        Mark(span, "has no effect"),
        others=(Mark(by, "this one is never missing"),) if here else (),
        remarks=(*(() if here else (Note(f"set again in {by.place}"),)), Help("remove one of the two lines")),
    )


@code("W521", "a field that some of the sources do not have")
def left_out(span: Span, lacking: list[str], having: list[str]) -> Diagnostic:
    return Diagnostic(
        f"`{span.text}` is left out for {listing(lacking)}",
        Mark(span, f"exists for {listing(having)} here"),
        remarks=(Help(f"say so: for {listing(having)} {{ … }}"),),
    )


@code("W540", "one event sent twice to one destination")
def sent_twice(second: Span, first: Span) -> Diagnostic:
    return Diagnostic(
        f"this rule sends {second.text} twice",
        Mark(second, "again"),
        others=(Mark(first, "first here"),),
        remarks=(Help("remove one of them, or give each a condition"),),
    )


@code("W550", "a source that is never reached")
def unreachable(span: Span, why: str) -> Diagnostic:
    return Diagnostic(
        f"nothing is ever sent for {span.text} here",
        Mark(span, why),
        remarks=(Help("remove it, or add what is missing"),),
    )


@code("W560", "a rule without a test")
def untested(span: Span, event: str) -> Diagnostic:
    return Diagnostic(
        f"no test sends `{event}`",
        Mark(span, "untested"),
        remarks=(Help(f'write a test that gives event.event_name = "{event}"'),),
    )
