"""Values as rules see them: one nothing (None), and conversions that lose nothing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from router.lang import exact
from router.lang.instants import to_epoch_seconds
from router.lang.kinds import Kind

MAX_TEXT = 8192
MAX_LIST = 1000
_PRESENCE_DEPTH = 32


@dataclass(frozen=True, slots=True)
class Reader:
    """Reads raw JSON as declared kinds. `junk` are texts that stand for nothing, such as "(not set)".

    `read` answers (value, why): the value or None, and why it is None: "" when nothing was there, else a
    short reason such as "not a number", which is counted as a mismatch.
    """

    junk: frozenset[str] = field(default_factory=frozenset)

    def read(self, raw: Any, kind: Kind) -> tuple[Any, str]:
        if raw is None or raw == "" or (raw.__class__ is str and raw in self.junk):
            return None, ""
        return _READERS[kind.base](self, raw, kind)

    def present(self, raw: Any, depth: int = 0) -> bool:
        """An object or list is present when anything in it is."""
        if raw.__class__ is dict:
            return depth < _PRESENCE_DEPTH and any(self.present(each, depth + 1) for each in raw.values())
        if raw.__class__ is list:
            return depth < _PRESENCE_DEPTH and any(self.present(each, depth + 1) for each in raw)
        return not (raw is None or raw == "" or (raw.__class__ is str and raw in self.junk))


def _text(reader: Reader, raw: Any, kind: Kind) -> tuple[Any, str]:
    if raw.__class__ is int or raw.__class__ is float:
        raw = _number_as_text(raw)
    if raw.__class__ is not str:
        return None, "not text"
    if len(raw) > MAX_TEXT:
        return None, "too long"
    if kind.options and raw not in kind.options:
        return None, "not one of the allowed values"
    return raw, ""


def _number_as_text(raw: int | float) -> str | None:
    """A float beyond 2**53 may stand for another number than the one that was written."""
    if raw.__class__ is float and abs(raw) >= 2**53:
        return None
    return exact.notation(raw)


def _number(reader: Reader, raw: Any, kind: Kind) -> tuple[Any, str]:
    if raw.__class__ is str:
        raw = exact.parse(raw.strip())
    if raw.__class__ is int or raw.__class__ is float:
        if exact.decimal(raw) is None:
            return None, "not a finite number"
        return (int(raw) if raw.__class__ is float and raw.is_integer() and abs(raw) < 2**53 else raw), ""
    return None, "not a number"


def _integer(reader: Reader, raw: Any, kind: Kind) -> tuple[Any, str]:
    number, why = _number(reader, raw, kind)
    if number is None or number.__class__ is int:
        return number, why
    return None, "not a whole number"


def _bool(reader: Reader, raw: Any, kind: Kind) -> tuple[Any, str]:
    if raw.__class__ is bool:
        return raw, ""
    return (raw == "true", "") if raw in ("true", "false") else (None, "not true or false")


def _time(reader: Reader, raw: Any, kind: Kind) -> tuple[Any, str]:
    seconds = to_epoch_seconds(raw)
    return seconds, "" if seconds is not None else "not a time"


def _list(reader: Reader, raw: Any, kind: Kind) -> tuple[Any, str]:
    """A single value where a list is declared is a list of one; elements that do not fit are left out."""
    if raw.__class__ is not list:
        raw = [raw]
    element = kind.of
    if element is None:
        return (raw if reader.present(raw) else None), ""
    found = [value for each in raw if (value := reader.read(each, element)[0]) is not None]
    if found:
        return found, ""
    return None, f"no {element.base} in it" if reader.present(raw) else ""


def _object(reader: Reader, raw: Any, kind: Kind) -> tuple[Any, str]:
    if raw.__class__ is not dict:
        return None, "not an object"
    return (raw if reader.present(raw) else None), ""


def _any(reader: Reader, raw: Any, kind: Kind) -> tuple[Any, str]:
    if raw.__class__ is str and len(raw) > MAX_TEXT:
        return None, "too long"
    if raw.__class__ is float and exact.decimal(raw) is None:
        return None, "not a finite number"
    return (raw if reader.present(raw) else None), ""


def _missing(reader: Reader, raw: Any, kind: Kind) -> tuple[Any, str]:
    return None, ""


_READERS: dict[str, Callable[[Reader, Any, Kind], tuple[Any, str]]] = {
    "text": _text, "url": _text, "number": _number, "integer": _integer, "bool": _bool, "time": _time,
    "list": _list, "object": _object, "any": _any, "missing": _missing,
}  # fmt: skip


def same(left: Any, right: Any) -> bool:
    """Equality of two present values: `true` is not 1, and a number equals itself however it is held."""
    if left.__class__ is bool or right.__class__ is bool:
        return left is right
    if left.__class__ is list and right.__class__ is list:
        return len(left) == len(right) and all(map(same, left, right))
    if left.__class__ is dict and right.__class__ is dict:
        return left.keys() == right.keys() and all(same(left[key], right[key]) for key in left)
    return bool(left == right)
