"""W5xx: rules that work and mean something else than they seem to."""

from __future__ import annotations

from router.lang.diagnostics import Diagnostic, Fix, Help, Mark, code
from router.lang.source import Span


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
