"""E2xx: names that nothing has."""

from __future__ import annotations

from collections.abc import Iterable

from router.lang.diagnostics import Diagnostic, Fix, Help, Mark, Note, Remark, code
from router.lang.source import Span
from router.lang.suggest import closest, listing


def _did_you_mean(span: Span, wrong: str, known: Iterable[str], noun: str) -> tuple[Remark, ...]:
    """A close name as a fix, else the list of what there is."""
    names = sorted(known)
    near = closest(wrong, names)
    if near:
        return (Help(f"did you mean `{near}`?", Fix(span, near, sure=True)),)
    return (Note(f"{noun}: {listing(names)}"),) if names else ()


@code("E201", "a field that the event schema lacks")
def unknown_event_field(
    span: Span, root: str, before: str, name: str, siblings: list[str], elsewhere: tuple[Span, str] | None
) -> Diagnostic:
    here = f"{root}.{before}" if before else root
    wrong = f"{before}.{name}" if before else name
    near = closest(name, siblings)
    remarks: list[Remark] = []
    if near:
        remarks.append(Help(f"did you mean `{near}`?", Fix(span, near, sure=True)))
    elif elsewhere:
        remarks.append(Help(f"did you mean `{elsewhere[1]}`?", Fix(elsewhere[0], elsewhere[1])))
    remarks.append(Note(f"fields of {here}: {listing(siblings)}"))
    if root == "event":
        declare = f"extend schema event {{ {wrong}: text }}"
        remarks.append(Note(f"if your site really sends it, declare it: {declare}"))
    shown = f"the event has no field `{wrong}`" if root == "event" else f"`{here}` has no field `{name}`"
    return Diagnostic(shown, Mark(span, "not in `schema event`"), remarks=tuple(remarks))


@code("E202", "a name that is not declared")
def unknown_name(span: Span, name: str, event_path: str | None, known: Iterable[str]) -> Diagnostic:
    if event_path:
        help_text = "the event's own fields start with `event.`"
        remarks: tuple[Remark, ...] = (Help(help_text, Fix(span, event_path, sure=True)),)
    else:
        literals = ("missing", "true", "false")
        remarks = _our_word(span, name, literals) or _did_you_mean(span, name, known, "names here")
    return Diagnostic(f"`{name}` is not a name in this file", Mark(span, "unknown name"), remarks=remarks)


@code("E203", "a name that is declared twice")
def declared_twice(second: Span, first: Span, noun: str) -> Diagnostic:
    others = (Mark(first, "first declared here"),) if first.source is second.source else ()
    note = () if others else (Note(f"first declared in {first.place}"),)
    return Diagnostic(
        f"the {noun} `{second.text}` is declared twice",
        Mark(second, "declared again"),
        others,
        (*note, _rename()),
    )


def _rename() -> Help:
    return Help("give one of them another name; names are shared by all files that are used together")


_ELSEWHERE = {
    "null": "missing", "none": "missing", "nil": "missing", "undefined": "missing", "yes": "true",
    "no": "false", "true": "true", "false": "false", "boolean": "bool", "string": "text", "str": "text",
    "integer": "number", "int": "number", "float": "number", "decimal": "number", "date": "time",
    "datetime": "time", "timestamp": "time", "array": "list of text", "uri": "url",
}  # fmt: skip
"""What other languages call our words."""


def _our_word(span: Span, name: str, ours: Iterable[str]) -> tuple[Remark, ...]:
    word = _ELSEWHERE.get(name.lower())
    return (Help(f"it is written `{word}` here", Fix(span, word)),) if word and word in ours else ()


@code("E204", "a function that does not exist")
def unknown_function(span: Span, name: str, known: Iterable[str]) -> Diagnostic:
    return Diagnostic(
        f"there is no function `{name}`", Mark(span, "unknown function"),
        remarks=_did_you_mean(span, name, known, "functions"),
    )  # fmt: skip


@code("E205", "a mapping that does not exist")
def unknown_mapping(span: Span, name: str, known: Iterable[str]) -> Diagnostic:
    return Diagnostic(
        f"there is no mapping `{name}`", Mark(span, "unknown mapping"),
        remarks=_did_you_mean(span, name, known, "mappings"),
    )  # fmt: skip


