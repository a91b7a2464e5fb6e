"""What generated code calls where a value is not the ordinary case: the walker's own reading and conversion.

Each function here is made for one place of a program when it is compiled, and answers as the walker does.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from router.lang.assemble import converted
from router.lang.environment import Field, Target
from router.lang.kinds import Kind
from router.lang.library import Context, Function, Param
from router.lang.outcome import Arrival
from router.lang.program import At, Key
from router.lang.values import MAX_LIST, MAX_TEXT, Reader
from router.lang.walk import applied, argument, column

Notes = list[tuple[str, str]]
Read = Callable[[Any, Notes], Any]
EMPTY: Final[dict[str, Any]] = {}
"""Stands for an object that is not there; never changed."""
UNSET: Final = object()
"""Stands for a name that was not computed yet."""


def noted(reader: Reader, kind: Kind, path: str | None) -> Read:
    """Reads a raw value as a kind; what does not fit is noted under the path, if it has one."""

    def read(raw: Any, notes: Notes) -> Any:
        value, why = reader.read(raw, kind)
        if why and path is not None:
            notes.append((path, why))
        return value

    return read


def present_object(reader: Reader) -> Callable[[dict[str, Any]], bool]:
    """Whether anything in an object is present; the first value mostly tells."""
    junk = reader.junk

    def present(raw: dict[str, Any]) -> bool:
        for value in raw.values():
            if value.__class__ is str:
                if value and value not in junk:
                    return True
            elif value is not None and reader.present(value, 1):
                return True
        return False

    return present


def objects(reader: Reader, kind: Kind, path: str | None) -> Read:
    """Reads a list of objects; one in which each element is present is the list itself."""
    read, junk, present = noted(reader, kind, path), reader.junk, present_object(reader)
    likely = _first_text(kind)

    def read_objects(raw: Any, notes: Notes) -> Any:
        if raw.__class__ is not list or not raw:
            return read(raw, notes)
        for each in raw:
            if each.__class__ is not dict:
                return read(raw, notes)
            # Mostly this one text tells that the element is present.
            value = each.get(likely)
            if (value.__class__ is not str or not value or value in junk) and not present(each):
                return read(raw, notes)
        return raw

    return read_objects


def _first_text(kind: Kind) -> str | None:
    """The first text that is declared for an element."""
    fields = kind.of.fields if kind.of is not None and kind.of.fields else {}
    return next((name for name, each in fields.items() if each.base == "text"), None)


def columns(reader: Reader, steps: tuple[Key | At, ...], kind: Kind) -> Callable[[Any], list[Any] | None]:
    """The leaves below a list; `steps` begin with the one to every element."""
    match steps:
        case (At(), Key(name)) if kind.base == "text" and not kind.options:
            return _text_column(reader, name, kind)
    return lambda raw: column(reader, raw, steps, kind)


def _text_column(reader: Reader, name: str, kind: Kind) -> Callable[[Any], list[Any] | None]:
    nothing = reader.junk | {""}

    def read(raw: Any) -> list[Any] | None:
        found = []
        for each in raw if raw.__class__ is list else (raw,):
            value = each.get(name) if each.__class__ is dict else None
            if value.__class__ is not str or len(value) > MAX_TEXT or value in nothing:
                value = reader.read(value, kind)[0]
                if value is None:
                    continue
            found.append(value)
        return found or None

    return read


def in_field(field: Field, target: Target, source: str) -> Read:
    """A computed value as a payload field takes it."""

    def fitting(value: Any, notes: Notes) -> Any:
        return converted(value, field, target, source, lambda path, why: notes.append((path, why)))

    return fitting


def passed(function: Function, param: Param) -> Callable[[Any], Any]:
    """A value as a parameter takes it."""
    return lambda value: argument(function, param, value)


def called(function: Function) -> Callable[..., Any]:
    """A call with a context first and arguments that fit."""
    return lambda context, *args: applied(function, context, list(args))


def for_each(code: Callable[..., Any], function: Function) -> Callable[..., Any]:
    """Maps a list, as it was read from the event, through code that takes one of its elements."""
    param = function.params[0]

    def mapped(values: list[Any], *rest: Any) -> Any:
        fitting = argument(function, param, values)
        results = [code(each, *rest) for each in fitting or ()]
        return [each for each in results if each is not None] or None

    return mapped


def contexts(settings: Any) -> Callable[[Arrival], Context]:
    """Makes what functions see that look beyond their arguments."""
    return lambda arrival: Context(arrival, settings, None)


def shortened(values: Any) -> list[Any]:
    """At most as many elements as rules read; what is no list has none."""
    return values[:MAX_LIST] if values.__class__ is list else []
