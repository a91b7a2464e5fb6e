"""Events in HTTP requests, in the way that each kind of sender puts them there."""

from __future__ import annotations

import gzip
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Final

from router.demo.visit import Happening, Wire

STANDARD: Final = "/v1/events"
COMMANDERS_ACT: Final = "/events"
_JSON: Final = {"content-type": "application/json"}
_LINES: Final = {"content-type": "application/x-ndjson"}
_GZIP: Final = {"content-encoding": "gzip"}


@dataclass(frozen=True, slots=True)
class Post:
    """A request to the daemon. `at` is in seconds since the hour began; header names are in lower case."""

    at: float
    path: str
    form: str
    """How the events are put into the body, for people."""
    body: bytes = field(repr=False)
    headers: Mapping[str, str] = field(repr=False)
    events: int
    kinds: frozenset[str]


_Pack = Callable[[Random, list[Happening]], Iterator[Post]]


def posts(dice: Random, happenings: Iterable[Happening]) -> list[Post]:
    """Everything that happened, as the requests that tell of it, in the order of time."""
    by_wire: dict[Wire, list[Happening]] = {}
    for each in sorted(happenings, key=lambda each: each.at):
        by_wire.setdefault(each.wire, []).append(each)
    made = (post for wire, group in by_wire.items() for post in _PACKS[wire](dice, group))
    return sorted(made, key=lambda post: post.at)


def _browser(dice: Random, group: list[Happening]) -> Iterator[Post]:
    """One event a request; `sendBeacon` says text/plain."""
    for each in group:
        kind = dice.choice(("text/plain;charset=UTF-8", "application/json"))
        headers = {"content-type": kind, **each.headers}
        yield Post(each.at, STANDARD, "object", each.text, headers, 1, frozenset({each.kind}))


def _server(dice: Random, group: list[Happening]) -> Iterator[Post]:
    for chunk in _chunks(dice, group, 3, 20):
        yield _lines(chunk) if dice.random() < 0.3 else _array(chunk)


def _app(dice: Random, group: list[Happening]) -> Iterator[Post]:
    return (_zipped(_array(chunk)) for chunk in _chunks(dice, group, 2, 8))


def _till(dice: Random, group: list[Happening]) -> Iterator[Post]:
    return (_lines(chunk) for chunk in _chunks(dice, group, 5, 25))


def _crm(dice: Random, group: list[Happening]) -> Iterator[Post]:
    return (_zipped(_lines(chunk)) for chunk in _chunks(dice, group, 5, 20))


def _commanders_act(dice: Random, group: list[Happening]) -> Iterator[Post]:
    for chunk in _chunks(dice, group, 1, 4):
        if len(chunk) == 1:
            yield _together(chunk, COMMANDERS_ACT, "object", chunk[0].text, _JSON)
        else:
            yield _together(chunk, COMMANDERS_ACT, "batch", b'{"batch":[' + _joined(chunk) + b"]}", _JSON)


_PACKS: Final[Mapping[Wire, _Pack]] = {
    "browser": _browser,
    "server": _server,
    "app": _app,
    "commanders_act": _commanders_act,
    "till": _till,
    "crm": _crm,
}


def _array(chunk: Sequence[Happening]) -> Post:
    return _together(chunk, STANDARD, "array", b"[" + _joined(chunk) + b"]", _JSON)


def _lines(chunk: Sequence[Happening]) -> Post:
    return _together(chunk, STANDARD, "NDJSON", b"\n".join(each.text for each in chunk), _LINES)


def _zipped(post: Post) -> Post:
    body = gzip.compress(post.body, mtime=0)
    form = f"{post.form}, gzip"
    return Post(post.at, post.path, form, body, {**post.headers, **_GZIP}, post.events, post.kinds)


def _together(
    chunk: Sequence[Happening], path: str, form: str, body: bytes, headers: Mapping[str, str]
) -> Post:
    kinds = frozenset(each.kind for each in chunk)
    return Post(chunk[-1].at, path, form, body, headers, len(chunk), kinds)


def _joined(chunk: Sequence[Happening]) -> bytes:
    return b",".join(each.text for each in chunk)


def _chunks(dice: Random, group: list[Happening], least: int, most: int) -> Iterator[list[Happening]]:
    start = 0
    while start < len(group):
        size = dice.randint(least, most)
        yield group[start : start + size]
        start += size