@code("E206", "a destination that does not exist")
def unknown_destination(span: Span, name: str, known: Iterable[str]) -> Diagnostic:
    return Diagnostic(
        f"there is no destination `{name}`", Mark(span, "unknown destination"),
        remarks=_did_you_mean(span, name, known, "destinations"),
    )  # fmt: skip


@code("E207", "an event source that the target lacks")
def unknown_source(span: Span, name: str, known: Iterable[str]) -> Diagnostic:
    return Diagnostic(
        f"there is no source `{name}`", Mark(span, "unknown source"),
        remarks=_did_you_mean(span, name, known, "sources"),
    )  # fmt: skip


@code("E208", "a type that schemas do not have")
def unknown_type(span: Span, name: str, known: Iterable[str]) -> Diagnostic:
    return Diagnostic(
        f"there is no type `{name}`", Mark(span, "unknown type"),
        remarks=_our_word(span, name, [*known, "list of text"]) or _did_you_mean(span, name, known, "types"),
    )  # fmt: skip


@code("E209", "an extension of a schema that no file declares")
def nothing_to_extend(span: Span) -> Diagnostic:
    return Diagnostic(
        "there is no schema to extend",
        Mark(span, "extends nothing"),
        remarks=(Help('declare it with `schema event { … }`, or take one: use "schemas/standard.rules"'),),
    )


@code("E210", "an event name that the target does not know")
def unknown_target_event(span: Span, name: str, title: str, known: Iterable[str]) -> Diagnostic:
    near = closest(name, sorted(known))
    remarks: tuple[Remark, ...] = ()
    if near:
        remarks = (Help(f"did you mean `{near}`?", Fix(span, near, sure=True)),)
    note = (
        f'for a custom event write the name in quotes: "{name}"; {title} reports custom events but does not '
        "optimise for them"
    )
    return Diagnostic(
        f"{title} has no standard event `{name}`",
        Mark(span, f"not in the {title} catalogue"),
        remarks=(*remarks, Note(note)),
    )


@code("E211", "an event of another source")
def event_of_other_source(
    span: Span, name: str, its: str, label: str, column: Span | None, instead: tuple[str, str] | None
) -> Diagnostic:
    help_ = (Help(instead[0], Fix(span, instead[1])),) if instead else ()
    return Diagnostic(
        f"`{name}` is {its} event",
        Mark(span, label),
        others=(Mark(column),) if column else (),
        remarks=help_ or (Help(_elsewhere(column is not None)),),
    )


def _elsewhere(in_table: bool) -> str:
    if in_table:
        return "write `-` where the event is not sent"
    return "send an event of this source, or limit the rule to the other one with `for`"


@code("E212", "a custom event name that the target does not take")
def bad_custom_event(span: Span, name: str, problem: str) -> Diagnostic:
    return Diagnostic(
        f"`{name}` cannot be a custom event",
        Mark(span, problem),
        remarks=(Help("letters, digits, `_` and `-`, beginning with a letter, at most 50"),),
    )


@code("E213", "an event that the source does not take by custom names")
def custom_not_taken(span: Span, source: str) -> Diagnostic:
    return Diagnostic(
        f"the source `{source}` takes standard events only",
        Mark(span, "a custom event"),
        remarks=(Help("use a standard event, or write `-` for this source"),),
    )


@code("E220", "a field that the target's events lack")
def unknown_payload_field(
    span: Span, path: str, name: str, title: str, known: list[str], group: str, custom: str | None
) -> Diagnostic:
    near = closest(name, known)
    remarks: list[Remark] = []
    if near:
        remarks.append(Help(f"did you mean `{near}`?", Fix(span, near, sure=True)))
    elif not group and known:
        remarks.append(Note(f"fields begin with: {listing(known, 12)}"))
    remarks.append(Note(f"see every field with: tagwright docs catalogue {group}".rstrip()))
    if custom and not near:
        remarks.append(Note(f"to send a property of your own, quote its name: {custom}"))
    return Diagnostic(
        f"{title} events have no field `{path}`",
        Mark(span, f"{title} would ignore it"),
        remarks=tuple(remarks),
    )


