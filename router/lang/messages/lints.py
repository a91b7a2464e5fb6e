"""W5xx: rules that work and mean something else than they seem to."""

from __future__ import annotations

from router.lang.diagnostics import Diagnostic, Fix, Help, Mark, code
from router.lang.source import Span
from router.lang.suggest import closest


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
