"""E3xx: values of the wrong type, and personal data on its way out."""

from __future__ import annotations

from router.lang.diagnostics import Diagnostic, Fix, Help, Mark, Note, Remark, code
from router.lang.kinds import Kind
from router.lang.outcome import Place
from router.lang.source import Span
from router.lang.suggest import listing


def noun(kind: Kind) -> str:
    """A kind in a sentence: "takes a number", "this is text"."""
    if kind.options:
        return str(kind)
    return {
        "text": "text", "number": "a number", "integer": "a whole number", "bool": "true or false",
        "time": "a time", "url": "an address", "object": "an object", "any": "anything", "missing": "nothing",
    }.get(kind.base) or (f"a list of {_many(kind.of)}" if kind.of else "a list")  # fmt: skip


def _many(kind: Kind) -> str:
    plural = {
        "number": "numbers", "integer": "whole numbers", "time": "times", "url": "addresses",
        "object": "objects", "any": "anything",
    }  # fmt: skip
    return plural.get(kind.base) or short(kind)


def short(kind: Kind) -> str:
    """A kind as a label."""
    return noun(kind).removeprefix("a ").removeprefix("an ")


_CONVERSIONS = {
    (
        "text",
        "number",
    ): "to read a number out of text use number({0}); it is missing when the text is no number",
    ("any", "number"): "to read a number out of anything use number({0})",
    ("number", "time"): "epoch milliseconds become a time with from_millis({0})",
    ("text", "time"): "an ISO 8601 text becomes a time with from_iso({0})",
    ("time", "number"): "the seconds of a time are unix({0})",
    ("list", "text"): 'a list becomes text with join({0}, ","); its first element is first({0})',
    ("bool", "text"): 'write: if {0} then "…" else "…"',
}


@code("E301", "a value of the wrong type for a field")
def wrong_type(
    value: Span, path: Span, wanted: Kind, got: Kind, better: tuple[str, Kind] | None
) -> Diagnostic:
    remarks: list[Remark] = []
    if better:
        remarks.append(Help(f"did you mean `{better[0]}` ({short(better[1])})?"))
    base = "number" if wanted.base == "integer" else wanted.base
    conversion = _CONVERSIONS.get((got.base, base))
    if conversion:
        remarks.append(Note(conversion.format(value.text)))
    return Diagnostic(
        f"`{path.text}` takes {noun(wanted)}, this is {noun(got)}",
        Mark(value, short(got)),
        others=(Mark(path, short(wanted)),),
        remarks=tuple(remarks),
    )


@code("E302", "two things that cannot be compared")
def not_comparable(span: Span, left: Kind, right: Kind, op: str) -> Diagnostic:
    return Diagnostic(
        f"`{op}` never holds between {noun(left)} and {noun(right)}",
        Mark(span, f"{short(left)} on the left, {short(right)} on the right"),
        remarks=(Help("compare values of one type"),),
    )


@code("E303", "a condition that is not true or false")
def not_a_condition(span: Span, got: Kind) -> Diagnostic:
    fix = Fix(span, f"{span.text} is present")
    return Diagnostic(
        f"a condition is true or false, this is {noun(got)}",
        Mark(span, short(got)),
        remarks=(Help("to ask whether it is there, write `is present`", fix),),
    )


@code("E304", "a call with too many or too few arguments")
def wrong_arguments(span: Span, signature: str, given: int) -> Diagnostic:
    count = "no argument" if given == 0 else "one argument" if given == 1 else f"{given} arguments"
    return Diagnostic(
        f"this call has {count}", Mark(span, "does not fit"), remarks=(Help(f"it is {signature}"),)
    )  # fmt: skip


@code("E305", "an argument of the wrong type")
def wrong_argument(span: Span, function: str, param: str, wanted: Kind, got: Kind) -> Diagnostic:
    conversion = _CONVERSIONS.get((got.base, wanted.base))
    return Diagnostic(
        f"`{function}` takes {noun(wanted)} as its {param}, this is {noun(got)}",
        Mark(span, short(got)),
        remarks=(Note(conversion.format(span.text)),) if conversion else (),
    )


@code("E306", "a pattern that is not written out")
def pattern_not_literal(span: Span) -> Diagnostic:
    return Diagnostic(
        "`matches` takes a pattern that is written out",
        Mark(span, "not a text in quotes"),
        remarks=(Help('write for example: matches "checkout_*"'),),
    )