@code("E221", "a field that no source of this mapping has")
def field_of_other_source(span: Span, path: str, has: list[str], used_for: list[str]) -> Diagnostic:
    return Diagnostic(
        f"`{path}` exists for {listing(has)} only",
        Mark(span, f"this mapping is used for {listing(used_for)}"),
        remarks=(Help("remove the line, or use the mapping for such a source too"),),
    )


@code("E222", "a field that the router sets itself")
def set_by_router(span: Span, path: str, how: str) -> Diagnostic:
    return Diagnostic(
        f"`{path}` is not set by a mapping", Mark(span, "set by the router"), remarks=(Help(how),)
    )


@code("E223", "a group of fields where a field is needed")
def group_not_field(span: Span, path: str, title: str, known: list[str]) -> Diagnostic:
    return Diagnostic(
        f"`{path}` is a group of fields, not a field",
        Mark(span, "cannot be set as a whole"),
        remarks=(Note(f"fields of {path}: {listing(known)}"),),
    )


@code("E230", "a used file that cannot be read")
def file_not_found(span: Span, name: str, why: str, near: str | None) -> Diagnostic:
    help_ = (Help(f"did you mean `{near}`?", Fix(span, f'"{near}"')),) if near else ()
    return Diagnostic(
        f"the file `{name}` cannot be used",
        Mark(span, why),
        remarks=help_
        or (Note("files are looked for beside the file that uses them, then among the shipped ones"),),
    )


@code("E237", "more files than one rule set may have")
def too_many_files(span: Span, limit: int) -> Diagnostic:
    return Diagnostic(
        f"a rule set has at most {limit} files",
        Mark(span, "one more"),
        remarks=(Help("join some of them"),),
    )


@code("E231", "a field of a list")
def field_of_list(span: Span, path: str, name: str) -> Diagnostic:
    return Diagnostic(
        f"`{path}` is a list",
        Mark(span, "a list has no fields of its own"),
        remarks=(
            Help(f"`{path}[].{name}` is the column of all its elements", Fix(Span(span.source, span.start - 1,
                 span.start - 1), "[]")),
            Note(f"`{path}[0].{name}` is the first element's"),
        ),
    )  # fmt: skip


@code("E232", "a step into something that has no parts")
def no_parts(span: Span, path: str, kind: str) -> Diagnostic:
    return Diagnostic(
        f"`{path}` is {kind}, it has no parts",
        Mark(span, "reaches into it"),
        remarks=(Help("remove this step, or declare the field as an object or a list"),),
    )


@code("E233", "schemas of two names, or the same one twice")
def second_schema(span: Span, first: Span) -> Diagnostic:
    return Diagnostic(
        "a rule set has one schema",
        Mark(span, "a second one"),
        others=(Mark(first, "the first"),) if first.source is span.source else (),
        remarks=(
            *(() if first.source is span.source else (Note(f"the first is in {first.place}"),)),
            Help("to add fields, write `extend schema event { … }`"),
        ),
    )


@code("E234", "a field that is declared as two things")
def field_declared_twice(span: Span, path: str, first: Span) -> Diagnostic:
    here = first.source is span.source
    return Diagnostic(
        f"`{path}` is declared twice",
        Mark(span, "declared again"),
        others=(Mark(first, "first declared here"),) if here else (),
        remarks=() if here else (Note(f"first declared in {first.place}"),),
    )


@code("E235", "a schema where none is declared")
def no_schema(span: Span) -> Diagnostic:
    return Diagnostic(
        "this file reads the event, and no schema says what is in it",
        Mark(span, "the first use"),
        remarks=(Help('begin with: use "schemas/standard.rules"'),),
    )


@code("E236", "rules for events whose name nothing holds")
def no_event_name(span: Span, path: str, candidate: str | None) -> Diagnostic:
    field = candidate or "event.name"
    return Diagnostic(
        f"the schema has no field `{path}`, which names the event",
        Mark(span, "rules could never be found"),
        remarks=(Help(f"if another field holds the name, say so: settings {{ event_name = {field} }}"),),
    )
