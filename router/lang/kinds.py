"""What a value can be: the types of the rule language."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Literal

Base = Literal["text", "number", "integer", "bool", "time", "url", "list", "object", "any", "missing"]


@dataclass(frozen=True, slots=True)
class Kind:
    """A type with its marks. `integer` is what some payload fields take; schemas declare `number`.

    `time` is epoch seconds as an integer. `options` makes a text an enumeration. `pii` marks personal data
    in clear text, `hashed` a lower-case hexadecimal SHA-256.
    """

    base: Base
    of: Kind | None = None
    fields: Mapping[str, Kind] | None = None
    options: tuple[str, ...] = ()
    pii: bool = False
    hashed: bool = False

    def marked(self, *, pii: bool) -> Kind:
        return self if self.pii == pii else replace(self, pii=pii)

    def __str__(self) -> str:
        if self.base == "list":
            return f"list of {self.of}" if self.of else "list"
        if self.options:
            return "one of (" + ", ".join(f'"{option}"' for option in self.options) + ")"
        return "hashed text" if self.hashed else self.base


TEXT = Kind("text")
NUMBER = Kind("number")
INTEGER = Kind("integer")
BOOL = Kind("bool")
TIME = Kind("time")
URL = Kind("url")
ANY = Kind("any")
MISSING = Kind("missing")
OBJECT = Kind("object")
HASHED = Kind("text", hashed=True)


def list_of(element: Kind) -> Kind:
    """The kind of a list; it carries the marks of its elements."""
    return Kind("list", of=element, pii=element.pii, hashed=element.hashed)
