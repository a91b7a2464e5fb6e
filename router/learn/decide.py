"""From what was seen at a place to the type that a schema gives it."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Literal

from router.learn import personal
from router.learn.shape import Shape

Form = Literal["text", "number", "bool", "time", "url", "any", "list", "object"]

_ENOUGH = 50
_PER_CODE = 10
_FEWEST = 3
_OPEN = frozenset({
    "event_name", "event", "name", "currency", "country", "language", "locale", "city", "region",
    "state", "title", "brand", "category", "keyword", "term", "search_term", "query", "message",
    "comment", "user", "login", "nick", "handle", "owner", "author", "agent", "seller",
})  # fmt: skip
"""Names whose values are an open set, or people, however few were seen."""
_MOMENTS = ("time", "timestamp", "date", "datetime", "at", "on", "ts")


@dataclass(frozen=True, slots=True)
class Decision:
    """A type as a schema writes it, and what a reader should know of it. `codes` make it a `one of`.

    `element` is what a list holds, or the object itself.
    """

    form: Form
    pii: bool = False
    codes: tuple[str, ...] = ()
    remark: str = ""
    element: Shape | None = None


def decide(shape: Shape, path: tuple[str, ...]) -> Decision:
    """The narrowest type that reads every value seen; `path` are the names down to the place."""
    types = set(shape.types)
    if not types:
        return Decision("any", personal.by_name(path), remark="always empty")
    if types == {"object"}:
        return _object(shape, path)
    if "object" in types:
        return Decision("any", _pii(shape, path), remark=_mixture(shape))
    if "list" in types:
        return _list(shape)
    return _scalar(shape, path)


def _object(shape: Shape, path: tuple[str, ...]) -> Decision:
    if shape.fields:
        return Decision("object", element=shape)
    if shape.fields is None:
        return Decision("any", pii=True, remark="its keys are values, or too many")
    why = "nests too deep" if shape.seen else "always empty"
    return Decision("any", personal.by_name(path), remark=why)


def _list(shape: Shape) -> Decision:
    """A lone value where others are lists reads as a list of one."""
    lists, total, inner = shape.types["list"], sum(shape.types.values()), shape.element or Shape()
    if lists == total:
        return Decision("list", element=inner)
    both = Shape(
        inner.seen + total - lists,
        inner.types + Counter({name: n for name, n in shape.types.items() if name != "list"}),
        inner.fits & shape.fits,
        inner.looks + shape.looks,
        None,
        inner.fields,
        inner.element,
    )
    return Decision("list", remark=f"{share(lists, total)} lists, else one value", element=both)


def _scalar(shape: Shape, path: tuple[str, ...]) -> Decision:
    types, looks = set(shape.types), shape.looks
    if types == {"text"} and looks["sha256"] == shape.seen:
        return Decision("text", remark="SHA-256")
    if types == {"text"} and looks["url"] == shape.seen:
        remark = "e-mail addresses in it" if looks["email"] else ""
        return Decision("url", looks["email"] > 0, remark=remark)
    pii = _pii(shape, path)
    form, remark = _form(shape, path, pii)
    if form == "text" and types == {"text"} and not pii:
        return Decision("text", codes=_codes(shape, path))
    return Decision(form, pii, remark=remark)


def _form(shape: Shape, path: tuple[str, ...], pii: bool) -> tuple[Form, str]:
    """The kind of a single value and what is odd about it."""
    types, fits = set(shape.types), shape.fits
    if types == {"bool"} or (types <= {"bool", "text"} and "bool" in fits):
        return "bool", "" if types == {"bool"} else "partly written as text"
    if _is_moment(shape, path):
        return "time", ""
    if "bool" not in types and (pii or personal.names_an_id(path[-1] if path else "")) and "text" in fits:
        return "text", "" if types == {"text"} else "written as number" if types == {"number"} else _mixture(
            shape
        )
    if types <= {"number", "text"} and "number" in fits:
        how = {"number": "", "text": "numbers written as text"}
        return "number", how[next(iter(types))] if len(types) == 1 else _mixture(shape)
    if types <= {"number", "text"} and "text" in fits:
        return "text", "" if types == {"text"} else _mixture(shape)
    return "any", "too long or too large" if len(types) == 1 else _mixture(shape)


def _is_moment(shape: Shape, path: tuple[str, ...]) -> bool:
    """ISO dates, and numbers of this century under a name that speaks of time."""
    if "time" not in shape.fits or "bool" in shape.types:
        return False
    named = personal.plain(path[-1] if path else "").split("_")[-1] in _MOMENTS
    iso, numbers = shape.looks["iso"], shape.looks["moment"]
    return iso == shape.seen or (named and iso + numbers == shape.seen)


def _pii(shape: Shape, path: tuple[str, ...]) -> bool:
    looks = shape.looks
    texts = shape.types["text"]
    ip = (
        bool(texts) and looks["ip"] * 2 >= texts and "version" not in personal.plain(path[-1] if path else "")
    )
    return personal.by_name(path) or looks["email"] > 0 or looks["phone"] > 0 or ip


def _codes(shape: Shape, path: tuple[str, ...]) -> tuple[str, ...]:
    """The few values of a field that takes codes; never where they could be names or ids."""
    name = personal.plain(path[-1] if path else "")
    codes = shape.codes or {}
    few = len(codes) >= 2 and shape.seen >= max(_ENOUGH, _PER_CODE * len(codes))
    if not few or min(codes.values()) < _FEWEST or name in _OPEN or personal.names_an_id(name):
        return ()
    return tuple(codes)


def _mixture(shape: Shape) -> str:
    """What was seen, by type: `text 90 %, number 10 %`."""
    total = sum(shape.types.values())
    return ", ".join(f"{name} {share(count, total)}" for name, count in shape.types.most_common())


def share(part: int, whole: int) -> str:
    """`98 %`, rounded down so that only all is 100 %."""
    percent = 100 * part // whole if whole else 0
    return f"{percent} %" if percent or not part else "under 1 %"