@code("E307", "an operator between values it does not work on")
def wrong_operand(span: Span, op: str, wanted: str, got: Kind) -> Diagnostic:
    return Diagnostic(
        f"`{op}` works on {wanted}, this is {noun(got)}",
        Mark(span, short(got)),
        remarks=_for_numbers(span, op) if wanted == "numbers" and got.base == "text" else (),
    )


def _for_numbers(span: Span, op: str) -> tuple[Note, ...]:
    """`+` on text is the habit of joining it."""
    convert = Note(_CONVERSIONS[("text", "number")].format(span.text))
    return (Note(f"text is joined with concat({span.text}, …)"), convert) if op == "+" else (convert,)


@code("E308", "`each` over something that is no list")
def not_a_list(span: Span, got: Kind) -> Diagnostic:
    return Diagnostic(f"`each` goes through a list, this is {noun(got)}", Mark(span, short(got)))


@code("E310", "personal data that would leave unhashed")
def personal_data(
    value: Span,
    path: Span,
    takes: str,
    declared: Place | None,
    hash_with: tuple[str, str] | None,
    field_noun: str,
) -> Diagnostic:
    remarks: list[Remark] = []
    if declared:
        remarks.append(Note(f"declared `pii` in {declared}"))
    if hash_with:
        name, what = hash_with
        help_text = f"{name}() {what[:1].lower()}{what[1:].rstrip('.')}"
        remarks.append(Help(help_text, Fix(value, f"{name}({value.text})", sure=True)))
    else:
        remarks.append(Help("remove the line; no setting lets personal data into this field"))
    label = f"takes a hashed {field_noun}" if takes == "hashed" else "takes no personal data"
    return Diagnostic(
        "personal data would leave unhashed",
        Mark(value, "personal data"),
        (Mark(path, label),),
        tuple(remarks),
    )


@code("E311", "clear text in a field that takes a hash")
def not_hashed(value: Span, path: Span, field_noun: str, hash_with: str | None) -> Diagnostic:
    function = hash_with or "hash_id"
    return Diagnostic(
        f"`{path.text}` takes a hashed {field_noun}, this is clear text",
        Mark(value, "not hashed"),
        remarks=(
            Help(
                f"{function}() hashes it, and leaves hashed values alone",
                Fix(value, f"{function}({value.text})"),
            ),
            Note(f"if it is a SHA-256 already, say so: hashed({value.text})"),
        ),
    )


@code("E313", "personal data in an event's name")
def personal_name(span: Span) -> Diagnostic:
    return Diagnostic(
        "personal data would leave as the name of an event",
        Mark(span, "personal data"),
        remarks=(Help("name the event after what happened, not after whom it concerns"),),
    )


@code("E312", "an object key that the target does not know")
def unknown_item_field(span: Span, name: str, known: list[str]) -> Diagnostic:
    return Diagnostic(
        f"the elements of this list have no field `{name}`", Mark(span, "unknown field"),
        remarks=(Note(f"their fields: {listing(known)}"),),
    )  # fmt: skip


@code("E320", "a load-time function where events are handled")
def load_time_only(span: Span, name: str) -> Diagnostic:
    return Diagnostic(
        f"`{name}` is read when rules are loaded, not for each event",
        Mark(span, "not possible here"),
        remarks=(Help("use it in a destination or in settings"),),
    )


@code("E321", "an event value where only constants are possible")
def constant_only(span: Span, where: str) -> Diagnostic:
    return Diagnostic(
        f"{where} is read when rules are loaded, there is no event yet",
        Mark(span, "depends on the event"),
        remarks=(Help('write a text in quotes, env("NAME") or secret("NAME")'),),
    )


@code("E322", "a secret that could leave with an event")
def secret_outside_token(span: Span) -> Diagnostic:
    return Diagnostic(
        "a secret may only become a destination's token",
        Mark(span, "used elsewhere"),
        remarks=(Help('for values that are no secrets use env("NAME")'),),
    )


@code("E330", "an enumeration without that value")
def not_an_option(span: Span, value: str, options: tuple[str, ...], near: str | None) -> Diagnostic:
    fix = (Help(f"did you mean `{near}`?", Fix(span, f'"{near}"', sure=True)),) if near else ()
    return Diagnostic(
        f'"{value}" is not one of the values this field takes', Mark(span, "not allowed"),
        remarks=(*fix, Note(f"it takes: {listing(options)}")),
    )  # fmt: skip
