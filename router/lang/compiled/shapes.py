"""What is certain of a value before any event: how generated code knows which checks it can leave out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final, Literal

from router.lang.kinds import Kind

Base = Literal["text", "integer", "number", "bool", "time", "list", "object", "any", "loose", "none"]


@dataclass(frozen=True, slots=True)
class Shape:
    """What values can be, if they are not missing.

    Texts have 1 to 8,192 characters; a `settled` text is none of those that stand for nothing anywhere. A
    `settled` object holds nothing that is still to be finished. Numbers are finite; a `settled` number is as
    reading a number leaves it. Times are whole numbers. A `loose` value is a text, which then stands for the
    list of it, or a list.
    """

    base: Base
    optional: bool = True
    settled: bool = False
    of: Shape | None = None

    def present(self) -> Shape:
        return replace(self, optional=False)

    def or_missing(self) -> Shape:
        return replace(self, optional=True)


ANY: Final = Shape("any")
NONE: Final = Shape("none")
BOOL: Final = Shape("bool", optional=False)
TEXT: Final = Shape("text")
HASH: Final = Shape("text", settled=True)
OBJECTS: Final = Shape("list", of=Shape("object", optional=False))
FINAL_OBJECTS: Final = Shape("list", of=Shape("object", optional=False, settled=True))


def joined(shapes: list[Shape]) -> Shape:
    """What is certain of a value that has one of these shapes."""
    present = [each for each in shapes if each.base != "none"]
    if not present:
        return NONE
    optional = any(each.optional for each in shapes)
    first = present[0]
    if any(each.base != first.base or each.of != first.of for each in present):
        texts = {each.base for each in present} <= {"text", "loose"}
        settled = texts and all(each.settled for each in present)
        return Shape("loose", optional, settled) if texts else Shape("any", optional)
    return Shape(first.base, optional, all(each.settled for each in present), first.of)


def read_shape(kind: Kind, nothing: frozenset[str]) -> Shape:
    """The shape of what was read as a kind; `nothing` are the texts that are never sent and yet are read."""
    match kind.base:
        case "text" | "url":
            possible = nothing.intersection(kind.options) if kind.options else nothing
            return Shape("text", settled=not possible)
        case "number" | "integer":
            return Shape("integer" if kind.base == "integer" else "number", settled=True)
        case "bool" | "time" | "object":
            return Shape(kind.base)
        case "list":
            return Shape("list", of=None if kind.of is None else read_shape(kind.of, nothing).present())
        case "missing":
            return NONE
        case _:
            return ANY


def constant_shape(value: Any) -> Shape:
    """The shape of a value that is known."""
    match value:
        case None:
            return NONE
        case bool():
            return BOOL
        case int():
            return Shape("number", optional=False)
        case str():
            fits = 0 < len(value) <= 8192
            return Shape("text", optional=False) if fits else ANY.present()
    return ANY.present()


FUNCTION_SHAPES: Final[Mapping[str, Shape]] = {
    "text": TEXT, "url": TEXT, "number": Shape("number"), "time": Shape("time"),
    "bool": Shape("bool"), "list": Shape("list"), "object": Shape("object"),
}  # fmt: skip
"""By the base of a function's result."""
