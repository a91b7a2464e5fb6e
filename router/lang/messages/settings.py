"""E7xx: destinations, settings and secrets."""

from __future__ import annotations

from collections.abc import Iterable

from router.lang.diagnostics import Diagnostic, Fix, Help, Mark, Note, Remark, code
from router.lang.source import Span
from router.lang.suggest import closest, listing


@code("E701", "an access token in a rule file")
def secret_literal(span: Span, variable: str) -> Diagnostic:
    return Diagnostic(
        "an access token is written in the rule file",
        Mark(span, "rule files end up in version control"),
        remarks=(
            Help("read it from the environment when the router starts", Fix(span, f'secret("{variable}")')),
        ),
    )


@code("E702", "a setting that does not exist")
def unknown_setting(span: Span, name: str, where: str, known: Iterable[str]) -> Diagnostic:
    names = sorted(known)
    near = closest(name, names)
    remarks: tuple[Remark, ...] = (Note(f"{where} has: {listing(names, 12)}"),)
    if near:
        remarks = (Help(f"did you mean `{near}`?", Fix(span, near, sure=True)),)
    return Diagnostic(
        f"there is no setting `{name}` in {where}", Mark(span, "unknown setting"), remarks=remarks
    )


@code("E703", "a destination without an event source id")
def no_source_id(span: Span, known: Iterable[str]) -> Diagnostic:
    return Diagnostic(
        f"the destination `{span.text}` has no event source id",
        Mark(span, "events could not be addressed"),
        remarks=(Help(f'add one of {listing(sorted(known))}, such as: pixel = env("TIKTOK_PIXEL")'),),
    )


@code("E704", "a destination without a token")
def no_token(span: Span) -> Diagnostic:
    return Diagnostic(
        f"the destination `{span.text}` has no token",
        Mark(span, "requests would be refused"),
        remarks=(Help('add: token = secret("TIKTOK_TOKEN")'),),
    )


@code("E705", "a setting of the wrong kind")
def wrong_setting(span: Span, name: str, wanted: str) -> Diagnostic:
    return Diagnostic(f"`{name}` takes {wanted}", Mark(span, "does not fit"))


@code("E706", "a destination type that is not known")
def unknown_destination_type(span: Span, known: str) -> Diagnostic:
    return Diagnostic(
        "this destination type is not known",
        Mark(span, "unknown type"),
        remarks=(Help(f'write: type = "{known}"', Fix(span, f'"{known}"')),),
    )


@code("E707", "a setting that is set twice")
def set_twice(span: Span, name: str, first: Span) -> Diagnostic:
    here = first.source is span.source
    return Diagnostic(
        f"`{name}` is set twice",
        Mark(span, "set again"),
        others=(Mark(first, "set here"),) if here else (),
        remarks=() if here else (Note(f"first set in {first.place}"),),
    )


@code("E708", "an event source id that the source does not have")
def id_of_other_source(span: Span, name: str, source: str, serves: str) -> Diagnostic:
    return Diagnostic(
        f"`{name}` names a source for {serves}, this destination is for {source}",
        Mark(span, "does not fit"),
        remarks=(Help("use the id of that source, or change `source`"),),
    )


@code("E709", "a second event source id for one source")
def two_ids(span: Span, first: Span) -> Diagnostic:
    return Diagnostic(
        "a destination has one event source id for a source",
        Mark(span, "a second one"),
        others=(Mark(first, "the first"),) if first.source is span.source else (),
        remarks=(Help("make two destinations"),),
    )


@code("W504", "two destinations with one event source id")
def same_event_source(span: Span, first: Span, title: str) -> Diagnostic:
    here = first.source is span.source
    return Diagnostic(
        f"`{span.text}` and `{first.text}` are one event source",
        Mark(span, "the same source and id"),
        others=(Mark(first, "first here"),) if here else (),
        remarks=(
            *(() if here else (Note(f"`{first.text}` is in {first.place}"),)),
            Note(f"{title} counts an event of both once, the first to arrive"),
        ),
    )
