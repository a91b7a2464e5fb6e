"""E6xx: tests that could not fail, or name what does not exist."""

from __future__ import annotations

from collections.abc import Iterable

from router.lang.diagnostics import Diagnostic, Fix, Help, Mark, Note, code
from router.lang.source import Span
from router.lang.suggest import closest, listing


@code("E601", "a test of an event that no rule knows")
def no_rule_knows(span: Span, name: str, known: Iterable[str], passing: str) -> Diagnostic:
    near = closest(name, sorted(known))
    lead = f"did you mean `{near}`? " if near else ""
    help_text = f'{lead}To test that unknown events are not sent, write: given unknown event "{name}"'
    return Diagnostic(
        f"no rule knows the event `{name}`", Mark(span, f"so {passing}"), remarks=(Help(help_text),)
    )  # fmt: skip


@code("E602", "a given that is no part of an event")
def unknown_given(span: Span, name: str) -> Diagnostic:
    return Diagnostic(
        f"a test cannot set `{name}`",
        Mark(span, "nothing reads it"),
        remarks=(Help("set event.…, cookie.NAME, header.NAME or now"),),
    )


@code("E604", "a test without an expectation")
def no_expectation(span: Span) -> Diagnostic:
    return Diagnostic(
        "this test expects nothing in particular, so it cannot fail",
        Mark(span, "add an `expect`"),
        remarks=(Help("write for example: expect send CompletePayment, or: expect nothing"),),
    )


def _event_name(name: str, written: Span) -> str:
    """A custom name keeps its quotes, and one with other characters than letters and digits needs them."""
    quoted = written.text.startswith('"') or not name.isidentifier()
    return f'"{name}"' if quoted else name


@code("E605", "an expectation that no rule can meet")
def never_sent(span: Span, name: str, known: Iterable[str]) -> Diagnostic:
    names = sorted(known)
    near = closest(name, names)
    fix = (Help(f"did you mean `{near}`?", Fix(span, _event_name(near, span))),) if near else ()
    return Diagnostic(
        f"no rule sends `{name}`", Mark(span, "can never be met"),
        remarks=fix or (Note(f"events that are sent: {listing(names) or 'none'}"),),
    )  # fmt: skip


@code("E606", "two tests of one name")
def same_test(span: Span, first: Span) -> Diagnostic:
    return Diagnostic(
        f"two tests are called {span.text}",
        Mark(span, "the second"),
        others=(Mark(first, "the first"),) if first.source is span.source else (),
        remarks=(Help("give one of them another name"),),
    )


@code("E607", "a value that a test cannot compute")
def not_for_tests(span: Span, what: str) -> Diagnostic:
    return Diagnostic(f"a test has no {what}", Mark(span, "write the value out"))


@code("E608", "an unknown event that a rule knows")
def known_after_all(span: Span, name: str) -> Diagnostic:
    return Diagnostic(
        f"a rule knows the event `{name}`",
        Mark(span, "not unknown"),
        remarks=(Help("set event.event_name in a `given` block instead"),),
    )


@code("E609", "a reason that no rule gives")
def no_such_reason(span: Span, reason: str, known: Iterable[str]) -> Diagnostic:
    names = sorted(known)
    near = closest(reason, names)
    fix = (Help(f'did you mean "{near}"?', Fix(span, f'"{near}"')),) if near else ()
    return Diagnostic(
        f'no rule gives the reason "{reason}"', Mark(span, "can never be met"),
        remarks=fix or (Note(f"reasons that are given: {listing(names) or 'none'}"),),
    )  # fmt: skip
