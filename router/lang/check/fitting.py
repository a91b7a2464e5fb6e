"""Which kinds go together: what a choice gives, what can be equal, what may be put where."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from router.lang.kinds import ANY, BOOL, MISSING, NUMBER, TEXT, Kind, list_of

UNKNOWN = Kind("any", hashed=True)
"""What a mistake that is already reported leaves: it fits everywhere, so that nothing follows from it."""
_GROUPS = {"url": "text", "integer": "number", "time": "number"}


def literal_kind(value: str | int | float | bool | None) -> Kind:
    """The kind of a value that is written out."""
    match value:
        case None:
            return MISSING
        case bool():
            return BOOL
        case str():
            return TEXT
        case _:
            return NUMBER


def unify(kinds: Iterable[Kind]) -> Kind:
    """The kind of a value that is one of these; differing kinds give `any`, with the marks kept."""
    present = [kind for kind in kinds if kind.base != "missing"]
    if not present:
        return MISSING
    joined = _joined(present)
    pii = any(map(personal if joined is ANY else _marked, present))
    return replace(joined, pii=pii, hashed=all(kind.hashed for kind in present))


def _marked(kind: Kind) -> bool:
    return kind.pii


def _joined(present: list[Kind]) -> Kind:
    first, bases = present[0], {kind.base for kind in present}
    if bases == {"list"}:
        return list_of(unify([kind.of or ANY for kind in present]))
    if bases == {"object"} and len(present) > 1:
        return Kind("object", fields=_all_fields(present))
    if len(bases) == 1:
        return replace(first, options=_shared_options(present))
    if bases <= {"text", "url"}:
        return TEXT
    if bases <= {"number", "integer"}:
        return NUMBER
    return ANY


def _all_fields(present: list[Kind]) -> dict[str, Kind]:
    fields: dict[str, Kind] = {}
    for kind in present:
        for name, each in (kind.fields or {}).items():
            known = fields.get(name)
            fields[name] = each if known is None or known is each else unify([known, each])
    return fields


def _shared_options(present: list[Kind]) -> tuple[str, ...]:
    """An enumeration or nothing is still an enumeration; two different ones are any text."""
    first = present[0].options
    return first if all(kind.options == first for kind in present) else ()


def personal(kind: Kind) -> bool:
    """Does the value hold personal data in clear text, itself or anywhere inside?"""
    if kind.pii or (kind.of is not None and personal(kind.of)):
        return True
    return any(map(personal, (kind.fields or {}).values()))


def comparable(left: Kind, right: Kind) -> bool:
    """Could the two ever be equal?"""
    a, b = _GROUPS.get(left.base, left.base), _GROUPS.get(right.base, right.base)
    return a == b or "any" in (a, b) or "missing" in (a, b)


def argument_fits(got: Kind, wanted: Kind) -> bool:
    """May a function be called with it? Numbers are read as text and as times where those are taken."""
    if got.base in ("any", "missing") or wanted.base == "any":
        return True
    match wanted.base:
        case "text":
            return got.base in ("text", "url", "number", "integer")
        case "url":
            return got.base in ("text", "url")
        case "number":
            return got.base in ("number", "integer")
        case "time":
            return got.base in ("time", "number", "integer")
        case "list" if got.base == "list":
            return argument_fits(got.of or ANY, wanted.of or ANY)
        case _:
            return got.base == wanted.base


def assignable(got: Kind, wanted: Kind, *, many: bool = False) -> bool:
    """May a value of this kind be put there? Values that then do not fit are left out and counted."""
    if got.base in ("any", "missing") or wanted.base == "any":
        return True
    if wanted.base == "list":
        return assignable((got.of or ANY) if got.base == "list" else got, wanted.of or ANY)
    if got.base == "list":
        return many and assignable(got.of or ANY, wanted)
    match wanted.base:
        case "text":
            return got.base in ("text", "url", "number", "integer")
        case "url":
            return got.base in ("text", "url")
        case "integer":
            return got.base in ("number", "integer", "text")
        case "number":
            return got.base in ("number", "integer")
        case _:
            return got.base == wanted.base
