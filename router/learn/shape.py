"""What was seen at one place of many events: counts by type, never more values than a few short codes."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from router.lang.instants import from_iso, to_epoch_seconds
from router.lang.kinds import BOOL, NUMBER, TEXT, TIME, Kind
from router.lang.values import MAX_LIST, Reader
from router.learn import personal

MOST_KEYS = 200
"""An object with more keys is a table keyed by values, not a record."""
MOST_CODES = 12
DEEPEST = 24

_CODE = re.compile(r"[a-z][a-z0-9_-]{0,23}|[A-Z][A-Z0-9_-]{0,23}")
_URL = ("http://", "https://")
_SINCE_2001, _UNTIL_2100 = 978_307_200, 4_102_444_800
_READER = Reader()
_CANDIDATES: dict[str, Kind] = {"text": TEXT, "number": NUMBER, "bool": BOOL, "time": TIME}


@dataclass(slots=True)
class Room:
    """How many further places may be told apart: keys of events are not bounded by anything else."""

    left: int = 20_000


@dataclass(slots=True)
class Shape:
    """A place in the events. `seen` counts what is not empty; `types` are JSON's names, with
    empty objects and lists among them.

    `fits` holds the kinds that every single value seen so far can be read as. `fields` is None where the keys
    are values themselves, `codes` where the texts are no codes.
    """

    seen: int = 0
    types: Counter[str] = field(default_factory=Counter)
    fits: set[str] = field(default_factory=lambda: set(_CANDIDATES))
    looks: Counter[str] = field(default_factory=Counter)
    codes: dict[str, int] | None = field(default_factory=dict, repr=False)
    fields: dict[str, Shape] | None = field(default_factory=dict)
    element: Shape | None = None

    def see(self, value: Any, room: Room, depth: int = 0) -> None:
        """Take one value into account."""
        if value is None or value == "":
            return
        self.seen += value not in ([], {})
        match value:
            case dict():
                self.types["object"] += 1
                self._see_object(value, room, depth)
            case list():
                self.types["list"] += 1
                self._see_list(value, room, depth)
            case _:
                self._see_scalar(value)

    def _see_object(self, value: dict[str, Any], room: Room, depth: int) -> None:
        for key, each in value.items() if depth < DEEPEST else ():
            if self.fields is None:
                return
            if key not in self.fields:
                if personal.unfit_key(key) or len(self.fields) >= MOST_KEYS or not room.left:
                    self.fields = None
                    return
                room.left -= 1
                self.fields[key] = Shape()
            self.fields[key].see(each, room, depth + 1)

    def _see_list(self, value: list[Any], room: Room, depth: int) -> None:
        self.element = self.element or Shape()
        for each in value[:MAX_LIST] if depth < DEEPEST else ():
            self.element.see(each, room, depth + 1)

    def _see_scalar(self, value: Any) -> None:
        self.types[_type(value)] += 1
        self._narrow(value)
        if isinstance(value, str):
            self._look_at_text(value)
        elif isinstance(value, int | float) and not isinstance(value, bool):
            self.looks["moment"] += _is_recent(value)

    def _narrow(self, value: Any) -> None:
        """Keep the kinds that this value reads as, too."""
        self.fits -= {name for name in self.fits if _READER.read(value, _CANDIDATES[name])[1]}

    def _look_at_text(self, text: str) -> None:
        for look in _looks(text):
            self.looks[look] += 1
        if self.codes is None:
            return
        if _CODE.fullmatch(text) is None or (text not in self.codes and len(self.codes) >= MOST_CODES):
            self.codes = None
            return
        self.codes[text] = self.codes.get(text, 0) + 1


def _type(value: Any) -> str:
    match value:
        case bool():
            return "bool"
        case int() | float():
            return "number"
        case str():
            return "text"
        case list():
            return "list"
    return "object"


def _looks(text: str) -> list[str]:
    """Everything that a text looks like."""
    found = []
    if text[:8].lower().startswith(_URL):
        found.append("url")
    if personal.holds_email(text):
        found.append("email")
    if text[0] in "+(0123456789" and personal.is_phone(text):
        found.append("phone")
    if personal.is_ip(text):
        found.append("ip")
    if len(text) == 64 and personal.is_sha256(text):
        found.append("sha256")
    if text[0].isdigit() and "-" in text and len(text) >= 10 and from_iso(text) is not None:
        found.append("iso")
    return found


def _is_recent(number: int | float) -> bool:
    seconds = to_epoch_seconds(number)
    return seconds is not None and _SINCE_2001 <= seconds <= _UNTIL_2100
