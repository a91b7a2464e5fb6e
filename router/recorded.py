"""Events recorded in a file, one after the other: a single object, an array, or a line each."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import BinaryIO

import orjson

from router.inputs import RawRequest, decode
from router.lang.outcome import Arrival
from router.settings import Settings

_DEFAULTS = Settings()
_CHUNK = 1 << 18
_MOST_PENDING = 1 << 24
_BOM = b"\xef\xbb\xbf"
_PIECE = re.compile(rb'"(?:[^"\\]|\\.)*+("?)|[\[\]{},]', re.DOTALL)


@dataclass(frozen=True, slots=True)
class Recorded:
    """One event of a file, or why it is none (`problem`, which never quotes it).

    `number` counts from 1, `offset` is how many bytes of the file were read when it was complete.
    """

    number: int
    offset: int
    arrival: Arrival | None = field(repr=False)
    problem: str = ""


def recorded(stream: BinaryIO, form: str, now: int, settings: Settings = _DEFAULTS) -> Iterator[Recorded]:
    """Every event of a file in a format of `FORMATS`; `now`, in epoch seconds, is when they arrive.

    No more of the file is held than one event, or one object that stands for many.
    """
    number = offset = 0
    for text in _documents(stream):
        offset += len(text) + 1
        for arrival, problem in _events(text, form, now, settings) if text.strip() else ():
            number += 1
            yield Recorded(number, offset, arrival, problem)


def _events(text: bytes, form: str, now: int, settings: Settings) -> Iterator[tuple[Arrival | None, str]]:
    decoded = decode(form, RawRequest(body=text, received_at=now), settings)
    if decoded.problem is not None:
        yield None, decoded.problem.reason
    rejected = {each.index: each.reason for each in decoded.rejections}
    arrivals = iter(decoded.arrivals)
    for index in range(len(decoded.arrivals) + len(rejected)):
        yield (None, rejected[index]) if index in rejected else (next(arrivals), "")


def _documents(stream: BinaryIO) -> Iterator[bytes]:
    """The texts of a file that stand for themselves: its lines, the members of its array, or all of it."""
    first = _first(stream)
    if first == b"[":
        yield from _members(stream)
        return
    line = first + stream.readline()
    if _is_json(line) or not _continues(line):
        yield line.rstrip(b"\n")
        yield from (each.rstrip(b"\n") for each in stream)
    else:
        yield line + stream.read()


def _first(stream: BinaryIO) -> bytes:
    """The first byte that says anything; white space and a byte order mark do not."""
    found = stream.read(1)
    while found and (found.isspace() or found in _BOM):
        found = stream.read(1)
    return found


def _is_json(text: bytes) -> bool:
    try:
        orjson.loads(text)
    except orjson.JSONDecodeError:
        return False
    return True


def _continues(line: bytes) -> bool:
    """Does an object begin here that later lines go on with? A line that closes what it opens is broken."""
    return line.startswith(b"{") and not line.rstrip().endswith(b"}")


def _members(stream: BinaryIO) -> Iterator[bytes]:
    """The members of an array whose opening bracket is read; what follows its end is one more, broken."""
    buffer, start, at, depth = b"", 0, 0, 0
    while len(buffer) - start < _MOST_PENDING and (chunk := stream.read(_CHUNK)):
        buffer, at, start = buffer[start:] + chunk, at - start, 0
        while piece := _PIECE.search(buffer, at):
            sign = piece.group()
            if piece[1] == b"":  # a text that goes on in the next chunk
                at = piece.start()
                break
            at = piece.end()
            if depth == 0 and sign in (b",", b"]"):
                yield buffer[start : piece.start()]
                start = at
                if sign == b"]":
                    yield buffer[start:] + stream.read(_CHUNK)
                    return
            depth += (sign in (b"[", b"{")) - (sign in (b"]", b"}"))
        else:
            at = len(buffer)
    yield buffer[start:] + b" "
